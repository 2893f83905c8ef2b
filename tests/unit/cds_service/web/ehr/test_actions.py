"""What the EHR does with suggestions, feedback and signatures when services and servers do not play along."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from cds_service.drug_orders import Catalogue, DrugName
from cds_service.ehr_client.ehr import Ehr, EhrError
from cds_service.ehr_client.exchange import Exchange
from cds_service.web.ehr.actions import Clinician
from cds_service.web.ehr.asking import heard
from cds_service.web.ehr.cards import shown_cards
from cds_service.web.ehr.signing import sign_words
from cds_service.web.ehr.state import CHART, ORDER, BadState, ServiceAnswer, State

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
    return State(drafts=[dict(DRAFT)], judged=["d"], answers=[ServiceAnswer(CHART, "patient-view", "view", sent)])


def feedbacks(mock: responses.RequestsMock) -> list[dict[str, Any]]:
    bodies = [call.request.body for call in mock.calls if str(call.request.url).endswith("/feedback")]
    return [item for body in bodies for item in json.loads(body or "")["feedback"]]


def feedback(mock: responses.RequestsMock) -> dict[str, Any]:
    (item,) = feedbacks(mock)
    return item


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
    ((said, well),) = state.events
    assert said.startswith("NOT done: Do it; ")
    assert words in said
    assert said.endswith("The order is unchanged")
    assert not well
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
    assert clinician().accept(state, "c", "s", confirmed=True) is True
    assert put.call_count == 1


def test_an_update_that_the_fhir_server_refuses_is_said(mock: responses.RequestsMock) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", status=403, json={"issue": [{"diagnostics": "read only"}]})
    state = with_card({"type": "update", "resource": ACTIVE})
    assert clinician().accept(state, "c", "s", confirmed=True) is False
    assert state.events == [
        (
            "NOT done: Do it; MedicationRequest: the FHIR server did not take it (403: read only). "
            "The order is unchanged",
            False,
        )
    ]


def test_what_was_not_done_is_neither_shown_nor_told_as_accepted_and_can_be_tried_again(
    mock: responses.RequestsMock,
) -> None:
    refused = mock.put(f"{FHIR}/MedicationRequest/m1", status=422, json={"issue": [{"diagnostics": "no"}]})
    state = with_card({"type": "update", "resource": ACTIVE})
    clinician().accept(state, "c", "s", confirmed=True)
    assert state.answers[0].outcomes == {}
    assert feedbacks(mock) == []
    (card,) = shown_cards(state.answers[0], FHIR)
    assert (card.suggestions[0].open, card.can_override) == (True, True)
    mock.remove(refused)
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    assert clinician().accept(state, "c", "s", confirmed=True) is True
    assert feedback(mock)["outcome"] == "accepted"


def test_of_several_actions_the_first_that_fails_stops_the_rest_and_each_is_named(
    mock: responses.RequestsMock,
) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    mock.put(f"{FHIR}/MedicationRequest/m2", status=422, json={})
    later = mock.put(f"{FHIR}/MedicationRequest/m3", json=ACTIVE)
    state = with_card(
        {"type": "create", "description": "Draft x", "resource": {"resourceType": "Task"}},
        {"type": "update", "description": "Stop one", "resource": ACTIVE},
        {"type": "update", "description": "Stop two", "resource": {**ACTIVE, "id": "m2"}},
        {"type": "update", "resource": {**ACTIVE, "id": "m3"}},
    )
    assert clinician().accept(state, "c", "s", confirmed=True) is True
    said = state.events[0][0]
    assert "Done: Stop one. Not done: Draft x; Stop two; update MedicationRequest. The drafts are as before" in said
    assert said.endswith("; asked again about the changed chart: no cards")
    assert [draft["id"] for draft in state.drafts] == ["d"]
    assert (later.call_count, state.answers[0].outcomes, feedbacks(mock)) == (0, {}, [])


def test_a_write_without_an_answer_is_not_called_unchanged(mock: responses.RequestsMock) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", body=requests.ReadTimeout())
    state = with_card({"type": "update", "resource": ACTIVE})
    assert clinician().accept(state, "c", "s", confirmed=True) is True, "the chart is read again"
    assert "may or may not have taken it" in state.events[0][0]
    assert "unchanged" not in state.events[0][0]


@pytest.mark.parametrize("status", [409, 412])
def test_an_order_that_was_changed_meanwhile_is_not_overwritten(status: int, mock: responses.RequestsMock) -> None:
    put = mock.put(f"{FHIR}/MedicationRequest/m1", status=status, json={})
    state = with_card({"type": "update", "resource": {**ACTIVE, "meta": {"versionId": "3"}}})
    clinician().accept(state, "c", "s", confirmed=True)
    assert put.calls[0].request.headers["If-Match"] == 'W/"3"'
    assert state.events[0][0].startswith("NOT done: Do it; ")
    assert "changed there meanwhile" in state.events[0][0]


def test_what_changes_the_chart_has_order_sign_asked_again(mock: responses.RequestsMock) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    state = with_card({"type": "update", "resource": ACTIVE})
    clinician().accept(state, "c", "s", confirmed=True)
    assert not state.is_judged


@pytest.mark.parametrize(("status", "is_lost"), [(500, True), (200, False)])
def test_that_an_ended_order_cannot_be_taken_up_again_is_part_of_what_happened(
    status: int, is_lost: bool, mock: responses.RequestsMock
) -> None:
    stopped = {**ACTIVE, "medicationCodeableConcept": {"text": "warfarin"}}
    mock.get(f"{FHIR}/MedicationRequest/m1", status=status, json={**stopped, "status": "active"})
    mock.put(f"{FHIR}/MedicationRequest/m1", json=stopped)
    state = with_card({"type": "update", "resource": stopped})
    clinician().accept(state, "c", "s", confirmed=True)
    words, well = state.events[0]
    assert words.startswith("Accepted: Do it")
    assert ("warfarin could not be read before it was ended and cannot be taken up again" in words) is is_lost
    assert (well, len(state.ended)) == (not is_lost, int(not is_lost))


# ------------------------------------------------------------------ the chart has changed
def test_patient_view_is_asked_again_once_the_chart_has_changed(mock: responses.RequestsMock) -> None:
    mock.get(f"{FHIR}/MedicationRequest/m1", json={**ACTIVE, "status": "active"})
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    mock.replace(responses.POST, f"{CDS}/cds-services/view", json={"cards": [{"uuid": "new", "indicator": "info"}]})
    state = with_card({"type": "update", "resource": ACTIVE})
    clinician().accept(state, "c", "s", confirmed=True)
    assert [card["uuid"] for answer in state.at(CHART) for card in answer.cards] == ["new"]
    words = "Accepted: Do it; asked again about the changed chart: 1 info card (your answer was sent)"
    assert state.events[0] == (words, True)


@pytest.mark.parametrize("reply", [{"status": 500}, {"body": requests.ConnectionError()}, {"status": 412, "json": {}}])
def test_where_asking_again_fails_the_old_cards_go_and_the_fault_is_said(
    reply: dict[str, Any], mock: responses.RequestsMock
) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    mock.replace(responses.POST, f"{CDS}/cds-services/view", **reply)
    state = with_card({"type": "update", "resource": ACTIVE})
    clinician().accept(state, "c", "s", confirmed=True)
    (answer,) = state.at(CHART)
    assert (answer.cards, bool(answer.fault)) == ([], True)
    assert answer.fault in state.events[0][0]
    assert not state.events[0][1]


def test_what_was_said_of_orders_is_out_of_date_once_the_chart_has_changed(mock: responses.RequestsMock) -> None:
    mock.put(f"{FHIR}/MedicationRequest/m1", json=ACTIVE)
    state = with_card({"type": "update", "resource": ACTIVE})
    sent = Exchange("POST", CDS, {}, 200, {"cards": []}, 1.0)
    state.answers.append(ServiceAnswer(ORDER, "order-select", "a", sent))
    clinician().accept(state, "c", "s", confirmed=True)
    assert state.at(ORDER)[0].stale


def test_a_change_of_drafts_alone_asks_nobody_again(mock: responses.RequestsMock) -> None:
    state = with_card({"type": "delete", "resourceId": "d"})
    clinician().accept(state, "c", "s")
    assert state.card("c")[0].outcomes["c"]["outcome"] == "accepted"
    assert state.events == [("Accepted: Do it (your answer was sent)", True)]


def test_a_chart_that_cannot_be_judged_after_signing_is_said(mock: responses.RequestsMock) -> None:
    mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    mock.replace(responses.POST, f"{CDS}/cds-services/view", status=500)
    state = State(drafts=[dict(DRAFT)])
    assert clinician().sign(state) is True
    assert state.events[0][0].startswith("Asked again about the changed chart: The service failed (status 500)")
    assert not state.events[0][1]
    assert [answer.cards for answer in state.at(CHART)] == [[]]


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
        ({"status": 404, "json": {"issue": [{"diagnostics": "no such service"}]}}, ": 404, "),
        ({"body": requests.ConnectionError()}, ": did not answer (no connection), "),
    ],
)
def test_feedback_that_was_not_taken_is_said(reply: dict[str, Any], words: str, mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/view/feedback", **reply)
    state = with_card()
    clinician().accept(state, "c", "s")
    assert state.events == [("Accepted: Do it (the service did not take your answer)", False)]
    assert words in state.wire[0], "how it went is for engineers"


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
    clinician().pick(state, "warfarin", "", "")
    assert state.events[0] == (
        "Warfarin drafted: The service offers no service for order-select: nobody was asked, nothing was judged.",
        False,
    )
    assert len(state.drafts) == 1


# ------------------------------------------------------------------ nobody asked
@pytest.fixture
def nobody() -> Iterator[responses.RequestsMock]:
    """A service that offers no hook, and a FHIR server that takes every order."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        faked.get(f"{CDS}/cds-services", json={"services": [{"id": "x", "hook": "order-dispatch"}]})
        faked.post(f"{FHIR}/MedicationRequest", status=201, json={})
        yield faked


