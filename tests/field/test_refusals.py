"""Refusals say what is to be sent, and repeat nothing of what was sent.

Sources: HL7-DaVinci/CRD#223 (hookInstance); a hospital's public page on its CDS Hooks clients (patientId with its type,
drafts without resourceType).
"""

from __future__ import annotations

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr
from tests.contract.records import PATIENT_ID
from tests.field.whole_requests import request


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "patient", [f"Patient/{PATIENT_ID}", f"https://ehr.example/fhir/Patient/{PATIENT_ID}", f"{PATIENT_ID}/_history/1"]
)
def test_a_patient_id_with_its_type_is_refused_and_the_id_alone_is_asked_for(patient: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"]["patientId"] = patient
    said = check_error(ehr.post(body), 400, "context.patientId")
    assert "must be the id alone, without 'Patient/'" in said
    assert PATIENT_ID not in said


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("instance", ["inst-001", "urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "zephyrine"])
def test_a_hook_instance_that_is_no_uuid_is_refused_and_a_uuid_is_asked_for(instance: str, hook: str, ehr: Ehr) -> None:
    said = check_error(ehr.post(request(ehr, hook) | {"hookInstance": instance}), 400, "hookInstance")
    assert "must be a UUID" in said
    assert instance not in said


@pytest.mark.parametrize("hook", HOOKS)
def test_a_user_of_no_known_kind_is_refused_and_the_form_is_told(hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"]["userId"] = "Zephyrine/1"
    said = check_error(ehr.post(body), 400, "context.userId")
    assert "such as Practitioner/123" in said
    assert "Zephyrine" not in said


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_drafts_without_resource_type_are_refused_and_a_bundle_is_asked_for(hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    del body["context"]["draftOrders"]["resourceType"]
    assert "must be Bundle" in check_error(ehr.post(body), 400, "context.draftOrders.resourceType")
    del body["context"]["draftOrders"]
    assert "must be a FHIR Bundle" in check_error(ehr.post(body), 400, "context.draftOrders")


@pytest.mark.parametrize("sent", ["MedicationRequest/1", {"reference": "MedicationRequest/1"}, 7])
def test_selections_that_are_no_list_are_refused_and_a_list_is_asked_for(sent: object, ehr: Ehr) -> None:
    body = request(ehr, "order-select")
    body["context"]["selections"] = sent
    assert "must be a list of references" in check_error(ehr.post(body), 400, "context.selections")
