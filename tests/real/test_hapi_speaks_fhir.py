"""What our queries take for granted of a FHIR R4 server, asked of a real one (HAPI FHIR).

What may live here: one promise of the FHIR search per test, seen from the outside; no code of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

pytestmark = pytest.mark.real

Json = dict[str, Any]
Search = Callable[[str], Json]

PATIENT, STRANGER = "cds-speaks-patient", "cds-speaks-stranger"
CALCIUM, IONISED, PHOSPHATE, UNHEARD_OF = "17861-6", "1994-3", "2777-1", "99999-9"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


def an_observation(name: str, code: str, on: str, patient: str = PATIENT) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"cds-speaks-{name}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": on,
        "valueQuantity": {"value": 9.4, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }


def a_condition(name: str, recorded: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"cds-speaks-{name}",
        "code": {"text": name},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "recordedDate": recorded,
    }


def a_prescription(name: str, status: str, authored: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": f"cds-speaks-{name}",
        "status": status,
        "intent": "order",
        "medicationReference": {"reference": "Medication/cds-speaks-warfarin"},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": authored,
    }


def a_procedure(name: str, code: str, performed: Mapping[str, Any]) -> Json:
    return {
        "resourceType": "Procedure",
        "id": f"cds-speaks-{name}",
        "status": "completed",
        "code": {"coding": [{"system": SNOMED, "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        **performed,
    }


# In an order in which every reference is known when it is met.
RECORDS: tuple[Json, ...] = (
    {"resourceType": "Patient", "id": PATIENT, "birthDate": "1952-03-01", "gender": "female"},
    {"resourceType": "Patient", "id": STRANGER},
    {"resourceType": "Medication", "id": "cds-speaks-warfarin", "code": {"text": "warfarin"}},
    an_observation("calcium-may-1", CALCIUM, "2026-05-01"),
    an_observation("calcium-may-9-noon", CALCIUM, "2026-05-09T12:00:00Z"),
    an_observation("calcium-may-10-noon", CALCIUM, "2026-05-10T12:00:00Z"),
    an_observation("calcium-may-20", CALCIUM, "2026-05-20"),
    an_observation("ionised-may-15", IONISED, "2026-05-15"),
    an_observation("phosphate-may-15", PHOSPHATE, "2026-05-15"),
    an_observation("calcium-of-a-stranger", CALCIUM, "2026-05-15", STRANGER),
    a_condition("recorded-in-2024", "2024-02-01"),
    a_condition("recorded-in-2026", "2026-02-01"),
    a_condition("recorded-in-2025", "2025-02-01"),
    a_prescription("prescribed-in-january", "active", "2026-01-01"),
    a_prescription("prescribed-in-march", "active", "2026-03-01"),
    a_prescription("stopped", "stopped", "2026-04-01"),
    a_procedure("haemodialysis-on-may-2", "302497006", {"performedDateTime": "2026-05-02"}),
    a_procedure("haemodialysis-from-april", "302497006", {"performedPeriod": {"start": "2026-04-01"}}),
    a_procedure("appendicectomy", "80146002", {"performedDateTime": "2026-05-03"}),
)


@pytest.fixture(scope="module")
def base(hapi: str, http: requests.Session) -> Iterator[str]:
    """The server with our records on it; they are taken away at the end."""
    for record in RECORDS:
        put = http.put(f"{hapi}/{record['resourceType']}/{record['id']}", json=record, timeout=120)
        assert put.status_code in {200, 201}, put.text
    yield hapi
    for record in reversed(RECORDS):
        http.delete(f"{hapi}/{record['resourceType']}/{record['id']}", timeout=60).raise_for_status()


@pytest.fixture(scope="module")
def search(base: str, http: requests.Session) -> Search:
    """Search by GET below the base; answers the Bundle."""

    def ask(path_and_query: str) -> Json:
        answer = http.get(f"{base}/{path_and_query}", timeout=60)
        assert answer.status_code == 200, answer.text
        bundle: Json = answer.json()
        assert bundle["resourceType"] == "Bundle"
        return bundle

    return ask


def names(bundle: Json) -> list[str]:
    """The ids found, in the server's order, without our prefix."""
    return [entry["resource"]["id"].removeprefix("cds-speaks-") for entry in bundle.get("entry", [])]


def next_page(bundle: Json) -> str | None:
    return next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)


def test_a_patient_is_read_by_id(base: str, http: requests.Session) -> None:
    assert http.get(f"{base}/Patient/{PATIENT}", timeout=60).json()["birthDate"] == "1952-03-01"


