"""The risk points: every factor with what it looked at, met or not."""

from __future__ import annotations

from hooks.chart import Analyte
from hooks.reasons import Reasons
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    LIMITS,
    ON_DIALYSIS,
    WARFARIN,
    condition,
    drug,
    gap,
    result,
)
from tests.unit.hooks.explain.told import all_read, answer, opened, ordered, points


def test_a_draft_does_not_score_and_the_factor_says_so(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS)
    assert points(told, "calcium_product") == (False, ["a draft order does not count"])


def test_points_are_told_against_the_score_that_is_needed(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("diabetes"), *all_read(), sex="male")
    assert answer(told, "score_elevated") == (
        False,
        [f"risk points 1, where {LIMITS.elevated_risk_score:.0f} are needed"],
    )


def test_minerals_count_once_and_vitamin_d_with_them_only(reasons: Reasons) -> None:
    high = opened(reasons, ON_DIALYSIS, *all_read(total_calcium=11.5, phosphate=6.5))
    assert points(high, "mineral_moderate")[0] is False
    assert points(high, "mineral_moderate")[1][-1] == "not counted beside high minerals"
    unknown = opened(reasons, ON_DIALYSIS, CALCITRIOL)
    assert points(unknown, "active_vitamin_d")[0] is None
    assert points(opened(reasons, ON_DIALYSIS), "active_vitamin_d")[0] is False


def test_every_factor_is_told_with_its_points_whether_it_is_met_or_not(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, WARFARIN, condition("diabetes", text="Diabetes"), sex="female")
    assert told.score is not None
    assert told.score.points == sum(one.points for one in told.score.factors if one.met) == 4
    assert points(told, "female") == (True, ["recorded: female"])
    assert points(told, "diabetes") == (True, ["“Diabetes” (undated)"])
    assert points(told, "albumin") == (None, ["no result: albumin"])
    assert points(told, "weight_loss") == (None, ["no two dry weights far enough apart"])
    assert points(told, "past_calciphylaxis") == (False, [])


def test_factors_name_the_results_and_drugs_they_look_at(reasons: Reasons) -> None:
    told = opened(
        reasons,
        ON_DIALYSIS,
        result(Analyte.INTACT_PTH, 300, 5),
        result(Analyte.DRY_WEIGHT, 80, 100),
        result(Analyte.DRY_WEIGHT, 79, 5),
        drug("systemic_corticosteroid", name="prednisolone", days=1),
        CALCITRIOL,
        gap("medications_of_another_kind"),
    )
    assert points(told, "pth")[0] is False
    assert len(points(told, "pth")[1]) == 2
    assert "the limit is 5 %" in points(told, "weight_loss")[1][0]
    assert "prednisolone" in points(told, "corticosteroid")[1][0]
    assert points(told, "female") == (None, ["no sex recorded"])
    assert "calcitriol" in " ".join(points(told, "active_vitamin_d")[1])
