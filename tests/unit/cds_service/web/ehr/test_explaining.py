"""The explanation of an answer on the EHR page: worked out at the call, kept by the browser, believed only whole."""

from __future__ import annotations

import base64
import copy
import json
import logging
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from cds_service.api import SERVICES
from cds_service.ehr_client import Exchange
from cds_service.fhir_client import FhirClient, Limits
from cds_service.web.ehr.explaining import MOST_BYTES, Explainer, Unexplained, Why, differs, packed, unpacked
from cds_service.web.ehr.kept import dump, load
from cds_service.web.ehr.state import CHART, BadState, ServiceAnswer, State
from tests.explained_stories import Json, a_story_at, knowledge, reasons, request_of
from tests.unit.cds_service.explaining.explanations import an_explanation

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
SERVICE = {service.HOOK: service.ID for service in SERVICES}
MOST_ENTRIES = 10_000


@pytest.fixture
def explainer() -> Iterator[Explainer]:
    reader = FhirClient(Limits(), lambda _: False)
    yield Explainer(lambda: (knowledge(), reasons()), reader, lambda: NOW, MOST_ENTRIES)
    reader.close()


@cache
def _body(hook: str) -> str:
    return json.dumps(request_of(a_story_at(hook)))


def sent(hook: str = "patient-view", status: int = 200, body: Any = None, **changed: Any) -> Exchange:
    request = json.loads(_body(hook)) | changed
    return Exchange("POST", "https://cds.example/x", request, status, body or {"cards": []}, 1)


# ------------------------------------------------------------------ working it out
@pytest.mark.parametrize("hook", SERVICE)
def test_an_answer_is_explained_from_the_request_that_was_sent(hook: str, explainer: Explainer) -> None:
    why = explainer.of(SERVICE[hook], sent(hook))
    assert why.unexplained is None
    assert why.data is not None
    assert why.data["hook"] == hook
    assert {origin["came"].partition(":")[0] for origin in why.data["origins"]} <= {"sent along", "sent along as null"}


def test_a_refusal_to_judge_is_explained_too(explainer: Explainer) -> None:
    why = explainer.of(SERVICE["patient-view"], sent(status=412, prefetch={}))
    assert why.data is not None
    assert "could not be read" in why.data["refused"]


@pytest.mark.parametrize("status", [400, 404, 413, 415])
def test_a_request_that_was_refused_is_explained_by_the_fault_alone(status: int, explainer: Explainer) -> None:
    assert explainer.of(SERVICE["patient-view"], sent(status=status)) == Why(unexplained=Unexplained.REFUSED)


@pytest.mark.parametrize("changed", [{"context": {}}, {"prefetch": {"conditions": {"resourceType": "Bundle"}}}])
def test_a_request_that_this_process_would_refuse_is_not_explained_either(changed: Json, explainer: Explainer) -> None:
    few = replace(explainer, max_entries=-1) if "prefetch" in changed else explainer
    assert few.of(SERVICE["patient-view"], sent(**changed)).unexplained is Unexplained.REFUSED


@pytest.mark.parametrize("status", [0, 302, 500, 503])
def test_where_the_service_gave_no_answer_none_is_made_up(status: int, explainer: Explainer) -> None:
    assert explainer.of(SERVICE["patient-view"], sent(status=status)).unexplained is Unexplained.NO_ANSWER


def test_a_fault_is_told_without_data(explainer: Explainer, caplog: pytest.LogCaptureFixture) -> None:
    def clock() -> datetime:
        raise RuntimeError("Zephyrine was born on 1956-04-17")

    with caplog.at_level(logging.DEBUG):
        why = replace(explainer, clock=clock).of(SERVICE["patient-view"], sent())
    assert why == Why(unexplained=Unexplained.FAILED)
    assert "RuntimeError" in caplog.text
    assert "Zephyrine" not in caplog.text


def test_a_service_that_is_not_ours_is_a_fault_and_no_crash(explainer: Explainer) -> None:
    assert explainer.of("another-service", sent()).unexplained is Unexplained.FAILED


def test_an_explanation_shows_in_no_repr() -> None:
    assert "70 years" not in repr(Why(an_explanation()))


# ------------------------------------------------------------------ the answer and its explanation
def card(topic: str = "cua-risk", indicator: str = "info") -> Json:
    return {"indicator": indicator, "source": {"topic": {"code": topic}}}


def refusal() -> Json:
    return an_explanation(refused="conditions could not be read", cards=None)


