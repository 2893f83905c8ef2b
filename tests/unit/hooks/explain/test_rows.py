"""What became of each row of the rules, and why."""

from __future__ import annotations

from hooks.chart import Analyte
from hooks.explain.explanation import Outcome
from hooks.reasons import Reasons
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    WARFARIN,
    drug,
    gap,
    result,
)
from tests.unit.hooks.explain.told import PHOSPHATE_IN_RANGE, opened, ordered, row


def test_the_steps_behind_the_one_that_decides_are_not_asked(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, CONFIRMED)
    assert row(told, "cua-confirmed").outcome is Outcome.FIRED
    assert row(told, "cua-suspected").why == "cua-confirmed goes before it"


def test_a_row_below_one_that_ends_the_search_is_not_reached(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, CONFIRMED, WARFARIN)
    assert row(told, "vka-dialysis").outcome is Outcome.NOT_REACHED


def test_a_row_that_another_one_outranks_names_it(reasons: Reasons) -> None:
    high = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_high, 5)
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, high, PHOSPHATE_IN_RANGE)
    first, second = next(one for one in told.drug_classes if not one.not_asked).rows[3:5]
    assert (first.topic, first.outcome) == ("calcium-hypercalcaemia", Outcome.FIRED)
    assert (second.topic, second.outcome) == ("calcium-hypercalcaemia", Outcome.OUTRANKED)
    assert second.why == "a more urgent or earlier rule of the same card goes before it"


def test_a_drug_that_the_status_card_names_has_no_card_of_its_own(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, ULCER, WARFARIN)
    assert [card.topic for card in told.cards] == ["cua-possible"]
    rows = [one for group in told.drug_classes for one in group.rows if one.topic == "vka-dialysis"]
    assert rows[-1].why == "the status card that is shown names the drug"


def test_a_card_of_its_own_for_what_could_not_be_read_comes_only_alone(reasons: Reasons) -> None:
    unread = gap("calcium", Analyte.TOTAL_CALCIUM)
    assert row(opened(reasons, ON_DIALYSIS, unread), "cua-data-gap").outcome is Outcome.FIRED
    beside = row(opened(reasons, ON_DIALYSIS, LIVEDO, unread), "cua-data-gap")
    assert beside.why == "another card comes, which names what could not be read"
    unknown = ordered(reasons, "order-sign", drug(), ON_DIALYSIS, ULCER, unread)
    assert row(unknown, "cua-data-gap").why == "no draft is of a class with a rule"


def test_a_class_without_a_drug_was_not_asked(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, WARFARIN)
    asked = {group.drug_class: group.not_asked for group in told.drug_classes}
    assert asked["vitamin_k_antagonist"] == ""
    assert asked["iv_iron"] == "no active drug is of this class"
    assert list(asked) == list(POLICY.rules)
