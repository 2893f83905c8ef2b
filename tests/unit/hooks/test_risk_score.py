"""The risk points: each factor with both sides of what meets it."""

import pytest

from hooks.chart import Analyte, Condition, Medication, Result
from hooks.risk_score import CHANGEABLE, Risk
from hooks.thresholds import FACTORS
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    LIMITS,
    STEP,
    WARFARIN,
    assess,
    condition,
    drug,
    result,
)

CALCIUM, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH
LONG_ENOUGH = int(LIMITS.steroid_days)
HIGH_CALCIUM = result(CALCIUM, LIMITS.calcium_high + STEP)
HIGH_PHOSPHATE = result(PHOSPHATE, LIMITS.phosphate_high + STEP)
UPPER_NORMAL = result(CALCIUM, LIMITS.calcium_upper_normal + STEP)


def risk(*things: Result | Condition | Medication, sex: str = "") -> Risk:
    return assess(*things, sex=sex).risk


def met(*things: Result | Condition | Medication, sex: str = "") -> set[str]:
    return {factor.name for factor in risk(*things, sex=sex).factors}


def product(value: float) -> tuple[Result, Result]:
    """Normal calcium and as much phosphate as makes this product."""
    return result(CALCIUM, LIMITS.calcium_low), result(PHOSPHATE, value / LIMITS.calcium_low)


def test_an_empty_chart_scores_nothing() -> None:
    assert (risk().score, risk().factors, risk().changeable) == (0, (), False)


LOSS = LIMITS.weight_loss_percent
GAP = LIMITS.weight_loss_gap_days
DAY_ENOUGH, DAY_SHORT = LONG_ENOUGH, LONG_ENOUGH - 1
PTH_HIGH = LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit
ALP = LIMITS.alkaline_phosphatase_assumed_upper_limit
Things = tuple[Result | Condition | Medication, ...]


@pytest.mark.parametrize(
    ("factor", "meets", "just_not"),
    [
        ("vitamin_k_antagonist", (WARFARIN,), (drug("apixaban"),)),
        ("mineral_high", (HIGH_CALCIUM,), (result(CALCIUM, LIMITS.calcium_high),)),
        (
            "mineral_high",
            (result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_high + STEP),),
            (result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_high),),
        ),
        ("mineral_high", product(LIMITS.product_high + 0.01), product(LIMITS.product_high - 0.01)),
        ("mineral_moderate", (HIGH_PHOSPHATE,), (result(PHOSPHATE, LIMITS.phosphate_high),)),
        ("mineral_moderate", (UPPER_NORMAL,), (result(CALCIUM, LIMITS.calcium_upper_normal),)),
        ("pth", (result(PTH, LIMITS.pth_low - STEP),), (result(PTH, LIMITS.pth_low),)),
        ("pth", (result(PTH, PTH_HIGH + STEP),), (result(PTH, PTH_HIGH),)),
        (
            "albumin",
            (result(Analyte.ALBUMIN, LIMITS.albumin_low - STEP),),
            (result(Analyte.ALBUMIN, LIMITS.albumin_low),),
        ),
        (
            "alkaline_phosphatase",
            (result(Analyte.ALKALINE_PHOSPHATASE, ALP + STEP),),
            (result(Analyte.ALKALINE_PHOSPHATASE, ALP),),
        ),
        (
            "obesity",
            (result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index),),
            (result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index - STEP),),
        ),
        ("obesity", (condition("obesity"),), (condition("obesity", past=True),)),
        ("diabetes", (condition("diabetes"),), (condition("diabetes", past=True),)),
        ("calcium_product", (CALCIUM_ACETATE,), (drug("iron_binder"),)),
        ("active_vitamin_d", (CALCITRIOL, HIGH_CALCIUM), (CALCITRIOL, result(CALCIUM, LIMITS.calcium_upper_normal))),
        ("active_vitamin_d", (CALCITRIOL, UPPER_NORMAL), (drug("nutritional_vitamin_d"), UPPER_NORMAL)),
        (
            "corticosteroid",
            (drug("systemic_corticosteroid", days=DAY_ENOUGH),),
            (drug("systemic_corticosteroid", days=DAY_SHORT),),
        ),
        ("corticosteroid", (drug("systemic_corticosteroid"),), (drug("insulin"),)),
        ("corticosteroid", (condition("steroid_use"),), (condition("steroid_use", past=True),)),
        ("liver_or_thrombophilia", (condition("liver_disease"),), (condition("liver_disease", past=True),)),
        ("liver_or_thrombophilia", (condition("thrombophilia"),), (condition("thrombophilia", past=True),)),
        (
            "weight_loss",
            (result(Analyte.DRY_WEIGHT, 100, GAP), result(Analyte.DRY_WEIGHT, 100 - LOSS)),
            (result(Analyte.DRY_WEIGHT, 100, GAP), result(Analyte.DRY_WEIGHT, 100 - LOSS + STEP)),
        ),
        (
            "dialysis_dose",
            (result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - STEP),),
            (result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum),),
        ),
        ("past_calciphylaxis", (condition("calciphylaxis_history", past=True),), (condition("calciphylaxis"),)),
        ("past_calciphylaxis", (condition("calciphylaxis_history"),), (condition("diabetes"),)),
    ],
)
def test_a_factor_scores_its_points_and_nothing_scores_just_short_of_it(
    factor: str, meets: Things, just_not: Things
) -> None:
    assert factor in met(*meets)
    assert factor not in met(*just_not)
    assert dict.fromkeys(item.points for item in risk(*meets).factors if item.name == factor) == {
        LIMITS.points[factor]: None
    }


