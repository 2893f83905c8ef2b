"""FHIR dates: what is read, as which day of the clinic, and what is no date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.dates import PointInTime, not_ahead, read_moment, read_span, read_span_as_of
from hooks.chart import Span

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00z",
        "2026-03-01t12:00:00Z",
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T12:00:00.000000000Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T13:00:00+0100",
        "2026-03-01T06:00:00-06:00",
        "2026-03-01T13:00:00",
        "  2026-03-01T12:00:00 Z ",
    ],
)
def test_every_spelling_of_one_instant_is_that_instant(text: str) -> None:
    assert read_moment(text, BERLIN) == PointInTime(date(2026, 3, 1), NOON)


def test_a_date_alone_is_that_day_and_stands_at_its_start_in_the_clinic() -> None:
    assert read_moment("2026-03-01", BERLIN) == PointInTime(date(2026, 3, 1), NOON - 13 * 3600, timed=False)


TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", TODAY),
        ("2026-03-03", date(2026, 3, 3)),
        ("2026-03-01", TODAY),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-03-02T00:00:00+01:00", date(2026, 3, 2)),
    ],
)
def test_a_date_alone_that_is_tomorrows_is_today_further_east(text: str, day: date) -> None:
    moment = read_moment(text, BERLIN)
    assert moment is not None
    seen = not_ahead(moment, TODAY, BERLIN)
    assert seen.day == day


def test_tomorrows_date_stands_where_todays_does() -> None:
    today, tomorrow = (read_moment(text, BERLIN) for text in ("2026-03-01", "2026-03-02"))
    assert tomorrow is not None
    assert not_ahead(tomorrow, TODAY, BERLIN) == today


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01T22:59:59Z", date(2026, 3, 1)),
        ("2026-03-01T23:00:00Z", date(2026, 3, 2)),
        ("2026-03-01T23:30:00", date(2026, 3, 1)),
        ("2026-03-01T18:00:00-06:00", date(2026, 3, 2)),
    ],
)
def test_an_instant_belongs_to_the_calendar_day_of_the_clinic(text: str, day: date) -> None:
    moment = read_moment(text, BERLIN)
    assert moment is not None
    assert moment.day == day


def test_fractions_order_results_within_a_second() -> None:
    early, late = (read_moment(f"2026-03-01T12:00:00.{part}Z", BERLIN) for part in ("1", "25"))
    assert early is not None
    assert late is not None
    assert late.at - early.at == pytest.approx(0.15)


def test_a_leap_second_is_the_last_second_of_its_minute() -> None:
    assert read_moment("2016-12-31T23:59:60Z", BERLIN) == read_moment("2016-12-31T23:59:59Z", BERLIN)


UNREADABLE: list[object] = [
    None,
    20260301,
    True,
    ["2026-03-01"],
    {},
    "",
    "yesterday",
    "2026-02-30",
    "2026-13-01",
    "0000-01-01",
    "2026-03-01T25:00:00Z",
    "2026-03-01T12",
    "2026-03-01T12:00:00Zulu",
    "2026-03-01T12:00:00+99:00",
    "2026-03-01 and later",
    "01.03.2026",
    "20260301",
    "٢٠٢٦-٠٣-٠١",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_is_no_date_is_none(value: object) -> None:
    assert read_moment(value, BERLIN) is None
    assert read_span(value, BERLIN) is None
    assert read_span_as_of(value, TODAY, BERLIN) is None


@pytest.mark.parametrize("text", ["2026", "2026-03"])
def test_a_year_or_a_month_alone_is_no_moment(text: str) -> None:
    assert read_moment(text, BERLIN) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026", Span(date(2026, 1, 1), date(2026, 12, 31))),
        ("2024-02", Span(date(2024, 2, 1), date(2024, 2, 29))),
        ("2026-03-01", Span(date(2026, 3, 1), date(2026, 3, 1))),
        ("2026-03-01T23:30:00Z", Span(date(2026, 3, 2), date(2026, 3, 2))),
    ],
)
def test_a_span_is_as_precise_as_the_record(text: str, span: Span) -> None:
    assert read_span(text, BERLIN) == span


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), TODAY),
        ("2026-03", TODAY, TODAY),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-03-01", TODAY, TODAY),
        ("2026-03-02", TODAY, TODAY),
        (" 2026-03-02 ", TODAY, TODAY),
        ("2026-03-02T08:00:00Z", date(2026, 3, 2), date(2026, 3, 2)),
        ("2026-03-03", date(2026, 3, 3), date(2026, 3, 3)),
        ("2026-04", date(2026, 4, 1), date(2026, 4, 30)),
        ("2027", date(2027, 1, 1), date(2027, 12, 31)),
    ],
)
def test_a_span_that_has_begun_ends_today_at_the_latest(text: str, first: date, last: date) -> None:
    assert read_span_as_of(text, TODAY, BERLIN) == Span(first, last)


def test_a_month_that_begins_tomorrow_has_not_begun() -> None:
    eve = date(2026, 3, 31)
    assert read_span_as_of("2026-04", eve, BERLIN) == Span(date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.parametrize("text", ["2026-00", "2026-13", "0000"])
def test_an_impossible_month_or_year_is_no_span(text: str) -> None:
    assert read_span(text, BERLIN) is None


@given(
    st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_any_instant_that_is_written_is_read_back(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = read_moment(moment.isoformat(), BERLIN)
    assert read is not None
    assert read.at == pytest.approx(moment.timestamp(), abs=1e-5)
    assert read.day == moment.astimezone(BERLIN).date()


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"))
def test_any_text_is_read_or_is_none(text: str) -> None:
    moment, span = read_moment(text, BERLIN), read_span(text, BERLIN)
    assert moment is None or span == Span(moment.day, moment.day)
