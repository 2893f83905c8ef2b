"""Weeks as ISO 8601 has them, at new year and in the time zone of the clinic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.reports import Quarter, bounds, week_name, week_of, weeks_from

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 12, 27), "2026-W52"),
        (date(2026, 12, 28), "2026-W53"),
        (date(2027, 1, 1), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
        (date(2024, 12, 30), "2025-W01"),
    ],
)
def test_the_days_round_new_year_lie_in_the_week_of_their_thursday(day: date, name: str) -> None:
    assert week_name(week_of(day)) == name


def test_a_week_begins_at_midnight_in_the_time_zone_of_the_clinic_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert bounds([date(2026, 10, 19), date(2026, 10, 26)], berlin) == [
        datetime(2026, 10, 18, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
        datetime(2026, 11, 1, 23, tzinfo=UTC),
    ]


def test_weeks_are_told_from_the_first_day_to_the_last_one() -> None:
    assert weeks_from(date(2026, 11, 29), date(2026, 11, 30)) == [date(2026, 11, 23), date(2026, 11, 30)]
    assert weeks_from(date(2026, 11, 30), date(2026, 11, 30)) == [date(2026, 11, 30)]


@given(DAYS)
def test_a_day_lies_in_its_quarter_and_in_no_other_one(day: date) -> None:
    quarter = Quarter.of(day)
    assert week_of(day) in quarter.weeks
    assert Quarter.named(quarter.name) == quarter
    assert {Quarter.of(monday) for monday in quarter.weeks} == {quarter}


@given(st.integers(1990, 2090))
def test_the_quarters_of_a_year_follow_each_other_without_a_gap(year: int) -> None:
    weeks = [monday for number in (1, 2, 3, 4) for monday in Quarter(year, number).weeks]
    assert weeks[0] == date.fromisocalendar(year, 1, 1)
    assert {after - before for before, after in pairwise(weeks)} == {timedelta(days=7)}
    assert weeks[-1] + timedelta(days=7) == date.fromisocalendar(year + 1, 1, 1)


@pytest.mark.parametrize("name", ["", "2026", "2026-Q0", "2026-Q5", "26-Q1", "2026-Q11", "²026-Q1", "0000-Q1"])
def test_what_is_no_quarter_has_none(name: str) -> None:
    assert Quarter.named(name) is None
