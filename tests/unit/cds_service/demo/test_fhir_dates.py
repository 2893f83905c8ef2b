"""FHIR dates as spans: what each precision covers, and how search values compare with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.demo.fhir_dates import ANY_TIME, date_matches, element_span, span_of


def utc(year: int, month: int, day: int, *time: int) -> datetime:
    hour, minute, second, microsecond = (*time, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, microsecond, UTC)


@pytest.mark.parametrize(
    ("value", "first", "end"),
    [
        ("2026", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("2024", utc(2024, 1, 1), utc(2025, 1, 1)),
        ("2026-02", utc(2026, 2, 1), utc(2026, 3, 1)),
        ("2026-12", utc(2026, 12, 1), utc(2027, 1, 1)),
        ("2026-03-02", utc(2026, 3, 2), utc(2026, 3, 3)),
        ("2026-03-02T12:00:00Z", utc(2026, 3, 2, 12), utc(2026, 3, 2, 12, 0, 1)),
        ("2026-03-02T12:00:00+01:00", utc(2026, 3, 2, 11), utc(2026, 3, 2, 11, 0, 1)),
        ("2026-03-02T12:00:00", utc(2026, 3, 2, 12), utc(2026, 3, 2, 12, 0, 1)),
        ("2026-03-02T12:00:00.5Z", utc(2026, 3, 2, 12, 0, 0, 500000), utc(2026, 3, 2, 12, 0, 0, 500001)),
    ],
)
def test_a_date_covers_as_much_time_as_its_precision_says(value: str, first: datetime, end: datetime) -> None:
    assert span_of(value) == (first, end)


@pytest.mark.parametrize("value", ["", "yesterday", "2026-13", "2026-02-30", "2026-03-02Tnoon", "02.03.2026", "0000"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        span_of(value)


@pytest.mark.parametrize(
    ("element", "first", "end"),
    [
        ({"start": "2026-03-01", "end": "2026-03-02"}, utc(2026, 3, 1), utc(2026, 3, 3)),
        ({"start": "2026-03-01"}, utc(2026, 3, 1), ANY_TIME[1]),
        ({"end": "2026-03-02"}, ANY_TIME[0], utc(2026, 3, 3)),
        ("2026-03-01", utc(2026, 3, 1), utc(2026, 3, 2)),
    ],
)
def test_a_period_covers_the_time_between_its_ends(element: Any, first: datetime, end: datetime) -> None:
    assert element_span(element) == (first, end)


@pytest.mark.parametrize("element", [None, "", "rubbish", 20260302, ["2026-03-02"], {"start": 7}, "9999-12-31"])
def test_an_element_that_cannot_be_read_has_no_span(element: Any) -> None:
    assert element_span(element) is None


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        *[("2026-03-02", True), ("eq2026-03-02", True), ("eq2026-03", True), ("eq2026-03-01", False)],
        *[("ne2026-03-02", False), ("ne2026-03-01", True)],
        *[("ge2026-03-02", True), ("ge2026-03-03", False), ("gt2026-03-01", True), ("gt2026-03-02", False)],
        *[("le2026-03-02", True), ("le2026-03-01", False), ("lt2026-03-03", True), ("lt2026-03-02", False)],
        *[("sa2026-03-01", True), ("sa2026-03-02", False), ("eb2026-03-03", True), ("eb2026-03-02", False)],
        *[("ge2026-03-02T12:00:00Z", True), ("ge2026-03-02T12:00:01Z", False)],
    ],
)
def test_search_prefixes_compare_spans_as_fhir_says(wanted: str, met: bool) -> None:
    noon = span_of("2026-03-02T12:00:00Z")
    assert date_matches(noon, wanted) is met


def test_a_running_period_meets_every_later_date() -> None:
    running = element_span({"start": "2026-01-01"})
    assert running is not None
    assert date_matches(running, "ge2099-01-01")
    assert not date_matches(running, "lt2026-01-01")


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_lies_in_its_day_its_month_and_its_year(instant: datetime) -> None:
    text = instant.replace(microsecond=0).isoformat()
    span = span_of(text)
    assert span[1] - span[0] == timedelta(seconds=1)
    for length in (4, 7, 10):
        assert date_matches(span, text[:length])
