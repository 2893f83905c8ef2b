"""Problem lists in words only: dialysis and end-stage kidney disease count as presumed; masked lists are no empty ones.

Sources: openemr/openemr#13828 (code.text alone), public problem lists with local codes ("ESRD on HD MWF"),
hl7au/au-fhir-test-data, Condition-condition-masked.
"""

from __future__ import annotations

import pytest

from tests.contract.records import WARFARIN_DRAFT, Json, condition
from tests.field.held import NECROSIS, ON_WARFARIN, ORDER_HOOKS, QUIET, coded, without
from tests.field.play import Field

HOOKS = ("patient-view", *ORDER_HOOKS)
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
WARNS = [("vka-dialysis", "warning")]
NO_CODE = QUIET.without("on-dialysis").drafting(WARFARIN_DRAFT)
SAID = [
    "Dependence on renal dialysis",
    "ESRD (end stage renal disease) on dialysis (HCC)",
    "ESRD on HD MWF",
    "End stage renal disease",
    "End-stage kidney failure",
    "On maintenance haemodialysis",
    "CKD 5D",
    "Chronic hemodialysis, in-center",
    "on CAPD since 2024",
    "ESRD on hemodialysis, transplant candidate",
    "Niereninsuffizienz, dialysepflichtig",
    "Hämodialyse",
    "terminale Niereninsuffizienz",
    "Insuffisance rénale terminale",
    "Patient dialysé",
    "En hemodiálisis",
]
DENIED = [
    "Not on dialysis",
    "CKD 5, no dialysis",
    "Education on dialysis options",
    "Counselling on peritoneal dialysis",
    "Husband on dialysis",
    "Declines dialysis",
    "ESRD, conservative care",
    "ESRD s/p kidney transplant",
    "History of dialysis",
    "Chronic kidney disease stage 5",
    "Peritoneal dialysis catheter planned",
]


def in_words(text: str, **members: object) -> Json:
    return {**condition("words", text), **members}


@pytest.mark.parametrize("text", SAID)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_dialysis_in_words_counts_and_the_card_says_that_it_is_not_confirmed(
    hook: str, text: str, field: Field
) -> None:
    answer = field.ask(hook, NO_CODE.having(in_words(text)))
    assert answer.topics == WARNS
    assert "dialysis status not confirmed" in answer.words


@pytest.mark.parametrize("text", SAID)
def test_so_it_does_on_the_skin(text: str, field: Field) -> None:
    chart = ON_WARFARIN.without("on-dialysis").having(in_words(text), NECROSIS)
    answer = field.ask("patient-view", chart)
    assert answer.topics == [("cua-suspected", "critical"), ("vka-cua", "critical")]
    assert "dialysis status not confirmed" in answer.words


@pytest.mark.parametrize("text", DENIED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_words_that_deny_dialysis_are_heeded(hook: str, text: str, field: Field) -> None:
    assert field.topics(hook, NO_CODE.having(in_words(text))) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_words_stand_in_the_display_beside_a_local_code_too(hook: str, field: Field) -> None:
    local = in_words("", code=coded("urn:oid:1.2.3.4", "123", "ESRD on dialysis"))
    assert field.topics(hook, NO_CODE.having(local)) == WARNS


@pytest.mark.parametrize("status", ["resolved", "inactive"])
def test_words_of_the_past_do_not_count(status: str, field: Field) -> None:
    past = in_words("Dependence on renal dialysis", clinicalStatus={"coding": [{"code": status}]})
    assert [field.topics(hook, NO_CODE.having(past)) for hook in ORDER_HOOKS] == [[], []]


MASKED = {
    "data absent": {"code": {"coding": [{"system": ABSENT, "code": "masked", "display": "Masked"}]}},
    "a word": {"code": {"text": "masked"}},
    "unknown": {"code": {"text": "Unknown"}},
    "no code": {},
    "a code of no system": {"code": {"coding": [{"code": "Z99.2"}]}},
}


def masked(members: Json) -> Json:
    return {**without(condition("masked", ""), "code"), **members}


@pytest.mark.parametrize("members", MASKED.values(), ids=MASKED)
@pytest.mark.parametrize("hook", HOOKS)
def test_a_masked_list_is_refused_where_nothing_else_shows_dialysis(hook: str, members: Json, field: Field) -> None:
    alone = field.ask(hook, NO_CODE.without("pressure", "arthrosis").having(masked(members)))
    assert alone.status == 412
    assert "conditions" in alone.refusal
    among = field.ask(hook, NO_CODE.having(masked(members)))
    assert among.status == 412


@pytest.mark.parametrize("members", MASKED.values(), ids=MASKED)
def test_beside_dialysis_that_can_be_read_a_masked_entry_changes_nothing(members: Json, field: Field) -> None:
    chart = QUIET.having(masked(members)).drafting(WARFARIN_DRAFT)
    assert [field.topics(hook, chart) for hook in ORDER_HOOKS] == [WARNS, WARNS]
    assert field.topics("patient-view", ON_WARFARIN.having(masked(members))) == [("vka-dialysis", "info")]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_long_list_without_a_kidney_is_quiet_and_one_with_dialysis_among_the_oldest_is_not(
    hook: str, field: Field
) -> None:
    old = [condition(f"old-{number}", "Medication review due") for number in range(230)]
    assert field.topics(hook, NO_CODE.having(*old)) == []
    with_dialysis = QUIET.having(*old).drafting(WARFARIN_DRAFT)
    assert field.topics(hook, with_dialysis) == ([] if hook == "patient-view" else WARNS)
