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


BASE = "https://ehr.example/fhir"
SYSTEM = "http%3A%2F%2Floinc.org%7C"


def is_named(link: Any, search: str = SEARCH, url: str | None = None) -> bool:
    asked = asked_search(search)
    assert asked is not None
    return asked.is_named_by(bundle("Observation", link=link), url or f"{BASE}/{search}")


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}/{SEARCH}",
        f"{BASE}/{SEARCH}&_format=json",
        SEARCH,
        "https://inside.example/other/place/Observation/_search?subject=Patient/a1",
        f"{BASE}/Observation?code={SYSTEM}1,2&patient:Patient=a1",
        f"{BASE}/Observation?code=http://loinc.org|1&patient=a1",
        f"{BASE}/Observation?patient=a1",
        f"{BASE}/Patient/a1/Observation?code=1",
    ],
)
def test_a_self_link_with_the_type_and_the_patient_names_the_search(link: str) -> None:
    assert is_named(link)


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        7,
        BASE,
        f"{BASE}/Observation",
        f"{BASE}/Observation?code=1",
        f"{BASE}?_getpages=7f3",
        f"{BASE}/Observation?patient=a1&code=2",
        f"{BASE}/Observation?patient=a1&code={SYSTEM}2",
        f"{BASE}/Observation?code=2,3&patient=a1",
    ],
)
def test_without_a_link_or_without_the_patient_or_with_none_of_its_codes_it_is_not_named(link: Any) -> None:
    assert not is_named(link)


@pytest.mark.parametrize(
    ("link", "named"),
    [
        (f"{BASE}?_getpages=7f3&_getpagesoffset=2", True),
        ("https://inside.example/r4?_getpagesoffset=2&_getpages=7f3&_pretty=true", True),
        (f"{BASE}?patient=a1&code=1&_getpages=7f3&_getpagesoffset=2", True),
        (f"{BASE}?_getpages=7f4&_getpagesoffset=2", False),
        (f"{BASE}?_getpages=7f3", False),
        (BASE, False),
    ],
)
def test_a_further_page_is_named_by_all_that_stood_in_its_address(link: str, named: bool) -> None:
    assert is_named(link, url=f"{BASE}?_getpages=7f3&_getpagesoffset=2") is named


def test_an_address_without_parameters_is_named_by_no_other_address() -> None:
    assert not is_named(f"{BASE}/page/1", url=f"{BASE}/page/2")


def test_a_search_without_codes_is_not_named_by_one_with_codes() -> None:
    search = "Procedure?patient=a1&_sort=-date"
    assert is_named(f"{BASE}/{search}", search)
    assert not is_named(f"{BASE}/Procedure?patient=a1&code=302497006", search)


def test_a_search_for_no_patient_is_named_by_its_type() -> None:
    assert is_named(f"{BASE}/Patient", "Patient?_count=100")
    assert not is_named(BASE, "Patient?_count=100")


def test_a_resource_is_named_by_its_id() -> None:
    asked = asked_resource("Patient/a1")
    assert asked is not None
    assert asked.is_named_by({"resourceType": "Patient", "id": "a1"}, f"{BASE}/Patient/a1")
    assert not asked.is_named_by({"resourceType": "Patient"}, f"{BASE}/Patient/a1")
