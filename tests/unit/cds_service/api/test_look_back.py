"""When later pages of a search need not be read."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.api.look_back import past_look_back
from fhir_mappings.queries import Query

ON = date(2026, 11, 22)
UTC = ZoneInfo("UTC")
CALCIUM = Query("calcium", "calcium", "Observation", (("code", "1"), ("_count", "2")), 90, "date")
VALVES = Query("valves", "valves", "Procedure", (("code", "1"), ("_count", "2")))
DIALYSIS = Query("dialysis", "dialysis", "Procedure", (("code", "302497006,90935"), ("_count", "2")), 90)
NEWEST = Query("procedures", "procedures", "Procedure", (("_count", "2"),), newest_are_enough=True)


def session(day: str, status: str = "completed", code: str = "302497006") -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "status": status,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "performedDateTime": day,
    }


OLD = session("2026-03-01")


def past(query: Query, *pages: list[Any]) -> list[bool]:
    shown = past_look_back(query, ON, UTC)
    return [shown(page) for page in pages]


def test_results_that_are_asked_for_by_date_end_with_the_look_back() -> None:
    result = {"resourceType": "Observation", "effectiveDateTime": "2026-03-01"}
    assert past(CALCIUM, [result]) == [True]


def test_without_a_look_back_every_page_is_read() -> None:
    assert past(VALVES, [OLD]) == [False]


def test_sessions_end_with_the_page_that_is_sorted_and_reaches_past_the_look_back() -> None:
    assert past(DIALYSIS, [session("2026-11-20")], [session("2026-10-01"), OLD], [OLD]) == [False, True, True]
    assert past(DIALYSIS, [OLD, session("2026-10-01")]) == [False]


@pytest.mark.parametrize("day", ["2026-11", "2026", "soon"])
def test_a_page_with_a_date_that_cannot_be_read_tells_nothing_of_what_follows(day: str) -> None:
    assert past(DIALYSIS, [session(day), OLD]) == [False]


def test_of_procedures_in_words_a_first_page_that_is_sorted_newest_first_is_enough() -> None:
    assert past(NEWEST, [session("2026-11-20"), OLD]) == [True]
    assert past(NEWEST, [OLD, session("2026-11-20")], [OLD]) == [False, True]
    assert past(NEWEST, [session("2026-11-20"), session("soon"), OLD]) == [True]