def test_a_list_of_bare_codes_finds_each_of_them_and_nothing_else(search: Search) -> None:
    bundle = search(f"Observation?patient={PATIENT}&code={IONISED},{PHOSPHATE}")
    assert sorted(names(bundle)) == ["ionised-may-15", "phosphate-may-15"]


def test_an_unheard_of_code_in_the_list_does_no_harm(search: Search) -> None:
    assert names(search(f"Observation?patient={PATIENT}&code={UNHEARD_OF},{IONISED}")) == ["ionised-may-15"]


def test_only_unheard_of_codes_give_an_empty_bundle_and_no_error(search: Search) -> None:
    bundle = search(f"Observation?patient={PATIENT}&code={UNHEARD_OF}")
    assert names(bundle) == []
    assert next_page(bundle) is None


def test_another_patients_results_stay_away(search: Search) -> None:
    assert "calcium-of-a-stranger" not in names(search(f"Observation?patient={PATIENT}&code={CALCIUM}"))
    assert names(search(f"Observation?patient={STRANGER}&code={CALCIUM}")) == ["calcium-of-a-stranger"]


def test_a_first_date_keeps_its_own_day_and_drops_the_day_before(search: Search) -> None:
    bundle = search(f"Observation?patient={PATIENT}&code={CALCIUM}&date=ge2026-05-10")
    assert sorted(names(bundle)) == ["calcium-may-10-noon", "calcium-may-20"]


def test_results_come_newest_first(search: Search) -> None:
    bundle = search(f"Observation?patient={PATIENT}&code={CALCIUM},{IONISED}&_sort=-date")
    assert names(bundle) == [
        "calcium-may-20",
        "ionised-may-15",
        "calcium-may-10-noon",
        "calcium-may-9-noon",
        "calcium-may-1",
    ]


def test_pages_follow_one_another_below_the_same_base_until_all_is_read(
    base: str, search: Search, http: requests.Session
) -> None:
    page = search(f"Observation?patient={PATIENT}&code={CALCIUM}&_sort=-date&_count=2")
    found, pages = names(page), 1
    while (link := next_page(page)) is not None:
        assert urlsplit(link)[:2] == urlsplit(base)[:2]
        assert urlsplit(link).path.startswith(urlsplit(base).path)
        page = http.get(link, timeout=60).json()
        found += names(page)
        pages += 1
    assert found == ["calcium-may-20", "calcium-may-10-noon", "calcium-may-9-noon", "calcium-may-1"]
    assert pages == 2


def test_conditions_come_latest_recorded_first(search: Search) -> None:
    bundle = search(f"Condition?patient={PATIENT}&_sort=-recorded-date")
    assert names(bundle) == ["recorded-in-2026", "recorded-in-2025", "recorded-in-2024"]


def test_active_prescriptions_come_latest_first_without_the_stopped_one(search: Search) -> None:
    bundle = search(f"MedicationRequest?patient={PATIENT}&status=active&_sort=-authoredon")
    assert names(bundle) == ["prescribed-in-march", "prescribed-in-january"]


def test_procedures_are_found_by_code_whether_dated_by_day_or_by_period(search: Search) -> None:
    bundle = search(f"Procedure?patient={PATIENT}&code=302497006,71192002&_sort=-date")
    assert sorted(names(bundle)) == ["haemodialysis-from-april", "haemodialysis-on-may-2"]


def test_a_medication_that_a_prescription_refers_to_is_read_by_id(base: str, http: requests.Session) -> None:
    assert http.get(f"{base}/Medication/cds-speaks-warfarin", timeout=60).json()["code"]["text"] == "warfarin"


def test_a_medication_that_is_not_there_is_a_404_with_an_operation_outcome(base: str, http: requests.Session) -> None:
    answer = http.get(f"{base}/Medication/cds-speaks-nothing", timeout=60)
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_misspelt_search_parameter_is_refused_and_not_ignored(base: str, http: requests.Session) -> None:
    answer = http.get(f"{base}/Observation?patient={PATIENT}&coed={CALCIUM}", timeout=60)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["severity"] == "error"


def test_the_validator_finds_nothing_wrong_with_valid_records(
    validate: Callable[[Mapping[str, Any]], list[str]],
) -> None:
    assert validate(an_observation("valid", CALCIUM, "2026-05-01")) == []


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("no status", {"status": None}),
        ("a status of its own", {"status": "fine"}),
        ("an unknown element", {"colour": "red"}),
    ],
)
def test_the_validator_finds_what_is_wrong(
    what: str, wrong: Json, validate: Callable[[Mapping[str, Any]], list[str]]
) -> None:
    record = an_observation("invalid", CALCIUM, "2026-05-01") | wrong
    assert validate({key: value for key, value in record.items() if value is not None}), what
