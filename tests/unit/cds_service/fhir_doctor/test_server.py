"""A server that is looked at without a patient: what it declares, and patients to try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir_doctor import ServerReport, Visit, as_json, as_text, look_at_server
from cds_service.fhir_doctor.server import needed
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.unit.cds_service.odd_fhir_server import OddServer, forbids

LookAt = Callable[[], ServerReport]
Json = dict[str, Any]


@pytest.fixture
def look_at(ehr: OddServer, knowledge: Knowledge) -> LookAt:
    def looked() -> ServerReport:
        with Visit(Settings(), ehr.base + "/", None) as visit:
            return look_at_server(visit.asker, knowledge.queries)

    return looked


def statement(knowledge: Knowledge, version: str = "4.0.1", without: str = "") -> Json:
    """A server that declares all that we need, but for what is left out."""
    kinds = [
        {"type": kind, "searchParam": [{"name": name} for name in names if name != without]}
        for kind, names in needed(knowledge.queries).items()
        if kind != without
    ]
    return {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": [{"resource": kinds}]}


def test_a_server_that_declares_all_is_well_and_patients_are_named_by_id(
    look_at: LookAt, ehr: OddServer, knowledge: Knowledge
) -> None:
    ehr.metadata = statement(knowledge)
    report = look_at()
    assert report.ok
    assert report.server == ehr.base
    assert report.patients == ("cds-demo-hard-skin-on-warfarin",)
    assert report.conclusion == "go on with --patient cds-demo-hard-skin-on-warfarin"
    assert {one.resource_type: one.parameters for one in report.types} == {
        "Condition": ("patient",),
        "Medication": (),
        "MedicationRequest": ("patient", "status"),
        "MedicationStatement": ("patient", "status"),
        "Observation": ("code", "date", "patient"),
        "Patient": (),
        "Procedure": ("code", "patient"),
    }
    lines = as_text(report).splitlines()
    assert "metadata: FHIR 4.0.1" in lines
    assert "  MedicationRequest: searched by patient, status" in lines
    assert "  Medication: declared" in lines
    assert as_json(report)["about"] == "server"
    assert as_json(report)["ok"] is True


def test_a_search_parameter_that_is_not_declared_is_named_and_no_reason_to_give_up(
    look_at: LookAt, ehr: OddServer, knowledge: Knowledge
) -> None:
    ehr.metadata = statement(knowledge, without="date")
    report = look_at()
    assert report.ok
    told = "  Observation: searched by code, patient; search parameters not declared: date"
    assert told in as_text(report).splitlines()


def test_a_type_that_is_not_declared_is_named(look_at: LookAt, ehr: OddServer, knowledge: Knowledge) -> None:
    ehr.metadata = statement(knowledge, without="Procedure")
    report = look_at()
    assert not report.ok
    assert report.conclusion == "this is not the FHIR R4 server that we need"
    assert "  Procedure: not declared" in as_text(report).splitlines()


@pytest.mark.parametrize("version", ["3.0.2", "5.0.0", ""])
def test_another_fhir_version_is_not_what_we_need(
    version: str, look_at: LookAt, ehr: OddServer, knowledge: Knowledge
) -> None:
    ehr.metadata = statement(knowledge, version)
    report = look_at()
    assert not report.ok
    assert f"metadata: FHIR {version or 'without a version'}" in as_text(report).splitlines()


def test_a_server_that_does_not_say_what_it_can_do_is_told(look_at: LookAt, ehr: OddServer) -> None:
    ehr.refuse = lambda url: 404 if "metadata" in url else 0
    report = look_at()
    assert not report.ok
    assert report.types == ()
    assert report.conclusion.startswith("the server does not say what it can do (the FHIR server answered 404)")


@pytest.mark.parametrize(("refuses", "why"), [(True, "the FHIR server answered 403"), (False, "it found none")])
def test_where_no_patient_is_found_it_is_said_how_to_name_one(
    refuses: bool, why: str, look_at: LookAt, ehr: OddServer, knowledge: Knowledge
) -> None:
    ehr.start_anew()
    ehr.metadata = statement(knowledge)
    ehr.refuse = forbids("Patient") if refuses else lambda url: 0
    report = look_at()
    assert report.ok
    assert "--patient ID" in report.conclusion
    assert f"({why})" in report.conclusion


def test_only_a_few_patients_are_named_and_none_by_an_id_that_is_none(
    look_at: LookAt, ehr: OddServer, knowledge: Knowledge
) -> None:
    ehr.metadata = statement(knowledge)
    names = ["Zephyrine Q", *(f"p{number}" for number in range(9))]
    entries = [{"resource": {"resourceType": "Patient", "id": name}} for name in names]
    entries += [{"resource": {"resourceType": "Group", "id": "g"}}]
    ehr.change = lambda server, url, bundle: {**bundle, "entry": entries, "total": 10}
    assert look_at().patients == ("p0", "p1", "p2", "p3", "p4")
