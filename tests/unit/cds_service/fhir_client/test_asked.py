"""An answer that says that it belongs to another question is refused; one that does not say so is not."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir_client.asked import asked_resource, asked_search
from cds_service.fhir_client.terms import OTHER_PATIENT, OTHER_RESOURCE, OTHER_RESOURCES, OTHER_SEARCH

LOWER = "3f2a1c9e-0b1d-4e2f-8a7b-6c5d4e3f2a1b"
SEARCH = "Observation?patient=a1&code=1&_count=2"


def bundle(*types: str, link: Any = None, **members: Any) -> dict[str, Any]:
    entries = [{"resource": {"resourceType": one}, **members} for one in types]
    links = {} if link is None else {"link": [{"relation": "self", "url": link}]}
    return {"resourceType": "Bundle", "entry": entries, **links}


def objection(found: dict[str, Any], search: str = SEARCH) -> str | None:
    asked = asked_search(search)
    assert asked is not None
    return asked.objection(found)


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        7,
        "Observation?patient=a1",
        "https://ehr.example/fhir/Observation?patient=a1&code=1",
        "https://inside.example/other/place/Observation/_search?subject=Patient/a1",
        "https://ehr.example/fhir/Observation?patient:Patient=a1",
        "https://ehr.example/fhir/Observation?patient=https%3A%2F%2Fehr.example%2Ffhir%2FPatient%2Fa1",
        "https://ehr.example/fhir/Observation?patient=Patient/a1/_history/2",
        "https://ehr.example/fhir/Patient/a1/Observation?code=1",
        "https://ehr.example/fhir/Observation?patient=a1,a2",
        "https://ehr.example/fhir/Observation?code=1",
        "https://ehr.example/fhir?_getpages=7f3",
        "https://ehr.example/FHIR/R4?_getpages=7f3",
        "https://ehr.example/Api/Fhir/?page=2",
        "https://[ehr/fhir",
    ],
)
def test_an_answer_that_names_what_was_asked_or_nothing_passes(link: Any) -> None:
    assert objection(bundle("Observation", link=link)) is None
    assert objection(bundle(link=link)) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://ehr.example/fhir/Condition?patient=a1",
        "Condition?patient=a1",
        "https://ehr.example/fhir/Condition/_search?patient=a1",
        "https://ehr.example/fhir/Observation?patient=a2",
        "https://ehr.example/fhir/Observation?patient=A1",
        "https://ehr.example/fhir/Observation?subject=Patient/a2",
        "https://ehr.example/fhir/Observation?subject:Patient=a2",
        "https://ehr.example/fhir/Patient/a2/Observation",
        "https://ehr.example/fhir/Observation?patient=a2,a3",
    ],
)
def test_an_answer_that_names_another_type_or_patient_is_refused(link: str) -> None:
    assert objection(bundle("Observation", link=link)) == OTHER_SEARCH
    assert objection(bundle(link=link)) == OTHER_SEARCH


def test_a_patient_is_the_same_in_every_spelling_of_a_uuid() -> None:
    search, link = f"Observation?patient={LOWER}", f"Observation?patient=urn:uuid:{LOWER.upper()}"
    assert objection(bundle(link=link), search) is None


def test_a_search_that_names_no_patient_may_be_answered_for_any() -> None:
    assert objection(bundle(link="Patient?patient=a2"), "Patient?_count=100") is None


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (bundle(), None),
        (bundle("Observation"), None),
        (bundle("Basic", "Observation"), None),
        (bundle("Condition"), OTHER_RESOURCES),
        (bundle("Condition", "Basic"), OTHER_RESOURCES),
        (bundle("OperationOutcome"), None),
        (bundle("Medication", search={"mode": "include"}), None),
        ({"resourceType": "Bundle", "entry": {}}, None),
        ({"resourceType": "Bundle", "entry": [7, {}, {"resource": 7}]}, None),
    ],
)
def test_matches_that_are_all_of_another_type_are_no_answer(found: dict[str, Any], problem: str | None) -> None:
    assert objection(found) == problem


@pytest.mark.parametrize("search", ["", "?page=2", "page/1", "Observation/1", "metadata"])
def test_what_names_no_type_is_not_compared(search: str) -> None:
    assert asked_search(search) is None


@pytest.mark.parametrize(
    ("path", "found", "problem"),
    [
        ("Medication/a1", {"resourceType": "Medication", "id": "a1"}, None),
        ("Medication/a1?_elements=code", {"resourceType": "Medication", "id": "a1"}, None),
        ("Medication/a1", {"resourceType": "Medication"}, None),
        ("Medication/a1", {"resourceType": "Medication", "id": "a2"}, OTHER_RESOURCE),
        ("Medication/a1", {"resourceType": "Basic", "id": "a1"}, OTHER_RESOURCE),
        ("Patient/a1", {"resourceType": "Patient", "id": "a2"}, OTHER_PATIENT),
        (f"Patient/{LOWER}", {"resourceType": "Patient", "id": LOWER.upper()}, None),
    ],
)
def test_a_resource_is_the_one_that_was_asked_for(path: str, found: dict[str, Any], problem: str | None) -> None:
    asked = asked_resource(path)
    assert asked is not None
    assert asked.objection(found) == problem


@pytest.mark.parametrize("path", ["metadata", "Patient", "Patient/1/_history/2"])
def test_what_is_no_type_and_id_is_not_compared(path: str) -> None:
    assert asked_resource(path) is None
