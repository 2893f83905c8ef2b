"""When later pages of a search need not be read, and when something that still runs may stand on them."""

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
DIALYSIS = Query(
    "dialysis", "dialysis", "Procedure", (("code", "302497006,90935"), ("_count", "2")), 90, settled_days=14
)


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


def test_old_sessions_alone_are_read_to_the_end_because_one_that_still_runs_may_follow() -> None:
    assert past(DIALYSIS, [OLD], [OLD], [OLD]) == [False, False, False]


def test_old_sessions_are_enough_where_nobody_can_be_asked_for_more() -> None:
    assert past_look_back(DIALYSIS, ON, UTC, may_ask=False)([OLD])
    assert not past_look_back(DIALYSIS, ON, UTC, may_ask=False)([session("2026-11-20")])


def test_of_procedures_in_words_the_first_page_is_enough() -> None:
    newest = Query("procedures", "procedures", "Procedure", (("_count", "2"),), newest_are_enough=True)
    assert past(newest, [session("2026-11-20")]) == [True]


def test_a_session_of_the_last_days_is_enough_once_a_page_ends_before_the_look_back() -> None:
    assert past(DIALYSIS, [session("2026-11-20"), OLD]) == [True]
    assert past(DIALYSIS, [session("2026-11-20")], [OLD]) == [False, True]


def test_what_runs_since_the_last_days_is_enough_too() -> None:
    running = session("2026-11-20", "in-progress")
    assert past(DIALYSIS, [running, OLD]) == [True]


@pytest.mark.parametrize(
    "shown",
    [
        session("2026-10-20"),
        session("2026-11-23"),
        session("2026-11-20", "not-done"),
        session("2026-11-20", "entered-in-error"),
        session("2026-11-20", code="80146002"),
        session("2026-11"),
    ],
    ids=["weeks ago", "in the future", "not done", "an error", "another procedure", "no day"],
)
def test_what_does_not_show_dialysis_in_the_last_days_settles_nothing(shown: dict[str, Any]) -> None:
    assert past(DIALYSIS, [shown, OLD]) == [False]


@pytest.mark.parametrize(("day", "settles"), [("2026-11-22", True), ("2026-11-08", True), ("2026-11-07", False)])
def test_the_last_days_are_those_up_to_today_that_the_query_names(day: str, settles: bool) -> None:
    assert past(DIALYSIS, [session(day), OLD]) == [settles]