def test_a_chart_for_which_nobody_was_asked_is_not_opened_without_cards(nobody: responses.RequestsMock) -> None:
    state = State()
    clinician().open_chart(state)
    ((said, well),) = state.events
    assert "offers no service for patient-view" in said
    assert "no cards" not in said
    assert not well
    assert state.at(CHART)[0].fault


def test_orders_that_nobody_judged_are_not_signed_at_the_first_click(nobody: responses.RequestsMock) -> None:
    state = State(drafts=[dict(DRAFT)])
    assert clinician().sign(state) is False
    assert [draft["id"] for draft in state.drafts] == ["d"]
    assert state.events[0][0].startswith("Not signed yet")
    assert sign_words(state) == "Sign although nothing was judged"
    assert clinician().sign(state) is True
    assert any("Signing although nothing was judged" in said and not well for said, well in state.events)


def test_a_state_that_claims_a_judgement_without_an_answer_is_judged_first(nobody: responses.RequestsMock) -> None:
    state = State(drafts=[dict(DRAFT)], judged=["d"])
    assert clinician().sign(state) is False
    assert state.at(ORDER)[0].fault


def test_no_answer_at_all_is_never_no_cards() -> None:
    assert heard([]) == ("nobody was asked, nothing was judged", False)


# ------------------------------------------------------------------ objections before signing
def objecting(mock: responses.RequestsMock, **card: Any) -> State:
    """Drafts to which order-sign has this card."""
    made = {"uuid": "c", "summary": "Stop", "overrideReasons": [{"code": "r", "display": "Because"}], **card}
    mock.replace(responses.POST, f"{CDS}/cds-services/a", json={"cards": [made]})
    mock.post(f"{CDS}/cds-services/a/feedback", json={})
    mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    state = State(drafts=[dict(DRAFT)])
    assert clinician().sign(state) is False
    return state


