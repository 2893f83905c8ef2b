"""What the EHR does with suggestions, feedback and signatures when services and servers do not play along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from cds_service.ehr import Ehr
from cds_service.exchange import Exchange
from cds_service.web.ehr_actions import Clinician
from cds_service.web.ehr_drugs import Catalogue, DrugName
from cds_service.web.ehr_state import CHART, ORDER, Answer, BadState, State

CDS, FHIR = "https://cds.example", "https://ehr.example/fhir"
CATALOGUE = Catalogue([DrugName("warfarin", known_as=("warfarin",))])
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DRAFT = {"resourceType": "MedicationRequest", "id": "d", "status": "draft", "medicationCodeableConcept": {"text": "x"}}
ACTIVE = {"resourceType": "MedicationRequest", "id": "m1", "status": "stopped"}
SERVICES = [
    {"id": "view", "hook": "patient-view"},
    {"id": "a", "hook": "order-sign"},
    {"id": "b", "hook": "order-sign"},
]


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        faked.get(f"{CDS}/cds-services", json={"services": SERVICES})
        for service in SERVICES:
            faked.post(f"{CDS}/cds-services/{service['id']}", json={"cards": []})
        faked.post(f"{CDS}/cds-services/view/feedback", json={})
        yield faked


def clinician() -> Clinician:
    return Clinician(Ehr(CDS, FHIR), "p1", CATALOGUE, lambda: NOON)


def with_card(*actions: dict[str, Any], **card: Any) -> State:
    made = {"uuid": "c", "suggestions": [{"uuid": "s", "label": "Do it", "actions": list(actions)}], **card}
    sent = Exchange("POST", CDS, {}, 200, {"cards": [made]}, 1.0)
    return State(drafts=[dict(DRAFT)], judged=["d"], answers=[Answer(CHART, "patient-view", "view", sent)])


def feedback(mock: responses.RequestsMock) -> dict[str, Any]:
    (body,) = [call.request.body for call in mock.calls if str(call.request.url).endswith("/feedback")]
    (item,) = json.loads(body or "")["feedback"]
    return dict(item)


@pytest.mark.parametrize("named", ["MedicationRequest/d", "d"])
def test_a_delete_takes_out_the_draft_that_it_names(named: str, mock: responses.RequestsMock) -> None:
    state = with_card({"type": "delete", "resourceId": named})
    assert clinician().accept(state, "c", "s") is False
    assert (state.drafts, state.judged) == ([], None)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"type": "delete", "resourceId": "MedicationRequest/other"}, "is no draft here"),
        ({"type": "delete"}, "is no draft here"),
        ({"type": "update", "resource": {"resourceType": "Task"}}, "not understood"),
        ({"type": "create", "resource": "Task"}, "not understood"),
        ({"type": "explode"}, "not understood"),
    ],
)
def test_an_action_that_cannot_be_done_is_said(
    action: dict[str, Any], words: str, mock: responses.RequestsMock
) -> None:
    state = with_card(action)
    clinician().accept(state, "c", "s")
    assert any(words in said and not well for said, well in state.events)
    assert [draft["id"] for draft in state.drafts] == ["d"]


def test_a_create_becomes_a_draft_of_whatever_kind_with_an_id_of_our_own(mock: responses.RequestsMock) -> None:
    state = with_card({"type": "create", "resource": {"resourceType": "Task", "id": "theirs", "description": "Call"}})
    clinician().accept(state, "c", "s")
    assert (state.drafts[1]["description"], state.drafts[1]["id"] != "theirs") == ("Call", True)
    assert state.judged is None


def test_an_update_of_a_draft_changes_the_draft(mock: responses.RequestsMock) -> None:
    state = with_card({"type": "update", "resource": {**DRAFT, "priority": "urgent"}})
    assert clinician().accept(state, "c", "s") is False
    assert state.drafts[0]["priority"] == "urgent"


def test_an_update_of_an_active_order_is_put_on_the_fhir_server(mock: responses.RequestsMock) -> None:
    put = mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    state = with_card({"type": "update", "resource": ACTIVE})
    assert clinician().accept(state, "c", "s") is True
    assert put.call_count == 1


def test_an_update_that_the_fhir_server_refuses_is_said(mock: responses.RequestsMock) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", status=403, json={"issue": [{"diagnostics": "read only"}]})
    state = with_card({"type": "update", "resource": ACTIVE})
    assert clinician().accept(state, "c", "s") is False
    assert any("did not take it (403: read only)" in said for said, _ in state.events)


def test_accepted_feedback_names_card_suggestion_and_moment(mock: responses.RequestsMock) -> None:
    clinician().accept(with_card(), "c", "s")
    assert feedback(mock) == {
        "card": "c",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "s"}],
        "outcomeTimestamp": "2026-03-02T12:00:00.000Z",
    }


def test_only_one_suggestion_is_accepted_where_the_card_allows_no_more(mock: responses.RequestsMock) -> None:
    two = [{"uuid": "s", "label": "A"}, {"uuid": "t", "label": "B"}]
    state = with_card(suggestions=two, selectionBehavior="at-most-one")
    clinician().accept(state, "c", "s")
    with pytest.raises(BadState):
        clinician().accept(state, "c", "t")


def test_overridden_feedback_carries_the_reason_as_the_card_gave_it(mock: responses.RequestsMock) -> None:
    reason = {"code": "r", "system": "urn:x", "display": "Because"}
    state = with_card(overrideReasons=[reason])
    clinician().override(state, "c", "r", "words")
    assert feedback(mock)["overrideReason"] == {"reason": reason, "userComment": "words"}
    assert state.answers[0].outcomes["c"]["reason"] == "Because"


def test_a_card_without_reasons_is_overridden_without_one(mock: responses.RequestsMock) -> None:
    clinician().override(with_card(), "c", "", "")
    assert "overrideReason" not in feedback(mock)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 404, "json": {"issue": [{"diagnostics": "no such service"}]}}, "(404: no such service)"),
        ({"body": requests.ConnectionError()}, "(did not answer (ConnectionError))"),
    ],
)
def test_feedback_that_was_not_taken_is_said(reply: dict[str, Any], words: str, mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/view/feedback", **reply)
    state = with_card()
    clinician().accept(state, "c", "s")
    assert state.events[0][0].endswith(f"did not take the feedback {words}")
    assert not state.events[0][1]


def test_every_service_of_a_hook_is_asked(mock: responses.RequestsMock) -> None:
    mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    state = State(drafts=[dict(DRAFT)])
    clinician().sign(state)
    assert [answer.service for answer in state.at(ORDER)] == ["a", "b"]


def test_a_service_that_fails_holds_up_the_first_signature_only(mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/b", status=500)
    post = mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    state = State(drafts=[dict(DRAFT)])
    assert clinician().sign(state) is False
    assert "failed (status 500)" in state.events[0][0]
    assert clinician().sign(state) is True
    assert json.loads(post.calls[0].request.body or "") == {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationCodeableConcept": {"text": "x"},
        "authoredOn": "2026-03-02T12:00:00.000Z",
    }


def test_an_order_that_the_fhir_server_does_not_take_stays_a_draft(mock: responses.RequestsMock) -> None:
    mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    mock.post(f"{FHIR}/Task", status=422, json={"issue": [{"diagnostics": "not here"}]})
    state = State(drafts=[dict(DRAFT), {"resourceType": "Task", "id": "t", "description": "Call"}])
    assert clinician().sign(state) is True
    assert [draft["id"] for draft in state.drafts] == ["t"]
    assert state.events[0] == ("Call: the FHIR server did not take it (422: not here)", False)


def test_a_hook_that_the_service_does_not_offer_is_said(mock: responses.RequestsMock) -> None:
    state = State()
    clinician().pick(state, "warfarin", "", "", keep=True)
    assert any("nothing for the hook order-select" in said for said, _ in state.events)
    assert len(state.drafts) == 1
