"""MedicationRequests: where the drug is named, what is still to be read, and what names no drug."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.medications import is_active, medication_references, read_medication
from fhir_mappings.packaged import default_vocabulary
from hooks.chart import DrugMatch, Medication, Unreadable
from tests.unit.fhir_mappings.resources import RXNORM, Json, by_route, concept, prescription

UTC = ZoneInfo("UTC")
DRUGS = default_vocabulary().drugs
WARFARIN = (RXNORM, "855332", "warfarin sodium 5 MG Oral Tablet")
VKA = "vitamin_k_antagonist"


def read(request: Json, **medications: Json) -> Medication | Unreadable:
    at_hand = {f"Medication/{identifier}": medication for identifier, medication in medications.items()}
    return read_medication(request, at_hand, UTC, DRUGS)


def medication(request: Json, **medications: Json) -> Medication:
    found = read(request, **medications)
    assert isinstance(found, Medication), found
    return found


def classes(request: Json, **medications: Json) -> list[str]:
    return [match.drug_class for match in medication(request, **medications).matches]


def by_reference(reference: object = "Medication/m1", **more: Any) -> Json:
    return prescription(medicationCodeableConcept=None, medicationReference={"reference": reference, **more})


def test_a_coded_request_is_read_with_its_words_and_day() -> None:
    assert medication(prescription("Warfarin 5 mg", WARFARIN, id="a1")) == Medication(
        "MedicationRequest/a1", "Warfarin 5 mg", (DrugMatch(VKA, "warfarin", "RxNorm 855332"),), date(2026, 1, 15)
    )


def test_a_request_without_id_and_day_has_neither() -> None:
    found = medication(prescription("warfarin", authoredOn="2026"))
    assert (found.reference, found.authored) == ("", None)


@pytest.mark.parametrize(
    ("status", "do_not_perform", "expected"),
    [
        ("active", None, True),
        ("active", False, True),
        ("active", True, False),
        ("draft", None, False),
        ("on-hold", None, False),
        ("stopped", None, False),
        ("completed", None, False),
        ("Active", None, True),
        (None, None, True),
        (None, True, False),
    ],
)
def test_only_an_active_request_to_give_a_drug_is_exposure(
    status: str | None, do_not_perform: bool | None, expected: bool
) -> None:
    assert is_active(prescription("warfarin", status=status, doNotPerform=do_not_perform)) is expected


def test_a_contained_medication_is_read() -> None:
    request = by_reference("#m1") | {"contained": [{"id": "x"}, {"id": "m1", "code": concept("", WARFARIN)}]}
    assert classes(request) == [VKA]
    assert medication(request).display == WARFARIN[2]


@pytest.mark.parametrize(
    "reference",
    ["Medication/m1", "https://ehr.example/fhir/Medication/m1", "Medication/m1/_history/3", " Medication/m1 "],
)
def test_a_referenced_medication_that_is_at_hand_is_read(reference: str) -> None:
    assert classes(by_reference(reference), m1={"code": concept("", WARFARIN)}) == [VKA]


def test_a_reference_that_was_not_read_is_judged_by_its_display() -> None:
    found = medication(by_reference(display="warfarin 5 mg tablet"))
    assert (found.display, found.matches[0].how) == ("warfarin 5 mg tablet", "by name")


def test_a_contained_medication_that_is_missing_is_judged_by_its_display() -> None:
    assert classes(by_reference("#m1", display="warfarin")) == [VKA]


@pytest.mark.parametrize(
    "medication_r5",
    [{"concept": concept("", WARFARIN)}, {"reference": {"reference": "Medication/m1"}}],
)
def test_the_r5_shape_is_read_too(medication_r5: Json) -> None:
    request = prescription(medicationCodeableConcept=None, medication=medication_r5)
    assert classes(request, m1={"code": concept("", WARFARIN)}) == [VKA]


def test_the_codeable_concept_comes_before_a_reference() -> None:
    request = prescription("", WARFARIN, medicationReference={"display": "calcium acetate"})
    assert classes(request) == [VKA]


def ingredients(*texts: str) -> Json:
    return {"ingredient": [{"itemCodeableConcept": concept(text)} for text in texts]}


def test_a_medication_without_a_code_is_known_by_its_ingredients() -> None:
    mixture = ingredients("calcium carbonate tablet", "cholecalciferol", "calcium citrate tablet")
    found = medication(by_reference(), m1=mixture)
    assert [match.drug_class for match in found.matches] == ["calcium_product", "nutritional_vitamin_d"]
    assert found.display == "calcium carbonate tablet / cholecalciferol / calcium citrate tablet"


def test_four_ingredients_are_a_multivitamin() -> None:
    assert classes(by_reference(), m1=ingredients("calcium carbonate", "cholecalciferol", "zinc", "copper")) == []


def test_ingredients_in_the_r5_shape_are_read() -> None:
    assert classes(by_reference(), m1={"ingredient": [{"item": {"concept": concept("warfarin")}}]}) == [VKA]


def test_the_display_of_the_reference_is_shown_where_the_medication_has_no_words() -> None:
    found = medication(by_reference(display="Coumadin"), m1={"code": concept("", (RXNORM, "855332"))})
    assert (found.display, found.matches[0].how) == ("Coumadin", "RxNorm 855332")


@pytest.mark.parametrize(
    ("coding", "display"),
    [((RXNORM, "855332"), "warfarin"), ((RXNORM, "999"), "999"), (("urn:local", "L7"), "L7")],
)
def test_a_drug_without_words_is_shown_by_our_name_or_its_code(coding: tuple[str, str], display: str) -> None:
    assert medication(prescription("", coding)).display == display


def test_ingredients_without_words_are_shown_as_a_drug_without_a_name() -> None:
    assert medication(by_reference(), m1={"ingredient": [{"strength": {}}]}).display == "drug without a name"


@pytest.mark.parametrize(
    ("text", "route", "expected"),
    [
        ("calcium gluconate", "Oral", ["calcium_product"]),
        ("calcium gluconate", "IV", []),
        ("calcitriol", "Topical", []),
    ],
)
def test_the_route_of_the_order_is_heard(text: str, route: str, expected: list[str]) -> None:
    assert classes(prescription(text, dosageInstruction=by_route(route))) == expected


@pytest.mark.parametrize(
    "request_",
    [
        prescription(medicationCodeableConcept=None),
        prescription(),
        prescription(medicationCodeableConcept="warfarin"),
        prescription(medicationCodeableConcept={"coding": [{"system": RXNORM}]}),
        prescription(medicationCodeableConcept=None, medication=["warfarin"]),
        by_reference(),
        by_reference("#m1"),
        by_reference(None),
        by_reference("Substance/m1"),
        by_reference(5),
    ],
)
def test_a_request_that_names_no_drug_is_listed(request_: Json) -> None:
    assert read(request_) == Unreadable("medication", "names no drug")


# ---------------------------------------------------------------- what is still to be read


def test_references_that_are_not_at_hand_are_still_to_be_read() -> None:
    requests = [by_reference("Medication/a"), by_reference("https://ehr.example/fhir/Medication/b"), by_reference()]
    at_hand = [{"resourceType": "Medication", "id": "m1"}, "x", {"resourceType": "Medication"}]
    assert medication_references(requests, at_hand) == {"Medication/a", "Medication/b"}


@pytest.mark.parametrize(
    "request_",
    [
        by_reference("#m1"),
        by_reference("Medication/../../Patient/p2"),
        by_reference("Medication/a?x=y"),
        by_reference("Medication/" + "a" * 65),
        by_reference("Medication/"),
        by_reference("Patient/p1"),
        by_reference("m1"),
        by_reference(None),
        by_reference() | {"status": "stopped"},
        by_reference() | {"status": "entered-in-error"},
        by_reference() | {"doNotPerform": True},
        by_reference() | {"medicationCodeableConcept": concept("warfarin")},
        by_reference() | {"resourceType": "MedicationStatement"},
        prescription("warfarin"),
        "MedicationRequest",
        None,
    ],
)
def test_nothing_is_read_for_other_requests(request_: object) -> None:
    assert medication_references([request_]) == set()


@pytest.mark.parametrize("status", ["active", "draft", None])
def test_drafts_and_active_orders_are_read(status: str | None) -> None:
    assert medication_references([by_reference() | {"status": status}]) == {"Medication/m1"}
