"""A request body as a frozen value, with everything secret out of its repr."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.api.hook_request import parse_hook_request
from cds_service.api.validation import InvalidField
from cds_service.fhir_client import FhirServer

INSTANCE = "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11"
DRAFTS = {"resourceType": "Bundle", "entry": [{"resource": {"id": "Zephyrine"}}]}


def body(hook: str, **members: Any) -> dict[str, Any]:
    context = {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": DRAFTS, "selections": ["a", "b"]}
    return {"hook": hook, "hookInstance": INSTANCE, "context": context, **members}


@pytest.mark.parametrize(
    ("hook", "selections"), [("patient-view", None), ("order-select", ("a", "b")), ("order-sign", None)]
)
def test_the_members_are_read(hook: str, selections: tuple[str, ...] | None) -> None:
    request = parse_hook_request(body(hook, prefetch={"a": None}), hook)
    assert (request.hook, request.hook_instance, request.patient_id) == (hook, INSTANCE, "p1")
    assert request.prefetch == {"a": None}
    assert request.draft_orders == DRAFTS
    assert request.selections == selections


def test_what_is_not_sent_is_empty() -> None:
    bare = body("patient-view")
    del bare["context"]["draftOrders"]
    request = parse_hook_request(bare, "patient-view")
    assert (request.prefetch, request.server, request.draft_orders) == ({}, None, {})


def test_a_server_comes_with_its_token_or_without() -> None:
    address = {"fhirServer": "https://ehr.example/fhir"}
    assert parse_hook_request(body("order-sign", **address), "order-sign").server == FhirServer(address["fhirServer"])
    with_token = body("order-sign", **address, fhirAuthorization={"access_token": "sesame"})
    assert parse_hook_request(with_token, "order-sign").server == FhirServer(address["fhirServer"], "sesame")


def test_another_hook_is_refused() -> None:
    with pytest.raises(InvalidField, match="hook must be order-sign at this service"):
        parse_hook_request(body("order-select"), "order-sign")


def test_neither_token_nor_data_show_in_a_repr() -> None:
    sent = body(
        "order-select",
        prefetch={"patient": "Zephyrine"},
        fhirServer="https://ehr.example/fhir",
        fhirAuthorization={"access_token": "sesame"},
    )
    shown = repr(parse_hook_request(sent, "order-select"))
    assert "sesame" not in shown
    assert "Zephyrine" not in shown
