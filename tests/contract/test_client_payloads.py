"""Requests in the shapes that a browser EHR sends: not quite R4, prefetch keys left out, unresolved tokens.

Matrix: S34, S41, S46, S101, S131, and the notes on what the public sandbox sends. The shapes are those of a real
client; ids and values are ours.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.card_rules import check_answer, check_error
from tests.contract.conftest import FHIR
from tests.contract.ehr import Ehr, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import Json

FOLDER = Path(__file__).with_name("payloads")
EXPECTED = {
    "patient-view": ["vka-dialysis"],
    "order-select-warfarin": ["vka-dialysis"],
    "order-select-calcium-acetate": ["calcium-data-gap"],
    "order-select-calcitriol": [],
    "order-select-after-accepted-create": [],
    "order-select-no-medication": [],
    "order-select-no-medication-with-reason": [],
    "order-select-service-request": [],
    "order-sign": ["vka-dialysis"],
}


def payload(name: str) -> Json:
    text = (FOLDER / f"{name}.json").read_text("utf-8")
    body: Json = json.loads(text.replace("http://127.0.0.1:8090/fhir", FHIR))
    return body


@pytest.fixture
def sandbox(fhir: FakeFhir) -> FakeFhir:
    """The client's open server on this machine; it has nothing but what the client sent along."""
    return fhir


def test_every_payload_is_tested() -> None:
    others = {"order-select-second-click", "feedback-accepted", "feedback-overridden"}
    assert {file.stem for file in FOLDER.iterdir()} == EXPECTED.keys() | others


@pytest.mark.parametrize("name", EXPECTED)
def test_the_payload_is_served(name: str, ehr: Ehr, sandbox: FakeFhir) -> None:
    body = payload(name)
    cards = check_answer(ehr.post(body), body["context"]["patientId"])
    assert topics(cards) == EXPECTED[name]
    assert set(sandbox.asked()).isdisjoint(body["prefetch"])


@pytest.mark.parametrize("name", [name for name in EXPECTED if "no-medication" in name or "service" in name])
def test_an_order_screen_that_has_just_opened_is_answered_without_any_request(
    name: str, ehr: Ehr, sandbox: FakeFhir
) -> None:
    assert ehr.cards(payload(name)) == []
    assert sandbox.seen == []


def test_the_second_click_which_has_no_drafts_is_400_at_once_and_names_what_is_missing(
    ehr: Ehr, sandbox: FakeFhir
) -> None:
    answer = ehr.post(payload("order-select-second-click"))
    check_error(answer, 400)
    assert answer.get_json()["issue"][0]["expression"][0] in ("context.selections", "context.draftOrders")
    assert sandbox.seen == []


@pytest.mark.parametrize("name", ["feedback-accepted", "feedback-overridden"])
def test_the_clients_feedback_is_taken(name: str, ehr: Ehr) -> None:
    assert ehr.client.post(ehr.url("order-select", "/feedback"), json=payload(name)).status_code == 200
