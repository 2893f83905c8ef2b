"""The chart shows what the FHIR server holds, in its own words, and says what it could not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses

from cds_service.ehr_client.ehr import Ehr, EhrError
from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.web.ehr.chart import ShownChart, read_chart
from cds_service.web.ehr.person import find_patients, person, read_person
from cds_service.web.ehr.rows import ChartRow, order_row

FHIR = "https://ehr.example/fhir"
ON = date(2026, 3, 2)
KNOWLEDGE = load_knowledge(Settings())
PERSON = person({"id": "p1", "birthDate": "1950-03-03", "gender": "female"}, ON)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        yield faked


def chart(mock: responses.RequestsMock, knowledge: Knowledge = KNOWLEDGE, **held: Any) -> ShownChart:
    for kind in ("Condition", "MedicationRequest", "ServiceRequest", "Observation"):
        resources = held.get(kind, [])
        if isinstance(resources, int):
            mock.get(f"{FHIR}/{kind}", status=resources)
        else:
            entries = [{"resource": {"resourceType": kind, **resource}} for resource in resources]
            mock.get(f"{FHIR}/{kind}", json={"resourceType": "Bundle", "entry": entries, "link": held.get("link")})
    return read_chart(Ehr("", FHIR), PERSON, knowledge, ON)


def test_a_person_is_told_by_name_sex_age_and_identifier() -> None:
    told = person(
        {
            "id": "p1",
            "name": [{}, {"family": "Doe", "given": ["Ann", 7]}],
            "gender": "female",
            "birthDate": "1950-03-03",
            "identifier": [{"value": "kidney-7"}],
        },
        ON,
    )
    assert (told.name, told.sex, told.age, told.known_as) == ("Doe, Ann", "female", "75", "kidney-7")


def test_what_is_not_recorded_of_a_person_is_left_open() -> None:
    told = person({"birthDate": "1950"}, ON)
    assert (told.name, told.sex, told.age) == ("patient without a name", "sex not recorded", "")
    assert person({"name": [{"text": "Ann Doe"}], "birthDate": "1950-03-02"}, ON).age == "76"


def test_conditions_are_shown_newest_first_with_a_status_that_matters(mock: responses.RequestsMock) -> None:
    old = {"code": {"text": "Old"}, "onsetDateTime": "2020-01-02T10:00:00Z"}
    new = {
        "code": {"coding": [{"code": "L97", "display": "Ulcer"}]},
        "recordedDate": "2026-01",
        "clinicalStatus": {"coding": [{"code": "resolved"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
    }
    assert chart(mock, Condition=[old, new]).conditions.rows == (
        ChartRow("Ulcer", "", "2026-01", "resolved", "L97"),
        ChartRow("Old", "", "2020-01-02"),
    )


def test_conditions_and_orders_are_dated_by_the_clinic(mock: responses.RequestsMock) -> None:
    late = {"status": "active", "authoredOn": "2025-11-20T23:30:00Z"}
    berlin = replace(KNOWLEDGE, zone=ZoneInfo("Europe/Berlin"))
    held = {"Condition": [{"recordedDate": late["authoredOn"]}], "MedicationRequest": [late], "ServiceRequest": [late]}
    found = chart(mock, berlin, **held)
    for section in (found.conditions, found.medications, found.orders):
        assert [row.day for row in section.rows] == ["2025-11-21"]


def test_what_was_entered_in_error_is_no_entry_of_a_list_of_what_is_there(mock: responses.RequestsMock) -> None:
    mistaken = {"code": {"text": "Old"}, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    found = chart(mock, Condition=[mistaken], MedicationRequest=[{"status": "entered-in-error"}])
    assert found.conditions.rows == found.medications.rows == ()


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ({"medicationCodeableConcept": {"text": "warfarin 5 mg"}}, "warfarin 5 mg"),
        ({"medicationReference": {"display": "warfarin"}}, "warfarin"),
        (
            {
                "contained": [{"id": "m", "code": {"text": "held inside"}}],
                "medicationReference": {"reference": "#m", "display": "x"},
            },
            "held inside",
        ),
        ({}, "MedicationRequest"),
    ],
)
def test_a_drug_is_named_however_the_order_names_it(
    order: dict[str, Any], what: str, mock: responses.RequestsMock
) -> None:
    (row,) = chart(mock, MedicationRequest=[order]).medications.rows
    assert row.what == what


def test_a_drug_in_a_resource_of_its_own_is_named_by_it(mock: responses.RequestsMock) -> None:
    order = {"medicationReference": {"reference": "Medication/m1"}}
    drug = {"resourceType": "Medication", "id": "m1", "code": {"text": "calcitriol"}}
    (row,) = chart(mock, MedicationRequest=[order, drug]).medications.rows
    assert row.what == "calcitriol"


def test_results_are_counted_by_kind(mock: responses.RequestsMock) -> None:
    results = [{"code": {"text": name}, "valueString": "x"} for name in ("Potassium", "Sodium", "potassium")]
    found = chart(mock, Observation=results).results
    assert found.count == "3 results of 2 kinds, newest first"


def test_what_could_not_be_read_is_said_beside_what_could(mock: responses.RequestsMock) -> None:
    found = chart(mock, Condition=403, Observation=[{"valueString": "x"}])
    assert found.conditions.fault == "could not be read (status 403)"
    assert len(found.results.rows) == 1


ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "broken"}]}


@pytest.mark.parametrize("body", [ERROR, {}, {"resourceType": "Patient"}])
def test_an_answer_that_is_no_bundle_is_not_an_empty_chart(body: dict[str, Any], mock: responses.RequestsMock) -> None:
    for kind in ("Condition", "MedicationRequest", "ServiceRequest", "Observation", "Patient"):
        mock.get(f"{FHIR}/{kind}", json=body)
    found = read_chart(Ehr("", FHIR), PERSON, KNOWLEDGE, ON)
    for section in (found.conditions, found.medications, found.orders, found.results):
        assert "could not be read" in section.fault
    with pytest.raises(EhrError):
        find_patients(Ehr("", FHIR), "", ON)


@pytest.mark.parametrize(
    ("severity", "is_fault"), [("fatal", True), ("error", True), ("warning", False), ("information", False)]
)
def test_a_bundle_that_tells_of_an_error_is_not_the_whole_truth(
    severity: str, is_fault: bool, mock: responses.RequestsMock
) -> None:
    told = {"resourceType": "OperationOutcome", "issue": [{"severity": severity}]}
    found = chart(mock, Condition=[{"code": {"text": "Ulcer"}}, told]).conditions
    assert ("could not be read" in found.fault) is is_fault
    assert [row.what for row in found.rows] == ["Ulcer"]
    mock.get(f"{FHIR}/Patient", json={"resourceType": "Bundle", "entry": [{"resource": told}]})
    if is_fault:
        with pytest.raises(EhrError):
            find_patients(Ehr("", FHIR), "", ON)
    else:
        assert find_patients(Ehr("", FHIR), "", ON) == ([], False)


def test_a_patient_that_is_none_is_not_a_person_without_a_name(mock: responses.RequestsMock) -> None:
    mock.get(f"{FHIR}/Patient/p1", json=ERROR)
    with pytest.raises(EhrError):
        read_person(Ehr("", FHIR), "p1", ON)


def test_that_the_server_holds_more_is_said(mock: responses.RequestsMock) -> None:
    assert chart(mock, link=[{"relation": "next", "url": "x"}]).results.more


@pytest.mark.parametrize(
    ("told", "more"),
    [({"link": [{"relation": "next", "url": "x"}]}, True), ({"total": 2}, True), ({"total": 1}, False), ({}, False)],
)
def test_a_list_of_patients_that_was_cut_says_so(
    told: dict[str, Any], more: bool, mock: responses.RequestsMock
) -> None:
    entry = [{"resource": {"resourceType": "Patient", "id": "p1"}}]
    mock.get(f"{FHIR}/Patient", json={"resourceType": "Bundle", "entry": entry, **told})
    found = find_patients(Ehr("", FHIR), "", ON)
    assert ([one.id for one in found.people], found.more) == (["p1"], more)


def test_an_order_tells_dose_and_route_once() -> None:
    dosage = [{"text": "5 mg, Oral route", "route": {"text": "Oral route"}}, {"route": {"text": "Topical route"}}, {}]
    assert order_row({"dosageInstruction": dosage}).value == "5 mg, Oral route; Topical route"
    assert order_row({"resourceType": "Task", "description": "Call her"}).what == "Call her"


def test_a_long_list_says_how_many_there_are_and_which_stand_first(mock: responses.RequestsMock) -> None:
    drugs = [
        {"status": "active", "medicationCodeableConcept": {"text": f"amlodipine {number} mg"}} for number in range(299)
    ]
    warfarin = {"status": "active", "medicationCodeableConcept": {"text": "warfarin"}}
    found = chart(mock, MedicationRequest=[*drugs, warfarin], Condition=[{"code": {"text": "Ulcer"}}])
    assert found.medications.count == "300 active, 1 of them judged by the rules, first"
    assert found.medications.rows[0].what == "warfarin"
    assert found.conditions.count == "1 entry, newest first"


def test_a_drug_that_the_rules_cannot_read_is_counted(mock: responses.RequestsMock) -> None:
    found = chart(mock, MedicationRequest=[{"status": "active", "medicationCodeableConcept": {"text": "see note"}}])
    assert found.medications.count == "1 active, 1 that the rules cannot read"
