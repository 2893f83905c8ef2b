"""A dialysis session that cannot be read is no proof of its absence: the answer is 412 where it would have mattered.

Sources: HL7 FHIR R4 (`Procedure.status` "unknown": the source does not know), openemr/openemr#5287 and
sync-for-science/test-suite#63 (names of the code systems of procedures), synthetichealth/synthea (transplants).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.records import ICD10CM, SNOMED, WARFARIN_DRAFT, Json, condition, days_before, procedure
from tests.field.held import ON_WARFARIN, ORDER_HOOKS, QUIET, Chart, coded, without
from tests.field.play import Field, Topics

HOOKS = ("patient-view", *ORDER_HOOKS)
BASE = ON_WARFARIN.without("on-dialysis").drafting(WARFARIN_DRAFT)
"""On warfarin, which is also drafted; nothing shows dialysis."""
TRANSPLANT = condition("t", "Kidney transplant status", system=ICD10CM, code="Z94.0")
FAILED = condition("f", "Kidney transplant failure", system=ICD10CM, code="T86.12")
HAEMODIALYSIS = "302497006"
LOCAL = "http://local/x"
APPENDECTOMY = {"system": SNOMED, "code": "80146002", "display": "Appendectomy"}


def session(days_ago: int = 5, **changed: Any) -> Json:
    """A haemodialysis of so many days ago, changed as told; members given as None are left out."""
    found = {**procedure("s", HAEMODIALYSIS, days_ago), **changed}
    return without(found, *(name for name, value in found.items() if value is None))


def warned(hook: str) -> Topics:
    return [("vka-dialysis", "info" if hook == "patient-view" else "warning")]


def check_refused(hook: str, chart: Chart, field: Field) -> None:
    answer = field.ask(hook, chart)
    assert (answer.status, answer.cards) == (412, [])
    assert "dialysis procedures could not be read" in answer.refusal


UNREAD = {
    "no status": {"status": None},
    "a status that the source does not know": {"status": "unknown"},
    "a status of another vocabulary": {"status": "done"},
    "a code without its system": {"code": coded(None, HAEMODIALYSIS)},
    "a SNOMED CT code of a local system": {"code": coded(LOCAL, HAEMODIALYSIS)},
    "a CPT code of a local system": {"code": coded(LOCAL, "90935")},
    "a date of another country": {"performedDateTime": "24/11/2026"},
    "a period of which nothing is understood": {"performedDateTime": None, "performedPeriod": {"end": "last week"}},
    "a period whose end is not understood": {
        "performedDateTime": None,
        "performedPeriod": {"start": days_before(300), "end": "last week"},
    },
}
READ = {
    "not done": {"status": "not-done"},
    "entered in error": {"status": "entered-in-error"},
    "no date": {"status": "unknown", "performedDateTime": None},
    "a date in words": {"performedDateTime": None, "performedString": "last week"},
    "something else beside a local code": {"code": {"coding": [{"system": LOCAL, "code": "90935"}, APPENDECTOMY]}},
    "something else without a status": {"status": None, "code": {"coding": [APPENDECTOMY]}},
    "a local code that is none of ours": {"code": coded(LOCAL, "HD-1", "Haemodialysis education")},
    "ahead": {"status": "unknown", "performedDateTime": days_before(-9)},
}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_session_that_is_read_shows_dialysis(hook: str, field: Field) -> None:
    assert field.topics(hook, BASE.having(session())) == warned(hook)


@pytest.mark.parametrize("changed", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("hook", HOOKS)
def test_a_session_that_cannot_be_read_is_a_refusal_and_no_empty_answer(hook: str, changed: Json, field: Field) -> None:
    check_refused(hook, BASE.having(session(**changed)), field)


@pytest.mark.parametrize("changed", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("hook", HOOKS)
def test_beside_other_evidence_of_dialysis_it_changes_nothing(hook: str, changed: Json, field: Field) -> None:
    beside = ON_WARFARIN.drafting(WARFARIN_DRAFT).having(session(**changed))
    assert field.topics(hook, beside) == warned(hook)
    assert field.topics(hook, BASE.having(session(**changed), {**session(), "id": "read"})) == warned(hook)


@pytest.mark.parametrize("changed", UNREAD.values(), ids=UNREAD)
def test_where_dialysis_would_not_have_mattered_it_is_no_refusal(changed: Json, field: Field) -> None:
    assert field.topics("patient-view", QUIET.without("on-dialysis").having(session(**changed))) == []


@pytest.mark.parametrize("changed", READ.values(), ids=READ)
@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_not_done_undated_ahead_or_something_else_is_no_session(hook: str, changed: Json, field: Field) -> None:
    assert field.topics(hook, BASE.having(session(**changed))) == []


UNTOLD = ({"status": "unknown"}, {"status": None}, {"code": coded(LOCAL, HAEMODIALYSIS)})


@pytest.mark.parametrize("changed", UNTOLD)
@pytest.mark.parametrize("hook", HOOKS)
def test_without_a_transplant_a_session_matters_for_ninety_days(hook: str, changed: Json, field: Field) -> None:
    check_refused(hook, BASE.having(session(90, **changed)), field)
    assert field.topics(hook, BASE.having(session(91, **changed))) == []


@pytest.mark.parametrize("changed", UNTOLD)
@pytest.mark.parametrize("hook", HOOKS)
def test_with_a_working_transplant_it_matters_for_thirty_days(hook: str, changed: Json, field: Field) -> None:
    transplanted = BASE.having(TRANSPLANT)
    check_refused(hook, transplanted.having(session(30, **changed)), field)
    for days in (31, 60):
        assert field.topics(hook, transplanted.having(session(days, **changed))) == []
        assert field.topics(hook, transplanted.having(session(days))) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_an_unknown_day_matters_with_a_transplant_too(hook: str, field: Field) -> None:
    check_refused(hook, BASE.having(TRANSPLANT, session(performedDateTime="24/11/2026")), field)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_failed_transplant_presumes_dialysis_whatever_could_not_be_read(hook: str, field: Field) -> None:
    answer = field.ask(hook, BASE.having(TRANSPLANT, FAILED, session(60, status="unknown")))
    assert answer.topics == warned(hook)
    assert "dialysis status not confirmed" in answer.words
