"""The state of the page comes back from the browser as it left, or is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.ehr_client.exchange import Exchange
from cds_service.web.ehr.kept import dump, load
from cds_service.web.ehr.state import CHART, ORDER, BadState, Question, ServiceAnswer, State

SENT = {"hookInstance": "i", "prefetch": {"patient": {"id": "p1"}}}


def state() -> State:
    sent = Exchange("POST", "https://cds.example/x", SENT, 200, {"cards": [{"uuid": "c"}]}, 12.34)
    made = State(
        drafts=[{"resourceType": "MedicationRequest", "id": "d"}],
        judged=["d"],
        answers=[ServiceAnswer(CHART, "patient-view", "one", sent, {"c": {"outcome": "accepted"}}, stale=True)],
        send_prefetch=False,
    )
    made.say("ä’<", well=False)
    made.note(sent)
    made.question = Question("c", "s", "End it?")
    return made


def test_everything_comes_back_but_what_was_prefetched() -> None:
    back = load(dump(state()))
    (answer,) = back.answers
    assert answer.exchange.request == {"hookInstance": "i", "prefetch": "(25 characters, shown when the call was made)"}
    assert (answer.exchange.milliseconds, answer.instance, answer.outcomes) == (
        12.3,
        "i",
        {"c": {"outcome": "accepted"}},
    )
    assert back.events == [("Ä’<", False)]
    assert back.wire == ["POST https://cds.example/x: 200, 12 ms"]
    assert back.question == Question("c", "s", "End it?")
    assert (back.drafts, back.is_judged) == (state().drafts, True)
    assert (back.send_prefetch, back.offer_server) == (False, True)
    assert load(dump(back)) == back


def test_no_state_is_a_fresh_one() -> None:
    assert load("") == State()


def broken(**changes: Any) -> str:
    return json.dumps({**json.loads(dump(state())), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "7",
        "[" * 100_000,
        broken(drafts=[{"id": "d"}]),
        broken(drafts=[{"id": 7, "resourceType": "Task"}]),
        broken(drafts="x"),
        broken(judged=[7]),
        broken(answers=[{}]),
        broken(answers=[7]),
        broken(events=[["one"]]),
        broken(events=[[7, True]]),
        broken(wire=[7]),
        broken(ended=[[{"resourceType": "Task"}, {"resourceType": "Task", "id": "t"}]]),
        broken(ended=[7]),
        broken(question=["c", "s"]),
        broken(question=["c", "s", 7]),
    ],
)
def test_what_has_another_shape_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(BadState):
        load(text)


def test_a_card_is_found_by_its_uuid_only() -> None:
    assert state().card("c")[1] == {"uuid": "c"}
    for uuid in ("", "other"):
        with pytest.raises(BadState):
            state().card(uuid)


def test_new_answers_take_the_place_of_old_ones_and_of_no_others() -> None:
    made = state()
    made.replace(ORDER, [])
    assert len(made.at(CHART)) == 1
    made.replace(CHART, [])
    assert made.answers == []


@pytest.mark.parametrize(("judged", "holds"), [(["d"], True), (["d", "e"], False), ([], False), (None, False)])
def test_drafts_are_judged_only_while_they_are_the_ones_that_were(judged: list[str] | None, holds: bool) -> None:
    made = state()
    made.judged = judged
    assert made.is_judged is holds


def test_old_events_are_forgotten() -> None:
    made = State()
    for number in range(100):
        made.say(str(number))
    assert made.events[0] == ("99", True)
    assert len(made.events) < 20
