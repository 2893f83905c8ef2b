"""The day of what may have been dialysis and cannot be read; what is read, ahead or something else has none."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.chart import ChartContext, build_chart
from fhir_mappings.gathered import Gathered
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import build_queries
from tests.unit.fhir_mappings.resources import CPT, ICD10_CM, PATIENT, SNOMED, Json, concept, procedure

ON = date(2026, 3, 2)
QUERIES = {query.key: query for query in build_queries(default_vocabulary(), default_policy())}
HAEMODIALYSIS = "302497006"
SESSION = (SNOMED, HAEMODIALYSIS)
YESTERDAY = "2026-03-01"
ITS_DAY = (date(2026, 3, 1),)


def session(**changed: Any) -> Json:
    found = {**procedure(SESSION), "status": "completed", "performedDateTime": YESTERDAY, **changed}
    return {name: value for name, value in found.items() if value is not None}


def unread(*resources: Json, key: str = "dialysis_procedures") -> tuple[date | None, ...]:
    context = ChartContext(PATIENT, ON, ZoneInfo("UTC"))
    return build_chart([Gathered(QUERIES[key], resources)], context, default_vocabulary()).unread_sessions


def codings(*found: Json) -> Json:
    return {"coding": list(found)}


WITHOUT_SYSTEM = codings({"code": HAEMODIALYSIS})
LOCAL = codings({"system": "http://local/x", "code": HAEMODIALYSIS})


@pytest.mark.parametrize(
    "changed",
    [
        {"status": None},
        {"status": {"coding": [{"code": "completed"}]}},
        {"status": "finished"},
        {"status": "unknown"},
        {"status": " UNKNOWN "},
        {"status": "unknown", "code": concept("", (CPT, "90960"))},
        {"code": WITHOUT_SYSTEM},
        {"code": codings({"system": "", "code": "90935"})},
        {"code": codings({"system": "http://local/x", "code": 71192002})},
        {"code": codings({"system": {}, "code": HAEMODIALYSIS})},
        {"code": codings({"system": "http://local/x", "code": "HD-1"}, {"system": "urn:other", "code": "90961"})},
        {"code": codings({"system": SNOMED}, {"code": HAEMODIALYSIS})},
        {"code": LOCAL, "status": "in-progress", "performedDateTime": None, "performedPeriod": {"end": YESTERDAY}},
        {"status": None, "code": LOCAL},
        {"status": None, "performedDateTime": None, "performedPeriod": {"start": "2025-01-01", "end": YESTERDAY}},
        {"status": None, "performedDateTime": None, "occurrenceDateTime": YESTERDAY},
    ],
)
def test_a_session_whose_status_or_system_is_not_understood_is_kept_by_its_day(changed: Json) -> None:
    assert unread(session(**changed)) == ITS_DAY


@pytest.mark.parametrize(
    "changed",
    [
        {"performedDateTime": "01/03/2026"},
        {"performedDateTime": None, "performedPeriod": {"end": "yesterday"}},
        {"performedDateTime": None, "performedPeriod": {"start": "yesterday"}},
        {"performedDateTime": None, "performedPeriod": {"start": "2025-06-01", "end": "yesterday"}},
        {"performedDateTime": None, "performedPeriod": "yesterday"},
        {"performedDateTime": None, "occurrenceDateTime": "yesterday"},
        {"performedDateTime": None, "occurrencePeriod": {"end": 20260301}},
        {"performedDateTime": "01/03/2026", "status": None},
        {"performedDateTime": "01/03/2026", "code": LOCAL},
    ],
)
def test_a_session_whose_date_is_there_and_not_understood_is_kept_without_a_day(changed: Json) -> None:
    assert unread(session(**changed)) == (None,)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"performedDateTime": "2025-01-01"},
        {"status": "in-progress", "performedDateTime": None},
        {"status": "in-progress", "performedDateTime": "yesterday"},
        {"performedDateTime": None, "performedPeriod": {"start": "2025-01-01"}},
        {"performedDateTime": None, "performedPeriod": {"start": "2025-01-01", "end": YESTERDAY}},
    ],
)
def test_a_session_that_was_read_is_none(changed: Json) -> None:
    assert unread(session(**changed)) == ()


@pytest.mark.parametrize("status", ["preparation", "not-done", "on-hold", "stopped", "entered-in-error", "NOT-DONE"])
@pytest.mark.parametrize("code", [concept("", SESSION), WITHOUT_SYSTEM, LOCAL])
def test_a_status_that_says_that_nothing_was_done_is_read(status: str, code: Json) -> None:
    assert unread(session(status=status, code=code)) == ()


@pytest.mark.parametrize(
    "dated",
    [
        {},
        {"performedString": "last week"},
        {"performedPeriod": {}},
        {"performedPeriod": {"start": None, "_end": {"extension": []}}},
    ],
)
@pytest.mark.parametrize("changed", [{}, {"status": None}, {"code": LOCAL}])
def test_a_session_without_a_date_lies_in_no_window(changed: Json, dated: Json) -> None:
    assert unread(session(**{"performedDateTime": None, **dated, **changed})) == ()


APPENDECTOMY = (SNOMED, "80146002")


@pytest.mark.parametrize(
    "changed",
    [
        {"status": None, "code": concept("Appendectomy", APPENDECTOMY)},
        {"status": "unknown", "code": concept("", (SNOMED, "714749008"))},
        {"code": codings({"code": "80146002"}, {})},
        {"code": codings({"system": "http://local/x", "code": "80146002"})},
        {"code": codings({"system": "http://local/x"})},
        {"code": concept("", ("http://local/x", HAEMODIALYSIS), APPENDECTOMY)},
        {"code": concept("", (CPT, "90945"), ("http://local/x", HAEMODIALYSIS))},
        {"code": concept("", (SNOMED, "70536003"), ("http://local/x", HAEMODIALYSIS))},
        {"status": None, "code": concept("", ("http://local/x", HAEMODIALYSIS), APPENDECTOMY)},
        {"code": concept("", (ICD10_CM, HAEMODIALYSIS))},
        {"code": concept("", (CPT, HAEMODIALYSIS))},
        {"code": None},
        {"status": None, "code": "haemodialysis"},
    ],
)
def test_what_is_something_else_by_what_can_be_read_is_none(changed: Json) -> None:
    assert unread(session(**changed)) == ()


@pytest.mark.parametrize("system", [None, "http://local/x"])
@pytest.mark.parametrize(("code", "kind"), [("17107009", "valve"), ("70536003", "transplant"), ("53745009", "other")])
def test_a_code_without_a_known_system_is_supposed_to_be_dialysis_alone(code: str, kind: str, system: str) -> None:
    assert unread(session(code=codings({"system": system, "code": code, "display": kind}))) == ()


def test_no_window_is_applied_but_the_future_is_none() -> None:
    days = ["2020-05-17", "2025-12-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    assert unread(*(session(status=None, performedDateTime=day) for day in days)) == (
        date(2020, 5, 17),
        date(2025, 12, 1),
        ON,
        ON,
    )


def test_every_session_is_kept_whichever_search_brought_it() -> None:
    found = unread(
        session(), session(status=None), session(performedDateTime="?"), session(code=LOCAL), key="procedures"
    )
    assert found == (*ITS_DAY, None, *ITS_DAY)
