"""The status card of each tier and its indicator."""

from datetime import date

import pytest

from hooks.assessment import Assessment
from hooks.calciphylaxis_status import calciphylaxis_card
from hooks.chart import Analyte, Condition, Medication, Procedure, Result
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    NECROSIS,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    ULCER,
    WARFARIN,
    assess,
    chart,
    condition,
    drug,
    procedure,
    result,
    scoring,
)

HIGH_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP)
NORMAL_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high)
HIGH_PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_high + STEP)
Thing = Result | Condition | Procedure | Medication


def status(*things: Thing) -> tuple[str, str] | None:
    card = calciphylaxis_card(assess(*things), POLICY)
    return (card.topic, card.indicator) if card else None


VERY_LOW_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_low - STEP)


@pytest.mark.parametrize(
    ("things", "indicator"),
    [
        ((), "info"),
        ((WARFARIN,), "critical"),
        ((CALCIUM_ACETATE,), "critical"),
        ((CALCIUM_ACETATE, VERY_LOW_CALCIUM), "warning"),
        ((CALCIUM_ACETATE, VERY_LOW_CALCIUM, WARFARIN), "critical"),
        ((CALCITRIOL, HIGH_CALCIUM), "critical"),
        ((CALCITRIOL, NORMAL_CALCIUM), "warning"),
        ((CALCITRIOL, HIGH_PHOSPHATE), "warning"),
        ((CALCITRIOL,), "warning"),
        ((HIGH_CALCIUM,), "info"),
        ((drug("nutritional_vitamin_d"), HIGH_CALCIUM), "warning"),
        ((drug("iv_iron"),), "warning"),
        ((drug("oral_iron"),), "warning"),
        ((drug("iron_binder"),), "info"),
        ((drug("non_calcium_binder"), drug("calcimimetic"), drug("sodium_thiosulfate")), "info"),
        ((NECROSIS,), "info"),
    ],
)
def test_confirmed_calciphylaxis_is_critical_while_a_drug_feeds_it_and_info_without_any(
    things: tuple[Thing, ...], indicator: str
) -> None:
    assert status(CONFIRMED, ON_DIALYSIS, *things) == ("cua-confirmed", indicator)
    assert status(CONFIRMED, *things) == ("cua-confirmed", indicator)


def test_where_calcium_is_needed_the_plan_asks_a_specialist_and_does_not_say_stop() -> None:
    card = calciphylaxis_card(assess(CONFIRMED, ON_DIALYSIS, CALCIUM_ACETATE, VERY_LOW_CALCIUM), POLICY)
    assert card is not None
    assert ". Calcium low: a specialist decides on calcium; " in card.detail
    assert "Stop calcium" not in card.detail
    assert "ask a specialist about calcium acetate" in card.summary


def test_active_vitamin_d_that_a_low_calcium_may_need_is_left_to_a_specialist() -> None:
    low, upper = LIMITS.calcium_low - STEP, LIMITS.pth_assumed_upper_limit
    needed = (result(Analyte.TOTAL_CALCIUM, low), result(Analyte.INTACT_PTH, LIMITS.pth_high_times * upper + 1))
    for things, words in (((), "Review calcitriol."), (needed, "Ask a specialist about calcitriol: ")):
        card = calciphylaxis_card(assess(CONFIRMED, ON_DIALYSIS, CALCITRIOL, *things), POLICY)
        assert card is not None
        assert words in card.detail


def test_off_dialysis_the_plan_leaves_the_dialysis_step_out() -> None:
    on, off = calciphylaxis_card(assess(CONFIRMED, ON_DIALYSIS), POLICY), calciphylaxis_card(assess(CONFIRMED), POLICY)
    assert on is not None
    assert off is not None
    assert "Kt/V" in on.detail
    assert "Kt/V" not in off.detail
    assert "without end-stage kidney disease" in off.detail


@pytest.mark.parametrize(
    ("things", "indicator"),
    [
        ((LIVEDO,), "warning"),
        ((NECROSIS,), "critical"),
        ((condition("gangrene"),), "critical"),
        ((LIVEDO, ULCER), "critical"),
        ((ULCER, condition("gangrene_pad")), "critical"),
        ((LIVEDO, WARFARIN), "critical"),
        ((LIVEDO, CALCIUM_ACETATE), "critical"),
        ((LIVEDO, CALCIUM_ACETATE, VERY_LOW_CALCIUM), "warning"),
        ((LIVEDO, CALCITRIOL, HIGH_CALCIUM), "warning"),
        ((LIVEDO, HIGH_CALCIUM), "warning"),
        ((condition("calciphylaxis_provisional", verification="provisional"),), "warning"),
        (scoring(LIMITS.suspected_score, ULCER), "warning"),
    ],
)
def test_suspected_calciphylaxis_is_critical_with_necrosis_two_signs_or_a_feeding_drug(
    things: tuple[Thing, ...], indicator: str
) -> None:
    assert status(ON_DIALYSIS, *things) == ("cua-suspected", indicator)


