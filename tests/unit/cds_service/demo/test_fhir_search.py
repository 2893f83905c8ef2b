"""The sandbox's search, parameter by parameter, on resources small enough to see."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cds_service.demo.fhir_search import LARGEST_PAGE, search
from cds_service.demo.fhir_store import SandboxError, SandboxStore

BASE = "http://127.0.0.1/fhir"


def observation(id_: str, patient: str, code: str, day: str | None, **more: Any) -> dict[str, Any]:
    dated = {"effectiveDateTime": day} if day else {}
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": "urn:category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}, {"display": "a name alone"}]},
        "subject": {"reference": f"Patient/{patient}"},
        **dated,
        **more,
    }


STORE = SandboxStore(
    [
        {
            "resourceType": "Patient",
            "id": "a",
            "name": [{"family": "Synthetic", "given": ["Ottilie", None]}, "rubbish", {"text": "Tilly S"}],
            "meta": {"tag": [{"system": "urn:tag", "code": "t"}]},
        },
        {"resourceType": "Patient", "id": "b", "identifier": [{"system": "urn:mrn", "value": "7"}]},
        observation("o1", "a", "2777-1", "2026-03-01T08:00:00Z"),
        observation("o2", "a", "17861-6", "2026-02-01"),
        observation("o3", "a", "2777-1", "2026-02-15", status="cancelled"),
        observation("o4", "b", "2777-1", "2026-03-01"),
        observation("o5", "a", "718-7", None),
        observation("o6", "a", "718-7", None, effectivePeriod={"start": "2026-01-01", "end": "2026-01-03"}),
        {"resourceType": "Condition", "id": "c1", "recordedDate": "2026-01-05", "subject": {"reference": "Patient/a"}},
        {
            "resourceType": "Condition",
            "id": "c2",
            "subject": {"reference": f"{BASE}/Patient/a"},
            "clinicalStatus": {"coding": [{"system": "urn:clinical", "code": "resolved"}]},
        },
        {"resourceType": "AllergyIntolerance", "id": "x1", "patient": {"reference": "Patient/a"}},
        {"resourceType": "Medication", "id": "m1"},
        *[
            {
                "resourceType": "MedicationRequest",
                "id": id_,
                "subject": {"reference": "Patient/a"},
                "authoredOn": day,
                "medicationReference": {"reference": reference},
            }
            for id_, day, reference in [
                ("r1", "2026-01-01", "Medication/m1"),
                ("r2", "2026-02-01", "Medication/m1"),
                ("r3", "2025-12-01", "Medication/lost"),
            ]
        ],
        {"resourceType": "Procedure", "id": "p1", "performedPeriod": {"start": "2026-02-27T08:00:00Z"}},
        {"resourceType": "MedicationStatement", "id": "s1", "status": "active", "effectiveDateTime": "2026-01-03"},
        {"resourceType": "MedicationStatement", "id": "s2", "status": "stopped", "effectiveDateTime": "2026-01-05"},
        {"resourceType": "MedicationAdministration", "id": "g1", "effectivePeriod": {"start": "2026-01-03"}},
        {"resourceType": "MedicationAdministration", "id": "g2", "effectiveDateTime": "2026-01-01"},
        {"resourceType": "MedicationDispense", "id": "d1", "whenHandedOver": "2026-01-03"},
        {"resourceType": "MedicationDispense", "id": "d2", "whenPrepared": "2026-01-03"},
    ]
)


def found(kind: str, *query: tuple[str, str]) -> list[str]:
    entries = search(STORE, BASE, kind, query).get("entry", [])
    return [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == "match"]


OBSERVATIONS = ["o1", "o2", "o3", "o4", "o5", "o6"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ([], OBSERVATIONS),
        ([("_id", "o2,o4")], ["o2", "o4"]),
        ([("_id", "nobody")], []),
        ([("patient", "b")], ["o4"]),
        ([("patient", "Patient/b")], ["o4"]),
        ([("subject", f"{BASE}/Patient/b")], ["o4"]),
        ([("patient", "a,b")], OBSERVATIONS),
        ([("patient", "nobody")], []),
        ([("patient", "")], []),
        ([("code", "2777-1")], ["o1", "o3", "o4"]),
        ([("code", "http://loinc.org|2777-1")], ["o1", "o3", "o4"]),
        ([("code", "urn:other|2777-1")], []),
        ([("code", "|2777-1")], []),
        ([("code", "http://loinc.org|")], OBSERVATIONS),
        ([("code", "17861-6,http://loinc.org|718-7")], ["o2", "o5", "o6"]),
        ([("category", "laboratory")], OBSERVATIONS),
        ([("category", "vital-signs")], []),
        ([("status", "cancelled")], ["o3"]),
        ([("patient", "a"), ("code", "2777-1"), ("status", "final")], ["o1"]),
        ([("date", "2026-03-01")], ["o1", "o4"]),
        ([("date", "ge2026-02-15")], ["o1", "o3", "o4"]),
        ([("date", "gt2026-02-15")], ["o1", "o4"]),
        ([("date", "lt2026-02-01")], ["o6"]),
        ([("date", "le2026-02-01")], ["o2", "o6"]),
        ([("date", "ge2026-02-01"), ("date", "lt2026-02-16")], ["o2", "o3"]),
        ([("date", "2026-02-01,2026-02-15")], ["o2", "o3"]),
        ([("an-unknown-parameter", "1")], OBSERVATIONS),
    ],
)
def test_observations_are_found_by(query: list[tuple[str, str]], ids: list[str]) -> None:
    assert found("Observation", *query) == ids


@pytest.mark.parametrize(
    ("kind", "query", "ids"),
    [
        ("Patient", ("name", "synth"), ["a"]),
        ("Patient", ("name", "OTT"), ["a"]),
        ("Patient", ("name", "tilly"), ["a"]),
        ("Patient", ("name", "lie"), []),
        ("Patient", ("_tag", "urn:tag|t"), ["a"]),
        ("Patient", ("_tag", "urn:tag|other"), []),
        ("Patient", ("identifier", "urn:mrn|7"), ["b"]),
        ("Condition", ("clinical-status", "resolved"), ["c2"]),
        ("Condition", ("patient", "a"), ["c1", "c2"]),
        ("Condition", ("recorded-date", "ge2026-01-05"), ["c1"]),
        ("AllergyIntolerance", ("patient", "a"), ["x1"]),
        ("AllergyIntolerance", ("date", "ge2026-01-01"), ["x1"]),
        ("MedicationRequest", ("authoredon", "lt2026-01-01"), ["r3"]),
        ("Procedure", ("date", "ge2026-03-01"), ["p1"]),
        ("MedicationStatement", ("status", "active"), ["s1"]),
        ("MedicationStatement", ("effective", "ge2026-01-04"), ["s2"]),
        ("MedicationAdministration", ("effective-time", "ge2026-01-03"), ["g1"]),
        ("MedicationDispense", ("whenhandedover", "ge2026-01-03"), ["d1"]),
        ("Immunization", ("patient", "a"), []),
    ],
)
def test_other_resources_are_found_by(kind: str, query: tuple[str, str], ids: list[str]) -> None:
    assert found(kind, query) == ids


@pytest.mark.parametrize(
    ("kind", "key", "ids"),
    [
        ("Observation", "date", ["o6", "o2", "o3", "o4", "o1", "o5"]),
        ("Observation", "-date", ["o1", "o4", "o3", "o2", "o6", "o5"]),
        ("Observation", "-_id", OBSERVATIONS[::-1]),
        ("Observation", "-unknown", OBSERVATIONS),
        ("MedicationRequest", "-authoredon", ["r2", "r1", "r3"]),
        ("Condition", "recorded-date", ["c1", "c2"]),
        ("Patient", "-_id", ["b", "a"]),
        ("Patient", "date", ["a", "b"]),
    ],
)
def test_what_has_no_date_is_sorted_last_and_unknown_keys_change_nothing(kind: str, key: str, ids: list[str]) -> None:
    assert found(kind, ("_sort", key)) == ids


def test_the_first_sort_key_counts_most() -> None:
    same_day = SandboxStore(observation(id_, "a", "x", day) for id_, day in [("1", "2026-01-02"), ("2", "2026-01-02")])
    entries = search(same_day, BASE, "Observation", [("_sort", "date,-_id")])["entry"]
    assert [entry["resource"]["id"] for entry in entries] == ["2", "1"]


def test_pages_follow_each_other_to_the_end_and_miss_nothing() -> None:
    query = [("_count", "2"), ("_sort", "_id"), ("status", "final,cancelled")]
    seen: list[str] = []
    while query:
        bundle = search(STORE, BASE, "Observation", query)
        assert bundle["total"] == len(OBSERVATIONS)
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        next_page = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        query = parse_qsl(urlsplit(next_page[0]).query) if next_page else []
    assert seen == OBSERVATIONS


def test_a_page_of_none_gives_the_total_alone() -> None:
    bundle = search(STORE, BASE, "Observation", [("_count", "0")])
    assert bundle["total"] == len(OBSERVATIONS)
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_a_page_is_never_larger_than_the_server_allows() -> None:
    store = SandboxStore({"resourceType": "Patient", "id": str(number)} for number in range(LARGEST_PAGE + 1))
    bundle = search(store, BASE, "Patient", [("_count", str(LARGEST_PAGE + 1))])
    assert len(bundle["entry"]) == LARGEST_PAGE


def test_the_medications_of_the_page_are_included_once_and_those_not_there_left_out() -> None:
    query = [("_include", "MedicationRequest:medication")]
    entries = search(STORE, BASE, "MedicationRequest", query)["entry"]
    included = [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == "include"]
    assert included == ["m1"]
    assert found("MedicationRequest", *query) == ["r1", "r2", "r3"]


@pytest.mark.parametrize(
    "query",
    [
        ("date", "ge"),
        ("date", "soon"),
        ("authoredon", "2026-99"),
        ("_count", "many"),
        ("_count", "-1"),
        ("_offset", "x"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_and_not_taken_for_no_match(query: tuple[str, str]) -> None:
    with pytest.raises(SandboxError) as refused:
        search(SandboxStore(), BASE, "Observation", [query])
    assert refused.value.status == 400
