"""A clinic's code that could take a critical card away is found; any other is the clinic's own matter.

Which findings and drug classes these are is tried out: patients with a critical card are told once more with each
finding under a clinic's code, apart or on an entry in words, and with a drug of each class.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from cds_service.knowledge import Knowledge, knowledge_of
from cds_service.knowledge.critical_codes import codes_for_two
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.settings import Settings
from cds_service.stories import NOW, ask, topic
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.fhir_writer import Record
from cds_service.stories.prefetch import prefetched, request_body
from cds_service.stories.subject import PATIENT_ID, SUBJECT, Resource
from fhir_mappings.packaged import packaged_data
from hooks.policy import PLAIN_CLASSES
from tests.unit.cds_service.knowledge.policies import policy_file

OWN = "https://clinic.example/codes"
SNOMED, ICD10_CM = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
CONCEPTS = {one["name"]: one for one in packaged_data("conditions")["concept"]}
CLASSES = {
    **packaged_data("drug_rules")["classes"],
    **{name: {} for name in PLAIN_CLASSES if name != "other"},
}
FINDINGS = [name for name, one in CONCEPTS.items() if one.get("fewer_critical")]
DRUG_CLASSES = [name for name, one in CLASSES.items() if one.get("fewer_critical")]
ANSWERED = f"""
[critical_off]
people = ["Dr Ana Silva", "Dr Ben Okoro"]
covers = {[*FINDINGS, *DRUG_CLASSES]}
reason = "the codes were looked up by both"
"""


def told(section: str, **entry: str) -> list[tuple[str, str]]:
    lines = "".join(f'{key} = "{value}"\n' for key, value in entry.items())
    return list(codes_for_two(tomllib.loads(f'[[{section}]]\nsystem = "{OWN}"\ncode = "X1"\n{lines}')))


@pytest.mark.parametrize("name", FINDINGS)
def test_a_code_of_a_finding_that_can_take_a_critical_card_away_is_found(name: str) -> None:
    assert told("condition", finding=name) == [(name, f"[[condition]] X1 = {name}")]


def test_so_is_one_of_a_result_that_decides_on_a_critical_card() -> None:
    names = {one["name"] for one in packaged_data("labs")["analyte"]}
    assert {name for name in names if told("lab", analyte=name)} == names, "each of them adds points, or decides alone"
    assert told("lab", analyte="total_calcium") == [("total_calcium", "[[lab]] X1 = total_calcium")]


@pytest.mark.parametrize("name", DRUG_CLASSES)
def test_so_is_one_of_such_a_drug_class(name: str) -> None:
    assert told("drug", drug_class=name, name="x") == [(name, f"[[drug]] X1 = {name}")]


def test_no_other_code_is() -> None:
    assert [told("condition", finding=name) for name in {*CONCEPTS} - {*FINDINGS}] == [[]] * (
        len(CONCEPTS) - len(FINDINGS)
    )
    assert [told("drug", drug_class=name, name="x") for name in {*CLASSES} - {*DRUG_CLASSES}] == [[]] * (
        len(CLASSES) - len(DRUG_CLASSES)
    )
    assert list(codes_for_two({})) == []


# ------------------------------------------------------------------ patients with a critical card
def entry(text: str = "", system: str = SNOMED, code: str = "", status: str = "active") -> Resource:
    concept = {"coding": [{"system": system, "code": code}]} if code else {"coding": []}
    clinical = {"coding": [{"code": status}]}
    return {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "code": {**concept, "text": text},
        "clinicalStatus": clinical,
    }


def order(text: str, status: str = "active", coding: Resource | None = None) -> Resource:
    drug = {"text": text, "coding": [coding] if coding else []}
    return {
        **{"resourceType": "MedicationRequest", "id": text or "x", "intent": "order", "subject": SUBJECT},
        **{"status": status, "authoredOn": "2026-11-01", "medicationCodeableConcept": drug},
    }


def calcium(value: float) -> Resource:
    return {
        **{"resourceType": "Observation", "id": "ca", "status": "final", "subject": SUBJECT},
        "code": {"coding": [{"system": "http://loinc.org", "code": "17861-6"}]},
        "effectiveDateTime": NOW.isoformat(),
        "valueQuantity": {"value": value, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }


PATIENT = {"resourceType": "Patient", "id": PATIENT_ID, "gender": "male", "birthDate": "1960-01-01"}
DIALYSIS = entry("Dependence on renal dialysis", code="105502003")
NECROSIS, HARD_SKIN = entry("Skin necrosis", code="95347000"), entry("Induration of skin", code="34319007")
PATIENTS: dict[str, list[Resource]] = {
    "necrosis on dialysis": [DIALYSIS, NECROSIS],
    "necrosis with end-stage disease": [entry("ESRD", ICD10_CM, "N18.6"), NECROSIS],
    "necrosis, dialysis in words": [entry("Haemodialysis patient"), NECROSIS],
    "hard skin and an ulcer": [DIALYSIS, HARD_SKIN, entry("Skin ulcer", code="46742003")],
    "gangrene at no place": [DIALYSIS, entry("Gangrene", ICD10_CM, "I96")],
    "gangrene in words": [DIALYSIS, entry("Gangrene")],
    "pain on warfarin": [DIALYSIS, entry("Painful violaceous skin lesion"), order("Warfarin 5 mg tablet")],
    "warfarin with calciphylaxis": [DIALYSIS, entry("Calciphylaxis"), order("Warfarin 5 mg tablet")],
    "calcium with calciphylaxis": [DIALYSIS, entry("Calciphylaxis"), order("Calcium acetate 667 mg"), calcium(8.0)],
    "calcium with very high calcium": [DIALYSIS, order("Calcium acetate 667 mg", "draft"), calcium(12.5)],
    "sepsis with calciphylaxis": [DIALYSIS, entry("Calciphylaxis"), entry("Sepsis", ICD10_CM, "A41.9")],
    "dialysis again in words": [
        {**entry("Kidney transplant 2010", ICD10_CM, "Z94.0"), "recordedDate": "2015-12-18"},
        {**entry("Now on haemodialysis again"), "recordedDate": "2026-08-22"},
        entry("Livedo reticularis"), order("Warfarin 5 mg tablet", "draft"),
    ],
    "vasculitis that was refuted": [
        DIALYSIS, NECROSIS, order("Warfarin 5 mg tablet", "draft"),
        {**entry("Vasculitis"), "verificationStatus": {"coding": [{"code": "refuted"}]}},
    ],
    "warfarin after calciphylaxis": [
        DIALYSIS, entry("Calciphylaxis", status="resolved"), order("Warfarin 5 mg tablet", "draft"),
    ],
}  # fmt: skip


@cache
def clinic() -> Knowledge:
    """A clinic with a code of its own for every finding and drug class."""
    codes = "".join(f'[[condition]]\nfinding = "{one}"\nsystem = "{OWN}"\ncode = "{one}"\n' for one in CONCEPTS)
    codes += "".join(
        f'[[drug]]\ndrug_class = "{one}"\nsystem = "{OWN}"\ncode = "{one}"\nname = "a thing"\n' for one in CLASSES
    )
    return knowledge_of(None, Settings(), parse_site_policy(policy_file(more=codes + ANSWERED), "north")).knowledge


@cache
def templates(hook: str) -> dict[str, str]:
    return {query.key: query.template() for query in clinic().queries_for(hook)}


def critical(resources: list[Resource]) -> dict[str, str]:
    """The critical cards of a patient, by what they are about ("vka" of vka-cua and vka-past-cua): their summary."""
    drafts = [one for one in resources if one.get("status") == "draft"]
    numbered = [{"id": f"r{number}", **one} for number, one in enumerate([PATIENT, *resources])]
    record = Record([one for one in numbered if one.get("status") != "draft"], drafts, [])
    hook = "order-sign" if drafts else "patient-view"
    found = prefetched(templates(hook), record, next(iter(DIALECTS.values())))
    answer = ask(request_body(hook, record, {"prefetch": found}), clinic(), NOW)
    assert not answer.refused
    return {topic(card).partition("-")[0]: card["summary"] for card in answer.cards if card["indicator"] == "critical"}


def with_finding(resources: list[Resource], finding: str) -> Iterator[list[Resource]]:
    """The patient with the finding under the clinic's code: apart, and on each entry of words alone."""
    coding = {"system": OWN, "code": finding}
    own = {"subject": SUBJECT, "code": {"coding": [coding]}}
    for kind in CONCEPTS[finding].get("kinds", ["condition"]):
        if kind == "condition":
            yield [*resources, {**own, "resourceType": "Condition"}]
        else:
            done = {"status": "completed", "performedDateTime": "2026-11-20"}
            yield [*resources, {**own, **done, "resourceType": "Procedure"}]
    for place, one in enumerate(resources):
        if one["resourceType"] == "Condition" and not one["code"]["coding"]:
            changed = deepcopy(resources)
            changed[place]["code"]["coding"].append(coding)
            yield changed


