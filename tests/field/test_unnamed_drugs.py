"""A drug that nobody could name is unread, and said to be; a drug with a telling name of another substance stays quiet.

Sources: onc-healthit/inferno-program#380 (NDC beside RxNorm), ohs-foundation/fhir-data-pipes#110 (codings without a
system), hl7au/au-fhir-test-data, MedicationRequest-reaptan-missing-medication; US Core, missing data.
"""

from __future__ import annotations

import pytest

from tests.contract.records import RXNORM, Json
from tests.field.held import ORDER_HOOKS, QUIET, SUSPECTED, calcium, coded, ordered
from tests.field.play import Field

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ATC = "http://www.whocc.no/atc"
NDC = "http://hl7.org/fhir/sid/ndc"
UNNAMED: dict[str, Json] = {
    "NDC alone": coded(NDC, "00056017275"),
    "a local code alone": coded("urn:oid:1.2.3.4.5", "4711"),
    "an RxNorm code younger than ours": coded(RXNORM, "2999999"),
    "a coding without a system": coded(None, "11289"),
    "data absent, unknown": coded(ABSENT, "unknown", "Unknown"),
    "data absent, masked": coded(ABSENT, "masked", "Masked"),
    "text unknown": {"text": "unknown"},
    "text in capitals": {"text": " NOT SPECIFIED "},
    "see note": {**coded("urn:local", "x"), "text": "See note"},
    "nothing in it": {"coding": []},
    "Katakana": {"text": "ワルファリン錠1mg"},
    "Cyrillic": {"text": "варфарин 5 мг"},
    "Arabic": {"text": "وارفارين"},
    "Chinese": {"text": "华法林钠片"},
    "Devanagari": {"text": "वार्फरिन tablet 5 mg"},
    "Greek, with a local code": coded("urn:local", "x", "βαρφαρίνη 5 µg"),
    "Arabic with English dosing": {"text": "الوارفارين 2.5 mg once daily"},
    "Chinese with English dosing": {"text": "华法林 2.5mg every evening"},
    "Cyrillic with a form": {"text": "Варфарин 2.5 мг tabl."},
    "Cyrillic with a German form": {"text": "Варфарин Filmtabletten, 1x täglich abends"},
    "Cyrillic with French dosing": {"text": "Варфарин 2 comprimés le soir après le repas"},
    "Cyrillic with Spanish dosing": {"text": "Варфарин 1 comprimido cada noche"},
    "Cyrillic with a salt": {"text": "варфарин sodium 5mg"},
    "Cyrillic with a salt in a form": {"text": "варфарин (sodium), film-coated tablet, generic"},
    "Cyrillic, calcium with meals": {"text": "Кальция ацетат 667 mg with meals"},
    "half a character in the name": {"text": "Warf\ufffdrin 5 mg"},
    "broken accents, with a local code": coded("urn:local", "x", "Ac\ufffdtate de calcium"),
    "Cyrillic beside the display of a form": coded("urn:local", "x", "Film coated tablet") | {"text": "Варфарин"},
}
OTHERS: dict[str, Json] = {
    "a broken accent beside a code that we read": coded(RXNORM, "2999998", "Parac\ufffdtamol 500 mg"),
    "an unknown code with a display": coded(NDC, "00071015523", "atorvastatin 10 mg tablet"),
    "text": {"text": "Pantozol 40 mg"},
    "Cyrillic with the Latin name": {"text": "аторвастатин (atorvastatin) 10 мг"},
    "Cyrillic beside a code of another drug": coded(ATC, "C10AA05", "аторвастатин"),
    "Latin with the Cyrillic name, and dosing": {"text": "Paracetamol (парацетамол) 500 mg once daily"},
    "Cyrillic with a salt that is a drug": {"text": "Калия хлорид (potassium chloride) 600 mg tablet daily"},
    "a salt in Latin letters alone": {"text": "Potassium 20 mEq retard"},
    "a Greek unit": {"text": "D3 25 µg"},
    "accents": {"text": "Ácido fólico"},
    "a code without system, with words": {**coded(None, "83367"), "text": "atorvastatin"},
}


@pytest.mark.parametrize("concept", UNNAMED.values(), ids=UNNAMED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_draft_that_names_no_drug_is_said_to_be_unread(hook: str, concept: Json, field: Field) -> None:
    answer = field.ask(hook, QUIET.drafting(ordered("d1", medicationCodeableConcept=concept)))
    assert answer.topics == [("order-data-gap", "info")]


@pytest.mark.parametrize("concept", UNNAMED.values(), ids=UNNAMED)
def test_an_active_drug_without_a_name_is_told_when_the_chart_is_opened(concept: Json, field: Field) -> None:
    unnamed = ordered("m1", "active", medicationCodeableConcept=concept)
    answer = field.ask("patient-view", QUIET.having(unnamed))
    assert answer.topics == [("cua-data-gap", "info")]
    assert "could not be read" in answer.words
    beside = field.ask("patient-view", SUSPECTED.having(unnamed))
    assert beside.topics == [("cua-suspected", "critical"), ("vka-cua", "critical")]
    assert "could not be read" in beside.words


@pytest.mark.parametrize("concept", UNNAMED.values(), ids=UNNAMED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_beside_a_drug_that_is_read_both_are_told(hook: str, concept: Json, field: Field) -> None:
    warfarin = ordered("d2", medicationCodeableConcept={"text": "warfarin 5 mg"})
    answer = field.ask(hook, QUIET.drafting(ordered("d1", medicationCodeableConcept=concept), warfarin))
    assert answer.topics == [("vka-dialysis", "warning"), ("order-data-gap", "info")]


@pytest.mark.parametrize("concept", OTHERS.values(), ids=OTHERS)
def test_a_telling_name_of_another_drug_stays_quiet(concept: Json, field: Field) -> None:
    for hook in ORDER_HOOKS:
        assert field.topics(hook, QUIET.drafting(ordered("d1", medicationCodeableConcept=concept))) == []
    active = ordered("m1", "active", medicationCodeableConcept=concept)
    assert field.topics("patient-view", QUIET.having(active)) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_off_dialysis_an_unnamed_draft_is_no_matter(hook: str, field: Field) -> None:
    chart = QUIET.without("on-dialysis").having(calcium(12.6))
    assert field.topics(hook, chart.drafting(ordered("d1", medicationCodeableConcept={"text": "unknown"}))) == []


HIDDEN = {"a zero-width space": "\u200b", "a joiner": "\u2060", "a filler": "\u3164", "a soft hyphen": "\u00ad"}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize(
    "name", ["calcium{}acetate 667 mg", "cal{}cium acetate", "calcium acetate{}", "stop aspirin, give calcium{}acetate"]
)
def test_a_character_that_nobody_sees_does_not_hide_a_drug(name: str, hook: str, hidden: str, field: Field) -> None:
    def ask(text: str) -> list[tuple[str, str]]:
        return field.topics(hook, SUSPECTED.drafting(ordered("d1", medicationCodeableConcept={"text": text})))

    assert ask(name.format(hidden)) == ask("calcium acetate 667 mg") != []


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_nor_does_it_bring_back_one_that_is_stopped(hook: str, hidden: str, field: Field) -> None:
    stopped = ordered("d1", medicationCodeableConcept={"text": f"stop calcium{hidden}acetate"})
    assert field.ask(hook, SUSPECTED.drafting(stopped)).topics == []
