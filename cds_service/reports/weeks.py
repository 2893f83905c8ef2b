"""Weeks and quarters in the time zone of the clinic.

What may live here: the calendar. A week is that of ISO 8601, from Monday to Sunday; it belongs to the year of its
Thursday, so 2027-01-01 lies in 2026-W53. A quarter is 13 of these weeks, the last one of a year
has 14 where the year has 53.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_WEEK = timedelta(days=7)
_WEEKS_OF_A_QUARTER = 13


def week_of(day: date) -> date:
    """The Monday of the week in which this day lies."""
    return day - timedelta(days=day.weekday())


def week_name(monday: date) -> str:
    """Such as 2026-W49."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def weeks_from(first: date, last: date) -> list[date]:
    """The Mondays of all weeks from that of the first day to that of the last."""
    monday = week_of(first)
    return [monday + number * _WEEK for number in range((last - monday).days // 7 + 1)]


def bounds(weeks: Sequence[date], zone: ZoneInfo) -> list[datetime]:
    """When these weeks begin, and when the last one ends, in UTC: a week begins at midnight of its Monday, there."""
    return [start_of(monday, zone) for monday in [*weeks, weeks[-1] + _WEEK]]


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """When this day begins in this time zone, in UTC. Raises OverflowError where that lies before the year 1."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class Quarter(NamedTuple):
    """A quarter of an ISO year: periods that share no week."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter of this day."""
        year, week, _ = day.isocalendar()
        return cls(year, min(4, (week - 1) // _WEEKS_OF_A_QUARTER + 1))

    @classmethod
    def named(cls, name: str) -> Quarter | None:
        """The quarter of this name; None where it is none."""
        year, _, number = name.partition("-Q")
        fits = len(year) == 4 and year.isascii() and year.isdigit() and year > "0001" and number in ("1", "2", "3", "4")
        return cls(int(year), int(number)) if fits and year < "9999" else None

    @property
    def name(self) -> str:
        """Such as 2026-Q4."""
        return f"{self.year}-Q{self.number}"

    @property
    def weeks(self) -> list[date]:
        """The Mondays of its weeks."""
        first = date.fromisocalendar(self.year, (self.number - 1) * _WEEKS_OF_A_QUARTER + 1, 1)
        # 28 December lies in the last week of its ISO year.
        last = date(self.year, 12, 28) if self.number == 4 else first + (_WEEKS_OF_A_QUARTER - 1) * _WEEK
        return weeks_from(first, last)