def with_drug(resources: list[Resource], drug_class: str) -> Iterator[list[Resource]]:
    """The patient with a drug of the class under the clinic's code, or with that code beside each that there is."""
    coding = {"system": OWN, "code": drug_class}
    yield [*resources, order("", coding=coding)]
    for place, one in enumerate(resources):
        if one["resourceType"] == "MedicationRequest":
            changed = deepcopy(resources)
            changed[place]["medicationCodeableConcept"]["coding"].append(coding)
            yield changed


@cache
def had(patient: str) -> frozenset[str]:
    return frozenset(critical(PATIENTS[patient]))


def lose(told_again: Any, name: str) -> list[str]:
    """The patients who lose a critical card, or its summary, by this finding or drug."""
    lost = []
    for patient, resources in PATIENTS.items():
        if any(not had(patient) <= critical(again).keys() for again in told_again(resources, name)):
            lost.append(patient)
    return lost


def test_every_patient_has_a_critical_card() -> None:
    assert [patient for patient in PATIENTS if not had(patient)] == []


@pytest.mark.parametrize("name", [name for name in FINDINGS if name != "valve_not_mechanical"])
def test_each_finding_that_is_marked_takes_a_critical_card_away(name: str) -> None:
    assert lose(with_finding, name)


def test_a_valve_that_is_said_not_to_be_mechanical_takes_the_caution_of_a_critical_card_away() -> None:
    patient = [entry("Aortic valve replacement"), *PATIENTS["warfarin with calciphylaxis"]]
    _, _, again, _ = with_finding(patient, "valve_not_mechanical")
    assert "valve" in critical(patient)["vka"]
    assert "valve" not in critical(again)["vka"]


@pytest.mark.parametrize("name", DRUG_CLASSES)
def test_each_drug_class_that_is_marked_takes_a_critical_card_away(name: str) -> None:
    assert lose(with_drug, name)


@pytest.mark.parametrize("name", sorted({*CONCEPTS} - {*FINDINGS}))
def test_no_other_finding_does(name: str) -> None:
    assert lose(with_finding, name) == []


@pytest.mark.parametrize("name", sorted({*CLASSES} - {*DRUG_CLASSES}))
def test_no_other_drug_class_does_since_the_words_of_an_order_still_count(name: str) -> None:
    assert lose(with_drug, name) == []
