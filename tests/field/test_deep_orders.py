"""Orders nested more deeply than JSON can be written: a card loses the suggestion that would write them back.

Source: JSON writers have a limit of depth (orjson: 254), and their readers a higher one; extensions nest.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.ehr import ORDER_HOOKS, Ehr, actions
from tests.contract.records import CONFIRMED, WARFARIN, Json, bundle
from tests.field.whole_requests import EXPECTED, request, said

STOP = "After that discussion: stop"
DEEP = [247, 254, 260, 900]
"""Of one list in another: with what stands around them the order can no longer be written."""


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def labels(cards: list[Json]) -> list[str]:
    return [suggestion["label"] for card in cards for suggestion in card.get("suggestions", ())]


def with_active(ehr: Ehr, *orders: Json) -> list[Json]:
    body = request(ehr, "patient-view")
    body["prefetch"]["medications"] = bundle(*orders)
    return ehr.cards(body)


def test_an_active_order_that_can_be_written_back_is_stopped_by_a_suggestion(ehr: Ehr) -> None:
    for levels in (1, 246):
        cards = with_active(ehr, WARFARIN | {"deep": nested(levels)})
        assert said(cards) == EXPECTED["patient-view"]
        assert "update" in {action["type"] for action in actions(cards)}


@pytest.mark.parametrize("levels", DEEP)
def test_an_active_order_that_is_too_deep_costs_its_suggestion_and_nothing_else(levels: int, ehr: Ehr) -> None:
    plain, deep = with_active(ehr, WARFARIN), with_active(ehr, WARFARIN | {"deep": nested(levels)})
    assert said(deep) == said(plain) == EXPECTED["patient-view"]
    assert [(card["summary"], card["detail"]) for card in deep] == [(card["summary"], card["detail"]) for card in plain]
    assert labels(deep) == [label for label in labels(plain) if not label.startswith(STOP)]
    assert len(labels(deep)) == len(labels(plain)) - 1


def test_an_order_that_is_too_deep_leaves_no_half_of_a_stop(ehr: Ehr) -> None:
    other = WARFARIN | {"id": "warfarin-second"}
    cards = with_active(ehr, WARFARIN | {"deep": nested(260)}, other)
    assert said(cards) == EXPECTED["patient-view"]
    assert labels(cards) == labels(with_active(ehr, WARFARIN | {"deep": nested(260)}))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("levels", DEEP)
def test_a_draft_of_any_depth_is_judged_and_can_be_taken_away(levels: int, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    (entry,) = body["context"]["draftOrders"]["entry"]
    entry["resource"]["note"] = [{"text": "x", "extension": [{"url": "u", "deep": nested(levels)}]}]
    cards = ehr.cards(body)
    assert said(cards) == EXPECTED[hook]
    assert "delete" in {action["type"] for action in actions(cards)}


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("levels", DEEP)
def test_an_active_order_of_any_depth_beside_a_draft_does_no_harm(levels: int, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["prefetch"]["medications"] = bundle(CONFIRMED["medications"][0] | {"deep": nested(levels)})
    assert said(ehr.cards(body)) == EXPECTED[hook]