def test_possible_calciphylaxis_is_information() -> None:
    assert status(ON_DIALYSIS, ULCER) == ("cua-possible", "info")


def test_off_dialysis_a_possible_calciphylaxis_says_that_it_occurs_there_too() -> None:
    card = calciphylaxis_card(assess(LIVEDO, condition("ckd5"), WARFARIN), POLICY)
    assert card is not None
    assert (card.topic, card.indicator) == ("cua-possible", "info")
    assert "calciphylaxis also occurs without dialysis" in card.detail
    assert "warfarin" in card.summary


@pytest.mark.parametrize(
    ("things", "indicator"),
    [
        ((WARFARIN,), "warning"),
        ((HIGH_CALCIUM,), "warning"),
        ((result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_high + STEP),), "warning"),
        ((CALCIUM_ACETATE, NORMAL_CALCIUM), "info"),
        ((result(Analyte.TOTAL_CALCIUM, 9.9), result(Analyte.PHOSPHATE, LIMITS.product_high / 9.8)), "info"),
        ((CALCITRIOL, HIGH_PHOSPHATE), "info"),
    ],
)
def test_high_risk_is_a_warning_only_with_a_vitamin_k_antagonist_or_high_calcium(
    things: tuple[Thing, ...], indicator: str
) -> None:
    assert status(*scoring(LIMITS.high_risk_score, ON_DIALYSIS, *things)) == ("cua-risk-high", indicator)


def test_elevated_risk_is_information() -> None:
    assert status(*scoring(LIMITS.elevated_risk_score, ON_DIALYSIS, WARFARIN)) == ("cua-risk-elevated", "info")


PD = procedure("peritoneal_dialysis_procedure", 1, text="Peritoneal dialysis")
HD = procedure("haemodialysis_procedure", 1, text="Haemodialysis")
PD_TIERS: list[tuple[Thing, ...]] = [
    (CONFIRMED,),
    (LIVEDO,),
    (ULCER,),
    scoring(LIMITS.high_risk_score, WARFARIN),
    scoring(LIMITS.elevated_risk_score, WARFARIN),
]


@pytest.mark.parametrize("things", PD_TIERS)
def test_on_peritoneal_dialysis_no_card_speaks_of_sessions(things: tuple[Thing, ...]) -> None:
    card = calciphylaxis_card(assess(PD, result(Analyte.SP_KT_V, 1.1), *things), POLICY)
    assert card is not None
    assert "session" not in card.detail.casefold()


def test_on_peritoneal_dialysis_thiosulfate_is_never_given_into_the_peritoneum() -> None:
    card = calciphylaxis_card(assess(PD, CONFIRMED), POLICY)
    assert card is not None
    assert "intravenous, by a specialist, never into the peritoneum" in card.detail
    assert "discuss haemodialysis" in card.detail.casefold()
    assert "1.6" not in card.detail


def test_with_both_kinds_of_dialysis_both_reference_values_are_named() -> None:
    card = calciphylaxis_card(assess(PD, HD, CONFIRMED), POLICY)
    assert card is not None
    assert "target 1.4 per session" in card.detail
    assert "1.7 per week" in card.detail
    assert "never into the peritoneum" in card.detail


@pytest.mark.parametrize("things", [(), (ON_DIALYSIS,), (ON_DIALYSIS, WARFARIN), (NECROSIS, WARFARIN)])
def test_without_sign_or_risk_there_is_no_status_card(things: tuple[Thing, ...]) -> None:
    assert status(*things) is None


def test_a_child_gets_no_status_card() -> None:
    child = Assessment(chart(CONFIRMED, ON_DIALYSIS, NECROSIS, born=date(ON.year - 3, 1, 1)), ON, LIMITS)
    assert calciphylaxis_card(child, POLICY) is None


def test_only_suspected_calciphylaxis_is_presumed_until_proven_otherwise() -> None:
    phrase = "until proven otherwise"
    stories = [(LIVEDO,), (CONFIRMED,), (ULCER,), scoring(LIMITS.high_risk_score, WARFARIN)]
    cards = [calciphylaxis_card(assess(ON_DIALYSIS, *things), POLICY) for things in stories]
    assert [phrase in card.summary for card in cards if card] == [True, False, False, False]
    assert [phrase in card.detail for card in cards if card] == [True, False, False, False]