@pytest.mark.parametrize("indicator", ["critical", "warning"])
def test_an_objection_is_not_passed_by_a_second_click(indicator: str, mock: responses.RequestsMock) -> None:
    state = objecting(mock, indicator=indicator)
    assert clinician().sign(state) is False
    assert state.events[0] == (
        "Not signed, answer the card first: accept, or override with a reason (Stop)",
        False,
    )
    clinician().override(state, "c", "r", "")
    assert clinician().sign(state) is True
    assert feedback(mock)["overrideReason"] == {"reason": {"code": "r", "display": "Because"}}


@pytest.mark.parametrize("card", [{"indicator": "info"}, {"indicator": "critical", "overrideReasons": []}])
def test_a_card_that_asks_for_no_reason_is_passed_by_a_second_click(
    card: dict[str, Any], mock: responses.RequestsMock
) -> None:
    state = objecting(mock, **card)
    assert sign_words(state) == "Sign all the same"
    assert clinician().sign(state) is True


def test_a_suggestion_that_leaves_the_draft_does_not_answer_the_objection(mock: responses.RequestsMock) -> None:
    side = [{"uuid": "s", "label": "Recheck", "actions": []}]
    state = objecting(mock, indicator="critical", suggestions=side)
    clinician().accept(state, "c", "s")
    (card,) = shown_cards(state.at(ORDER)[0], FHIR)
    assert card.can_override
    assert clinician().sign(state) is False
    clinician().override(state, "c", "r", "")
    assert clinician().sign(state) is True


