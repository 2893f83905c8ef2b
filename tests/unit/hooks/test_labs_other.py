"""Albumin, alkaline phosphatase, dialysis dose, body mass index and weight."""

import pytest

from hooks.chart import Analyte, Result
from hooks.labs import Labs
from tests.unit.hooks.builders import LIMITS, STEP, assess, result

HD, PD, URR = Analyte.SP_KT_V, Analyte.PD_WEEKLY_KT_V, Analyte.UREA_REDUCTION_RATIO
DRY, POST = Analyte.DRY_WEIGHT, Analyte.POST_DIALYSIS_WEIGHT
GAP = int(LIMITS.weight_loss_gap_days)
HALF_YEAR = LIMITS.windows[DRY].usable


def labs(*results: Result) -> Labs:
    return assess(*results).labs


@pytest.mark.parametrize(("step", "low"), [(-STEP, True), (0, False), (STEP, False)])
def test_albumin_is_low_below_its_threshold(step: float, low: bool) -> None:
    assert labs(result(Analyte.ALBUMIN, LIMITS.albumin_low + step)).albumin_low.met is low


@pytest.mark.parametrize("reported", [None, 104.0])
@pytest.mark.parametrize(("step", "high"), [(-STEP, False), (0, False), (STEP, True)])
def test_alkaline_phosphatase_is_high_above_the_reported_else_the_assumed_limit(
    reported: float | None, step: float, high: bool
) -> None:
    limit = reported or LIMITS.alkaline_phosphatase_assumed_upper_limit
    reading = result(Analyte.ALKALINE_PHOSPHATASE, limit + step, upper_limit=reported)
    assert labs(reading).alkaline_phosphatase_high.met is high


@pytest.mark.parametrize(("step", "obese"), [(-STEP, False), (0, True), (STEP, True)])
def test_obesity_begins_at_its_body_mass_index(step: float, obese: bool) -> None:
    assert labs(result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index + step)).obese_by_index.met is obese


def test_without_results_nothing_can_be_told() -> None:
    none = labs()
    findings = (none.albumin_low, none.alkaline_phosphatase_high, none.obese_by_index, none.dialysis_dose_low)
    assert [finding.met for finding in findings] == [None] * 4
    assert none.weight_loss is None


# ------------------------------------------------------------------ dialysis dose
@pytest.mark.parametrize(
    ("analyte", "limit"),
    [(HD, LIMITS.hd_kt_v_minimum), (PD, LIMITS.pd_kt_v_minimum), (URR, LIMITS.urea_reduction_ratio_minimum)],
)
@pytest.mark.parametrize(("step", "low"), [(-STEP, True), (0, False), (STEP, False)])
def test_each_measure_of_dialysis_dose_is_low_below_its_minimum(
    analyte: Analyte, limit: float, step: float, low: bool
) -> None:
    assert labs(result(analyte, limit + step)).dialysis_dose_low.met is low


def test_the_latest_kt_v_decides() -> None:
    low, enough = LIMITS.hd_kt_v_minimum - STEP, LIMITS.hd_kt_v_minimum
    assert labs(result(HD, enough, 2), result(HD, low, 30)).dialysis_dose_low.met is False


def test_a_low_urea_reduction_ratio_is_not_asked_beside_a_usable_kt_v() -> None:
    low_ratio = result(URR, LIMITS.urea_reduction_ratio_minimum - STEP)
    assert labs(low_ratio, result(HD, LIMITS.hd_kt_v_minimum, 30)).dialysis_dose_low.met is False


def test_a_low_urea_reduction_ratio_counts_beside_a_kt_v_that_is_too_old() -> None:
    low_ratio = result(URR, LIMITS.urea_reduction_ratio_minimum - STEP)
    too_old = result(HD, LIMITS.hd_kt_v_minimum, LIMITS.windows[HD].usable + 1)
    assert labs(low_ratio, too_old).dialysis_dose_low.met is True


MINIMUM = {HD: LIMITS.hd_kt_v_minimum, PD: LIMITS.pd_kt_v_minimum, URR: LIMITS.urea_reduction_ratio_minimum}


@pytest.mark.parametrize(("one", "other"), [(HD, PD), (PD, HD), (URR, PD), (PD, URR)])
def test_of_the_haemodialysis_and_the_peritoneal_dose_the_later_decides_and_on_one_day_the_low_one(
    one: Analyte, other: Analyte
) -> None:
    enough, low = result(one, MINIMUM[one], 5, hour=9), MINIMUM[other] - STEP
    found = [labs(enough, result(other, low, days, hour=3)).dialysis_dose_low for days in (6, 5, 4)]
    assert [finding.met for finding in found] == [False, True, True]
    assert found[0].result == enough


def test_a_dose_that_a_comparator_leaves_open_leaves_the_answer_to_the_other() -> None:
    undecided, low = result(HD, LIMITS.hd_kt_v_minimum - STEP, comparator=">"), LIMITS.pd_kt_v_minimum - STEP
    assert labs(undecided, result(PD, low, 9)).dialysis_dose_low.met is True


# ------------------------------------------------------------------ weight
def loss_of(percent: float, apart: int = GAP, analyte: Analyte = DRY) -> Labs:
    return labs(result(analyte, 80, apart), result(analyte, 80 * (1 - percent / 100)))


@pytest.mark.parametrize(("step", "met"), [(-0.01, False), (0, True), (0.01, True)])
def test_weight_loss_counts_from_its_share_on(step: float, met: bool) -> None:
    loss = loss_of(LIMITS.weight_loss_percent + step).weight_loss
    assert loss is not None
    assert loss.met is met


def test_weights_too_close_in_time_tell_nothing() -> None:
    assert loss_of(50, GAP - 1).weight_loss is None
    assert loss_of(50, GAP).weight_loss is not None


def test_a_weight_outside_the_window_tells_nothing() -> None:
    assert loss_of(50, HALF_YEAR).weight_loss is not None
    assert loss_of(50, HALF_YEAR + 1).weight_loss is None


def test_weight_gain_is_no_loss() -> None:
    loss = loss_of(-20).weight_loss
    assert loss is not None
    assert (loss.met, loss.percent) == (False, -20)


def test_the_oldest_and_the_newest_weight_are_compared() -> None:
    loss = labs(result(DRY, 80, 90), result(DRY, 60, 60), result(DRY, 79)).weight_loss
    assert loss is not None
    assert (loss.oldest.value, loss.newest.value, loss.met) == (80, 79, False)


def test_post_dialysis_weight_serves_only_without_a_dry_weight() -> None:
    assert loss_of(50, analyte=POST).weight_loss is not None
    assert labs(result(DRY, 80), result(POST, 80, GAP), result(POST, 40)).weight_loss is None


def test_a_weight_with_a_comparator_is_left_out() -> None:
    assert labs(result(DRY, 80, GAP, comparator=">"), result(DRY, 40)).weight_loss is None


def test_one_weight_tells_nothing() -> None:
    assert labs(result(DRY, 80)).weight_loss is None
