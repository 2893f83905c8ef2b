"""A kidney transplant is known as a status code, as a history code and as a Procedure; a failed one no longer silences.

Sources: synthetichealth/synthea (161665007), cqframework/ecqm-content-qicore-2024 (70536003, 175901007 as
Procedures).
"""

from __future__ import annotations

import pytest

from tests.contract.records import ICD10CM, SNOMED, WARFARIN_DRAFT, Json, condition, procedure
from tests.field.held import ON_WARFARIN, ORDER_HOOKS, QUIET, day_before
from tests.field.play import Field

HOOKS = ("patient-view", *ORDER_HOOKS)
ESRD = condition("esrd", "End-stage renal disease", system=SNOMED, code="46177005")
ESRD_IN_WORDS = condition("esrd", "ESRD")
FORMS = {
    "status": condition("t", "Kidney transplant status", system=ICD10CM, code="Z94.0"),
    "renal failure with transplant": condition("t", "", system=SNOMED, code="236436003"),
    "history": condition("t", "History of renal transplant", system=SNOMED, code="161665007"),
    "present": condition("t", "Transplanted kidney present", system=SNOMED, code="737295003"),
    "operation": procedure("t", "70536003", days_ago=900),
    "operation of a living donor": procedure("t", "175901007", days_ago=900),
    "operation by OID": {
        **procedure("t", "70536003", days_ago=900),
        "code": {"coding": [{"system": "2.16.840.1.113883.6.96", "code": "70536003"}]},
    },
    "operation, status in capitals": {**procedure("t", "70536003", days_ago=900), "status": "COMPLETED"},
}
NO_TRANSPLANT = {
    "planned": {**procedure("t", "70536003"), "status": "preparation"},
    "not done": {**procedure("t", "70536003"), "status": "not-done"},
    "past": condition("t", "x", system=ICD10CM, code="Z94.0") | {"clinicalStatus": {"coding": [{"code": "inactive"}]}},
    "waiting": condition("t", "Awaiting organ transplant", system=ICD10CM, code="Z76.82"),
    "liver": condition("t", "Liver transplant status", system=ICD10CM, code="Z94.4"),
}
WARNS = [("vka-dialysis", "warning")]
BASE = ON_WARFARIN.without("on-dialysis").drafting(WARFARIN_DRAFT)


@pytest.mark.parametrize("esrd", [ESRD, ESRD_IN_WORDS], ids=["code", "words"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("hook", HOOKS)
def test_with_a_transplant_the_kidney_failure_left_on_the_list_is_no_dialysis(
    hook: str, form: Json, esrd: Json, field: Field
) -> None:
    assert field.topics(hook, BASE.having(esrd, form)) == []


@pytest.mark.parametrize("form", NO_TRANSPLANT.values(), ids=NO_TRANSPLANT)
def test_what_is_no_transplant_does_not_silence(form: Json, field: Field) -> None:
    chart = BASE.having(ESRD, form)
    assert [field.topics(hook, chart) for hook in ORDER_HOOKS] == [WARNS, WARNS]
    assert field.topics("patient-view", chart) == [("vka-dialysis", "info")]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_session_of_this_month_shows_that_the_transplant_has_failed(hook: str, form: Json, field: Field) -> None:
    chart = BASE.having(form)
    assert field.topics(hook, chart.having(procedure("s", "302497006", days_ago=5))) == WARNS
    assert field.topics(hook, chart.having(procedure("s", "302497006", days_ago=40))) == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_so_does_a_graft_failure(hook: str, form: Json, field: Field) -> None:
    failed = condition("f", "Kidney transplant failure", system=ICD10CM, code="T86.12")
    answer = field.ask(hook, BASE.having(form, failed))
    assert answer.topics == WARNS
    assert "dialysis status not confirmed" in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_dialysis_recorded_after_the_operation_counts(hook: str, field: Field) -> None:
    on_dialysis = next(one for one in QUIET.held if one["id"] == "on-dialysis")
    operation = FORMS["operation"]
    for days, expected in ((100, WARNS), (900, []), (1000, [])):
        dated = {**on_dialysis, "recordedDate": day_before(days)}
        assert field.topics(hook, BASE.having(operation, dated)) == expected


@pytest.mark.parametrize("hook", HOOKS)
def test_hundreds_of_old_sessions_neither_refuse_nor_excuse(hook: str, field: Field) -> None:
    old = [procedure(f"s-{number}", "302497006", 120 + 3 * number) for number in range(60)]
    assert field.topics(hook, BASE.having(FORMS["status"], *old)) == []
    on_dialysis = QUIET.having(*old).drafting(WARFARIN_DRAFT)
    assert field.topics(hook, on_dialysis) == ([] if hook == "patient-view" else WARNS)