def test_one_of_two_services_without_an_answer_is_not_nothing(mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/b", status=412, json={})
    assert sign_words(objecting(mock, indicator="info")) == "Sign although not everything was judged"


def test_a_card_is_overridden_once_and_nothing_of_it_accepted_afterwards(mock: responses.RequestsMock) -> None:
    state = with_card()
    clinician().override(state, "c", "", "")
    with pytest.raises(BadState):
        clinician().accept(state, "c", "s")
    with pytest.raises(BadState):
        clinician().override(state, "c", "", "")
    assert len(feedbacks(mock)) == 1


def test_what_was_accepted_stays_accepted_when_the_card_is_overridden(mock: responses.RequestsMock) -> None:
    state = with_card()
    clinician().accept(state, "c", "s")
    clinician().override(state, "c", "", "")
    (card,) = shown_cards(state.answers[0], FHIR)
    assert (card.suggestions[0].accepted, card.can_override) == (True, False)


def test_nothing_is_signed_while_it_cannot_be_told_whether_the_patient_is_synthetic(
    mock: responses.RequestsMock,
) -> None:
    mock.get(f"{FHIR}/Patient/cds-demo-x", status=500)
    post = mock.post(f"{FHIR}/MedicationRequest", status=201, json={})
    put = mock.put(re.compile(f"{FHIR}/.*"), json={})
    with pytest.raises(EhrError):
        Clinician(Ehr(CDS, FHIR), "cds-demo-x", CATALOGUE, lambda: NOON).sign(State(drafts=[dict(DRAFT)]))
    assert (post.call_count, put.call_count) == (0, 0)


# ------------------------------------------------------------------ what an answer is about
def test_an_answer_on_a_draft_that_was_taken_out_is_marked(mock: responses.RequestsMock) -> None:
    state = State()
    clinician().pick(state, "warfarin", "", "")
    clinician().remove(state, state.drafts[0]["id"])
    assert state.at(ORDER)[0].stale


def test_an_answer_on_drafts_that_a_suggestion_changed_is_marked(mock: responses.RequestsMock) -> None:
    for action in (
        {"type": "delete", "resourceId": "d"},
        {"type": "update", "resource": {**DRAFT, "priority": "urgent"}},
        {"type": "create", "resource": {"resourceType": "Task"}},
    ):
        state = with_card(action)
        state.answers.append(ServiceAnswer(ORDER, "order-select", "a", state.answers[0].exchange))
        clinician().accept(state, "c", "s")
        assert state.at(ORDER)[0].stale


def test_an_answer_stays_as_it_is_where_a_suggestion_changed_no_draft(mock: responses.RequestsMock) -> None:
    for action in ([], [{"type": "explode"}]):
        state = with_card(*action)
        state.answers.append(ServiceAnswer(ORDER, "order-select", "a", state.answers[0].exchange))
        clinician().accept(state, "c", "s")
        assert not state.at(ORDER)[0].stale