@pytest.mark.parametrize(
    ("data", "status", "body", "other"),
    [
        (an_explanation(), 200, {"cards": [card()]}, False),
        (an_explanation(cards=None), 200, {"cards": []}, False),
        (refusal(), 412, {}, False),
        (an_explanation(), 200, {"cards": [card("cua-gap")]}, True),
        (an_explanation(), 200, {"cards": [card(indicator="critical")]}, True),
        (an_explanation(), 200, {"cards": [card(), card()]}, True),
        (an_explanation(), 200, {"cards": []}, True),
        (an_explanation(), 412, {}, True),
        (refusal(), 200, {"cards": []}, True),
        (an_explanation(), 200, {"cards": [7, {}, {"source": 7}, {"source": {"topic": 7}}]}, True),
        (an_explanation(), 200, [], True),
    ],
)
def test_an_explanation_of_other_cards_than_came_is_noticed(data: Json, status: int, body: Any, other: bool) -> None:
    came = Exchange("POST", "https://cds.example/x", {}, status, body, 1)
    assert differs(Why(data), came) is other
    note = ServiceAnswer(CHART, "patient-view", "one", came, why=Why(data)).note
    assert ("record has changed" in note) is other


def test_where_nothing_is_explained_nothing_differs() -> None:
    assert ServiceAnswer(CHART, "patient-view", "one", sent()).note == ""
    assert not differs(Why(unexplained=Unexplained.FAILED), sent())


# ------------------------------------------------------------------ what the browser keeps
@pytest.mark.parametrize(
    "why", [None, Why(an_explanation()), *(Why(unexplained=reason) for reason in Unexplained)], ids=str
)
def test_it_comes_back_as_it_left(why: Why | None) -> None:
    state = State(answers=[ServiceAnswer(CHART, "patient-view", "one", sent(), why=why)])
    (answer,) = load(dump(state)).answers
    assert answer.why == why


def test_it_is_small_for_a_form() -> None:
    whole = json.dumps(an_explanation())
    kept = packed(Why(an_explanation()))
    assert kept is not None
    assert len(kept) < len(whole)
    assert set(kept) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def as_large_as(size: int) -> Why:
    """An explanation of so many bytes; "é" has two."""
    told = an_explanation() | {"headline": [""]}
    room = size - len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    return Why(told | {"headline": ["é" * (room // 2) + "x" * (room % 2)]})


def test_one_that_is_too_large_to_come_back_is_not_kept_and_the_page_goes_on() -> None:
    for size, kept in ((MOST_BYTES - 1, True), (MOST_BYTES, False), (MOST_BYTES + 1, False), (2 * MOST_BYTES, False)):
        why = as_large_as(size)
        state = State(answers=[ServiceAnswer(CHART, "patient-view", "one", sent(), why=why)])
        (answer,) = load(dump(state)).answers
        assert answer.why == (why if kept else Why(unexplained=Unexplained.FAILED))


def squeezed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


def spoilt(**changed: Any) -> str:
    return squeezed(json.dumps(an_explanation() | changed))


HOSTILE: dict[str, Any] = {
    "a number": 7,
    "a list": [],
    "an object": an_explanation(),
    "true": True,
    "a reason that we do not have": "SECRET",
    "no base 64": "ä",
    "nothing packed": "",
    "something else packed": squeezed("no JSON"),
    "not packed at all": base64.b64encode(json.dumps(an_explanation()).encode()).decode(),
    "cut short": packed(Why(an_explanation()))[:-8],  # type: ignore[index]  # there is one
    "half characters": base64.b64encode(zlib.compress(b"\xff\xfe{}")).decode(),
    "larger than any": squeezed(json.dumps(an_explanation() | {"headline": ["x" * MOST_BYTES]})),
    "nested beyond reading": squeezed("[" * 100_000),
    "another shape": squeezed("[]"),
    "a member more": spoilt(script="<script>"),
    "a headline that is no text": spoilt(headline=[7]),
    "a question that is not there": spoilt(answers={}),
    "a number that JSON does not have": squeezed('{"hook": NaN}'),
}


@pytest.mark.parametrize("kept", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_explanation_of_ours_is_refused_with_the_whole_state(kept: Any) -> None:
    state = json.loads(dump(State(answers=[ServiceAnswer(CHART, "patient-view", "one", sent())])))
    load(json.dumps(state))
    bad = copy.deepcopy(state)
    bad["answers"][0]["why"] = kept
    with pytest.raises(BadState):
        load(json.dumps(bad))


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(ValueError, match="larger than any"):
        unpacked(squeezed("0" * 50_000_000))


def test_a_state_without_the_member_is_none_of_ours() -> None:
    state = json.loads(dump(State(answers=[ServiceAnswer(CHART, "patient-view", "one", sent())])))
    del state["answers"][0]["why"]
    with pytest.raises(BadState):
        load(json.dumps(state))
