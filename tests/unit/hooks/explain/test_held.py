"""Cards that are worked out and not shown are told with the reason, before anything else that an explanation says."""

from __future__ import annotations

from hooks.card import Card
from hooks.explain import as_data, explain
from hooks.explain.explanation import Outcome
from hooks.reasons import Reasons
from tests.unit.hooks.builders import LIVEDO, ON, ON_DIALYSIS, POLICY, WARFARIN, chart
from tests.unit.hooks.explain.told import row


def without_the_first(cards: list[Card]) -> tuple[list[Card], list[tuple[Card, str]]]:
    return cards[1:], [(cards[0], "shadow mode: pilot")]


def without_any(cards: list[Card]) -> tuple[list[Card], list[tuple[Card, str]]]:
    return [], [(card, "switched off") for card in cards]


def test_a_card_that_is_held_back_is_told_second_and_is_no_card_of_the_answer(reasons: Reasons) -> None:
    made = chart(ON_DIALYSIS, LIVEDO, WARFARIN)
    told, cards = explain("patient-view", made, ON, POLICY, reasons, sort=without_the_first)
    assert [card.topic for card in cards] == [card.topic for card in told.cards] == ["vka-cua"]
    assert told.headline[:2] == (
        "One card comes: vka-cua.",
        "Worked out and not shown: cua-suspected, critical (shadow mode: pilot). No card does not mean no risk.",
    )
    (held,) = as_data(told)["held"]
    assert (held["topic"], held["indicator"], held["why"]) == ("cua-suspected", "critical", "shadow mode: pilot")


def test_its_row_has_given_it_all_the_same(reasons: Reasons) -> None:
    told, cards = explain("patient-view", chart(ON_DIALYSIS, LIVEDO, WARFARIN), ON, POLICY, reasons, sort=without_any)
    assert cards == []
    assert told.headline[0] == "No card comes."
    assert row(told, "cua-suspected").outcome is Outcome.FIRED
    assert [card.topic for card in told.held] == ["cua-suspected", "vka-cua"]


def test_where_nothing_is_held_back_nothing_is_said_of_it(reasons: Reasons) -> None:
    told, _ = explain("patient-view", chart(ON_DIALYSIS, LIVEDO, WARFARIN), ON, POLICY, reasons)
    assert "held" not in as_data(told)
    assert not [sentence for sentence in told.headline if "not shown:" in sentence]
