"""FHIR dates: from text to a calendar day of the clinic, with the precision that was recorded.

What may live here: date parsing alone. Nothing raises; what is no date is None. No clock.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from hooks.chart import Span

_DAY = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))?)?",
    re.ASCII,
)
_COMPLETE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
"""What nearly every server sends, and what Python reads by itself."""
_MONTH_OR_YEAR = re.compile(r"(\d{4})(?:-(\d\d))?", re.ASCII)


class PointInTime(NamedTuple):
    """A point in time known at least to the day: `day` in the clinic's zone, `at` in seconds since the epoch.

    A date without time (`timed` is False) stands at the start of its day in the zone.
    """

    day: date
    at: float
    timed: bool = True


def read_moment(value: object, zone: tzinfo) -> PointInTime | None:
    """A date, dateTime or instant; None for a year or month alone and for what is no date.

    A date alone is that calendar day; a dateTime without zone is local time of the clinic (`zone`).
    """
    if not isinstance(value, str):
        return None
    try:
        if _COMPLETE.fullmatch(value):
            return _at(datetime.fromisoformat(value), zone)
    except (ValueError, OverflowError):
        pass  # a leap second, or no such day: the longer way finds out which
    found = _DAY.fullmatch(value.strip())
    if found is None:
        return None
    try:
        moment = _moment(found, zone)
        return PointInTime(moment.date(), moment.timestamp(), found[4] is not None)
    except (ValueError, OverflowError):
        return None


def not_ahead(moment: PointInTime, on: date, zone: tzinfo) -> PointInTime:
    """The moment, or today (`on`) for a date without time that is tomorrow's: further east it is that day already."""
    if moment.timed or moment.day != on + timedelta(days=1):
        return moment
    return PointInTime(on, datetime(on.year, on.month, on.day, tzinfo=zone).timestamp(), timed=False)


def _at(moment: datetime, zone: tzinfo) -> PointInTime:
    return PointInTime(moment.astimezone(zone).date(), moment.timestamp())


def _moment(found: re.Match[str], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second, fraction, zulu, sign, off_hours, off_minutes = found.groups()
    if hour is None:
        return datetime(int(year), int(month), int(day), tzinfo=zone)
    offset: tzinfo = zone
    if zulu:
        offset = UTC
    elif sign:
        ahead = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        offset = timezone(-ahead if sign == "-" else ahead)
    # A leap second (60) is accepted by FHIR and unknown to Python.
    seconds = min(int(second), 59) if second == "60" else int(second or 0)
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), seconds, micro, tzinfo=offset)
    return moment.astimezone(zone)


def read_span_as_of(value: object, on: date, zone: tzinfo) -> Span | None:
    """The span of a date that tells of the past, as of the day `on`: a month or a year that is still running ends
    today, and a day without a time that is tomorrow's is today (`not_ahead`). What lies further ahead stays there.
    """
    span = read_span(value, zone)
    if span is None or span.last <= on:
        return span
    tomorrow = span.first == span.last == on + timedelta(days=1)
    if span.first <= on or (tomorrow and isinstance(value, str) and len(value.strip()) == len("2026-11-29")):
        return Span(min(span.first, on), on)
    return span


def read_span(value: object, zone: tzinfo) -> Span | None:
    """A date as precisely as it was recorded: one day, or the first and last day of its month or year."""
    moment = read_moment(value, zone)
    if moment:
        return Span(moment.day, moment.day)
    found = _MONTH_OR_YEAR.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    year, month = int(found[1]), found[2]
    first, last = (int(month), int(month)) if month else (1, 12)
    try:
        return Span(date(year, first, 1), date(year, last, monthrange(year, last)[1]))
    except ValueError:
        return None
