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


@pytest.mark.parametrize(
    ("things", "indicator"),
    [
        ((), "warning"),
        ((WARFARIN,), "critical"),
        ((CALCIUM_ACETATE,), "critical"),
        ((CALCITRIOL, HIGH_CALCIUM), "critical"),
        ((CALCITRIOL, NORMAL_CALCIUM), "warning"),
        ((CALCITRIOL, HIGH_PHOSPHATE), "warning"),
        ((CALCITRIOL,), "warning"),
        ((HIGH_CALCIUM,), "warning"),
        ((drug("nutritional_vitamin_d"), HIGH_CALCIUM), "warning"),
        ((drug("iv_iron"),), "warning"),
        ((NECROSIS,), "warning"),
    ],
)
def test_confirmed_calciphylaxis_is_critical_while_a_drug_feeds_it(things: tuple[Thing, ...], indicator: str) -> None:
    assert status(CONFIRMED, ON_DIALYSIS, *things) == ("cua-confirmed", indicator)
    assert status(CONFIRMED, *things) == ("cua-confirmed", indicator)


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


def test_high_risk_is_a_warning_and_elevated_risk_is_information() -> None:
    high = scoring(LIMITS.high_risk_score, ON_DIALYSIS, WARFARIN)
    elevated = scoring(LIMITS.elevated_risk_score, ON_DIALYSIS, WARFARIN)
    assert status(*high) == ("cua-risk-high", "warning")
    assert status(*elevated) == ("cua-risk-elevated", "info")


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
