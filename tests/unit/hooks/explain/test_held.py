"""Cards that are worked out and not shown are told with the reason, before anything else that an explanation says."""

from __future__ import annotations

import pytest

from hooks.card import Card, Indicator
from hooks.chart import Analyte
from hooks.explain import Advise, as_data, explain
from hooks.explain.explanation import Outcome
from hooks.reasons import Reasons
from tests.unit.hooks.builders import LIVEDO, ON, ON_DIALYSIS, POLICY, WARFARIN, chart, gap
from tests.unit.hooks.explain.told import row


def without_the_first(advise: Advise) -> tuple[list[Card], list[tuple[Card, str]]]:
    cards = advise(())
    return cards[1:], [(cards[0], "shadow mode: pilot")]


def without_any(advise: Advise) -> tuple[list[Card], list[tuple[Card, str]]]:
    return [], [(card, "switched off") for card in advise(())]


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


def without_warfarin(advise: Advise) -> tuple[list[Card], list[tuple[Card, str]]]:
    return advise({"vka-dialysis"}), [(card, "switched off") for card in advise(())]


@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_the_card_on_what_could_not_be_read_that_comes_in_its_place_is_explained(hook: str, reasons: Reasons) -> None:
    made = chart(ON_DIALYSIS, WARFARIN, gap("pth_alp", Analyte.INTACT_PTH, what="PTH"), drafts=(WARFARIN,))
    told, cards = explain(hook, made, ON, POLICY, reasons, sort=without_warfarin)
    assert [card.topic for card in cards] == ["cua-data-gap"]
    assert told.headline[:2] == (
        "One card comes: cua-data-gap.",
        f"Worked out and not shown: vka-dialysis, {told.held[0].indicator} (switched off). "
        "No card does not mean no risk.",
    )
    given = row(told, "cua-data-gap")
    assert (given.outcome, given.indicator, given.kept_by) == (Outcome.FIRED, Indicator.INFO, ())
    without, _ = explain(hook, made, ON, POLICY, reasons)
    assert row(without, "cua-data-gap").outcome is not Outcome.FIRED
