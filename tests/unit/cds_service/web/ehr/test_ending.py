"""What is asked before an order of the FHIR server is ended, and when it is taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from cds_service.ehr_client import Ehr
from cds_service.web.ehr.ending import Before, before_ending, ending, question_of, remember, take_up
from cds_service.web.ehr.kept import dump, load
from cds_service.web.ehr.state import BadState, Ended, State

FHIR = "https://ehr.example/fhir"
EHR = Ehr("https://cds.example", FHIR)
NAMED = "MedicationRequest/m1"


def order(status: str = "active", version: str | None = None, **more: Any) -> dict[str, Any]:
    made = {"resourceType": "MedicationRequest", "id": "m1", "status": status, **more}
    made["medicationCodeableConcept"] = {"text": "warfarin"}
    return {**made, "meta": {"versionId": version}} if version else made


def update(resource: object) -> dict[str, Any]:
    return {"type": "update", "resource": resource}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        yield faked


@pytest.mark.parametrize("status", ["stopped", "cancelled", "completed", "revoked", "on-hold", "entered-in-error"])
def test_an_update_that_leaves_an_order_not_active_ends_it(status: str) -> None:
    assert ending(State(), [update(order(status))]) == [order(status)]


@pytest.mark.parametrize(
    "action",
    [
        update(order("active")),
        update({"resourceType": "MedicationRequest", "status": "stopped"}),
        update("x"),
        {"type": "create", "resource": order("stopped")},
        {"type": "delete", "resourceId": NAMED},
    ],
)
def test_nothing_else_ends_one(action: dict[str, Any]) -> None:
    assert ending(State(), [action]) == []


def test_a_draft_needs_no_question() -> None:
    assert ending(State(drafts=[order("draft")]), [update(order("stopped"))]) == []


def test_the_question_names_every_order() -> None:
    assert question_of([order()]) == "End the active prescription of warfarin?"
    other = {"resourceType": "ServiceRequest", "id": "s", "code": {"text": "INR"}}
    assert question_of([order(), other]) == "End the active orders of warfarin and of INR?"


def test_only_what_the_server_has_as_active_can_be_taken_up_again(server: responses.RequestsMock) -> None:
    server.get(f"{FHIR}/{NAMED}", json=order("active", "1"))
    assert before_ending(EHR, [order("stopped")]) == ([order("active", "1")], [])
    server.replace(responses.GET, f"{FHIR}/{NAMED}", json=order("on-hold"))
    assert before_ending(EHR, [order("stopped")]) == ([], [])


@pytest.mark.parametrize(
    "reply", [{"status": 500}, {"body": requests.ConnectionError()}, {"json": {**order(), "id": "another"}}]
)
def test_what_could_not_be_read_before_is_not_the_same_as_not_active(
    reply: dict[str, Any], server: responses.RequestsMock
) -> None:
    server.get(f"{FHIR}/{NAMED}", **reply)
    assert before_ending(EHR, [order("stopped")]) == ([], [order("stopped")])


def test_what_was_not_written_is_not_offered_to_be_taken_up() -> None:
    state = State()
    assert remember(state, Before([order()], [order()]), []) == ""
    assert state.ended == []


def test_what_was_ended_without_having_been_read_is_said_by_name() -> None:
    state = State()
    told = remember(state, Before([], [order("stopped")]), [order("stopped", "2")])
    assert "order of warfarin could not be read before it was ended and cannot be taken up again here" in told
    assert state.ended == []


def left(status: str = "stopped", version: str | None = "2") -> State:
    return State(ended=[Ended(order("active", "1"), order(status, version))])


def test_an_order_is_taken_up_in_the_version_that_was_checked(server: responses.RequestsMock) -> None:
    server.get(f"{FHIR}/{NAMED}", json=order("stopped", "2"))
    put = server.put(f"{FHIR}/{NAMED}", json=order("active", "3"))
    state = left()
    assert not take_up(EHR, state, NAMED).fault
    assert put.calls[0].request.headers["If-Match"] == 'W/"2"'
    assert json.loads(put.calls[0].request.body or "") == order("active", "2")
    assert state.ended == []


@pytest.mark.parametrize(
    ("present", "kept"),
    [(order("stopped"), True), (order("stopped", priority="urgent"), False), (order("active"), False)],
)
def test_where_the_server_tells_no_version_the_content_decides(
    present: dict[str, Any], kept: bool, server: responses.RequestsMock
) -> None:
    server.get(f"{FHIR}/{NAMED}", json=present)
    put = server.put(f"{FHIR}/{NAMED}", json=order("active"))
    done = take_up(EHR, left(version=None), NAMED)
    assert (put.call_count, bool(done.fault)) == (int(kept), not kept)


def test_an_order_of_another_version_is_left_alone(server: responses.RequestsMock) -> None:
    server.get(f"{FHIR}/{NAMED}", json=order("stopped", "3"))
    put = server.put(f"{FHIR}/{NAMED}", json={})
    done = take_up(EHR, left(), NAMED)
    assert "was changed on the FHIR server since (it is stopped now)" in done.fault
    assert (done.server, put.call_count) == (True, 0), "the chart is read again, as it has changed"


def test_a_server_that_refuses_leaves_the_order_to_be_tried_again(server: responses.RequestsMock) -> None:
    server.get(f"{FHIR}/{NAMED}", json=order("stopped", "2"))
    server.put(f"{FHIR}/{NAMED}", status=412, json={})
    state = left()
    assert "changed there meanwhile" in take_up(EHR, state, NAMED).fault
    assert [one.named for one in state.ended] == [NAMED]


def test_an_order_that_was_not_ended_here_is_none_of_ours() -> None:
    with pytest.raises(BadState):
        take_up(EHR, State(), NAMED)


def test_what_was_ended_comes_back_from_the_browser_and_no_more_than_a_dozen() -> None:
    assert load(dump(left())).ended == left().ended
    many = State(ended=[Ended({**order(), "id": f"m{number}"}, order("stopped")) for number in range(30)])
    assert [one.named for one in load(dump(many)).ended][-1] == "MedicationRequest/m29"
    assert len(load(dump(many)).ended) == 12