def test_product_moderate_scores_without_any_single_high_mineral() -> None:
    calcium = LIMITS.calcium_upper_normal
    phosphate = LIMITS.product_moderate / calcium
    assert phosphate > LIMITS.phosphate_high, "then phosphate alone would always score first"
    assert "mineral_moderate" in met(result(CALCIUM, calcium), result(PHOSPHATE, phosphate + STEP))


def test_calcium_phosphate_and_product_that_are_all_normal_score_nothing() -> None:
    assert met(result(CALCIUM, LIMITS.calcium_low), result(PHOSPHATE, LIMITS.phosphate_high)) == set()


@pytest.mark.parametrize(("sex", "scores"), [("female", True), ("male", False), ("other", False), ("", False)])
def test_female_sex_scores(sex: str, scores: bool) -> None:
    assert ("female" in met(sex=sex)) is scores


def test_moderate_minerals_do_not_score_beside_high_ones() -> None:
    assert met(HIGH_CALCIUM, HIGH_PHOSPHATE) == {"mineral_high"}


def test_liver_disease_and_thrombophilia_score_together_once() -> None:
    both = risk(condition("liver_disease"), condition("thrombophilia"))
    assert both.score == LIMITS.points["liver_or_thrombophilia"]


def test_a_usable_body_mass_index_overrules_an_obesity_code() -> None:
    normal = result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index - STEP)
    too_old = result(Analyte.BODY_MASS_INDEX, 20, LIMITS.windows[Analyte.BODY_MASS_INDEX].usable + 1)
    assert "obesity" not in met(condition("obesity"), normal)
    assert "obesity" in met(condition("obesity"), too_old)


def test_a_steroid_prescribed_for_a_later_day_does_not_score() -> None:
    assert "corticosteroid" not in met(drug("systemic_corticosteroid", days=-1))


@pytest.mark.parametrize(
    "drug_class", ["iv_iron", "oral_iron", "iron_binder", "insulin", "sodium_thiosulfate", "nutritional_vitamin_d"]
)
def test_what_is_deliberately_not_scored(drug_class: str) -> None:
    assert risk(drug(drug_class), HIGH_CALCIUM).score == LIMITS.points["mineral_high"]


def test_the_score_is_the_sum_and_the_changeable_factors_come_first() -> None:
    whole = risk(condition("diabetes"), WARFARIN, HIGH_CALCIUM, CALCITRIOL, sex="female")
    expected = ["vitamin_k_antagonist", "mineral_high", "active_vitamin_d", "female", "diabetes"]
    assert [factor.name for factor in whole.factors] == expected
    assert whole.score == sum(LIMITS.points[name] for name in expected)


@pytest.mark.parametrize(
    ("things", "changeable"),
    [
        ((WARFARIN,), True),
        ((CALCIUM_ACETATE,), True),
        ((HIGH_CALCIUM,), True),
        ((CALCITRIOL, HIGH_PHOSPHATE), True),
        ((CALCITRIOL,), False),
        ((HIGH_PHOSPHATE,), False),
        ((condition("diabetes"), condition("steroid_use")), False),
    ],
)
def test_a_high_score_matters_with_something_to_change(things: Things, changeable: bool) -> None:
    assert risk(*things).changeable is changeable


def test_every_factor_is_known_and_has_points() -> None:
    assert set(LIMITS.points) == set(FACTORS)
    assert set(FACTORS) >= CHANGEABLE
