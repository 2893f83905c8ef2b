"""FHIR dates as spans of time, and the comparison of such spans as FHIR search defines it.

What may live here: pure date arithmetic for the sandbox's search. A date without a time zone is taken as UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

Span = tuple[datetime, datetime]
"""A stretch of time: from the first instant up to, not including, the second."""

ANY_TIME: Span = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
"""For ever: the span of a Period that is open at both ends."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?\Z")
_PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")


def span_of(value: str) -> Span:
    """The span that a FHIR date, dateTime or instant covers ("2026-03" is the month); ValueError for anything else."""
    match = _DATE.match(value)
    if match is None:
        raise ValueError("not a FHIR date")
    year, month, day, time = match.groups()
    if time:
        instant = datetime.fromisoformat(value)
        start = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        return start, start + (timedelta(seconds=1) if start.microsecond == 0 else timedelta(microseconds=1))
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if day:
        return start, start + timedelta(days=1)
    # any day of the next month, or year, leads back to its first
    later = (start + timedelta(days=31 if month else 366)).replace(day=1)
    return start, later if month else later.replace(month=1)


def element_span(value: Any) -> Span | None:
    """The span of a date element or a Period (open ends reach for ever); None when there is none that can be read."""
    try:
        if isinstance(value, dict):
            start, end = value.get("start"), value.get("end")
            return (span_of(start)[0] if start else ANY_TIME[0], span_of(end)[1] if end else ANY_TIME[1])
        return span_of(value) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def date_matches(element: Span, wanted: str) -> bool:
    """Does the element meet a search value such as "ge2026-03-01"? ValueError when the value is no date."""
    prefix, date = (wanted[:2], wanted[2:]) if wanted[:2] in _PREFIXES else ("eq", wanted)
    (low, high), (from_, to) = element, span_of(date)
    return {
        "eq": from_ <= low and high <= to,
        "ne": not (from_ <= low and high <= to),
        "gt": high > to,
        "ge": high > from_,
        "lt": low < from_,
        "le": low < to,
        "sa": low >= to,
        "eb": high <= from_,
    }[prefix]
