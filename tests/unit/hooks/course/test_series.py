"""The series of a course: which calcium, which side of the thresholds, which bands; thresholds read from the file."""

from __future__ import annotations

import pytest

from hooks.chart import Analyte, Gap, Result, Unreadable
from hooks.course.series import CALCIUM, PRODUCT, Corrected, Series, Side, series
from hooks.policy import Policy
from hooks.policy_loading import load_policy
from tests.unit.hooks.builders import LIMITS, ON, POLICY, STEP, ago, chart, data_files, gap, result

A = Analyte
FIRST = ago(731)
PTH_FROM = LIMITS.pth_vitamin_d_times * LIMITS.pth_assumed_upper_limit
PTH_HIGH = LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit


def shown(*things: Result | Gap | Unreadable, policy: Policy = POLICY) -> dict[str, Series]:
    return {one.key: one for one in series(chart(*things), FIRST, ON, policy)}


def sides(key: str, *things: Result) -> list[Side]:
    return [point.side for point in shown(*things)[key].points]


def test_the_measures_of_every_patient_are_there_without_any_result() -> None:
    assert list(shown()) == [CALCIUM, A.PHOSPHATE, PRODUCT, A.INTACT_PTH, A.SP_KT_V]


def test_peritoneal_dialysis_shows_its_own_dose_in_place_of_the_session_dose() -> None:
    found = shown(result(A.PD_WEEKLY_KT_V, 1.8))
    assert A.PD_WEEKLY_KT_V in found
    assert A.SP_KT_V not in found


def test_ionised_calcium_has_a_series_of_its_own_when_there_is_some() -> None:
    assert [point.value for point in shown(result(A.IONISED_CALCIUM_PH74, 1.2))[A.IONISED_CALCIUM].points] == [1.2]


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        (A.PHOSPHATE, None, LIMITS.phosphate_high),
        (A.IONISED_CALCIUM, LIMITS.ionised_calcium_low, LIMITS.ionised_calcium_high),
        (A.INTACT_PTH, None, PTH_HIGH),
        (A.SP_KT_V, LIMITS.hd_kt_v_minimum, None),
        (A.PD_WEEKLY_KT_V, LIMITS.pd_kt_v_minimum, None),
        (A.UREA_REDUCTION_RATIO, LIMITS.urea_reduction_ratio_minimum, None),
    ],
)
def test_values_lie_below_between_or_above_the_thresholds(key: Analyte, low: float | None, high: float | None) -> None:
    if low is not None:
        assert sides(key, result(key, low - STEP, 1), result(key, low)) == [Side.LOW, Side.IN_RANGE]
    if high is not None:
        assert sides(key, result(key, high, 1), result(key, high + STEP)) == [Side.IN_RANGE, Side.HIGH]


@pytest.mark.parametrize(
    ("value", "side"),
    [
        (LIMITS.calcium_low - STEP, Side.LOW),
        (LIMITS.calcium_low, Side.IN_RANGE),
        (LIMITS.calcium_upper_normal, Side.IN_RANGE),
        (LIMITS.calcium_upper_normal + STEP, Side.MODERATE),
        (LIMITS.calcium_high, Side.MODERATE),
        (LIMITS.calcium_high + STEP, Side.HIGH),
        (LIMITS.calcium_very_high, Side.VERY_HIGH),
    ],
)
def test_calcium_has_a_very_high_level_too(value: float, side: Side) -> None:
    assert sides(CALCIUM, result(A.TOTAL_CALCIUM, value)) == [side]


@pytest.mark.parametrize(
    ("value", "comparator", "side"),
    [
        (LIMITS.pth_low - STEP, "", Side.LOW),
        (LIMITS.pth_low, "", Side.BELOW),
        (PTH_FROM - STEP, "", Side.BELOW),
        (PTH_FROM, "", Side.IN_RANGE),
        (LIMITS.pth_low, ">", Side.UNDECIDED),
    ],
)
def test_pth_may_lie_below_its_range_without_being_scored_as_low(value: float, comparator: str, side: Side) -> None:
    assert sides(A.INTACT_PTH, result(A.INTACT_PTH, value, comparator=comparator)) == [side]


def test_a_comparator_that_decides_is_decided_and_one_that_does_not_is_left_open() -> None:
    above = result(A.INTACT_PTH, PTH_HIGH, 1, comparator=">")
    open_one = result(A.INTACT_PTH, PTH_HIGH - 1, comparator=">")
    points = shown(above, open_one)[A.INTACT_PTH].points
    assert [(point.side, point.comparator) for point in points] == [(Side.HIGH, ">"), (Side.UNDECIDED, ">")]


def test_calcium_is_corrected_by_the_nearest_albumin_as_the_rules_do_it() -> None:
    calcium, albumin = result(A.TOTAL_CALCIUM, 9.0, 40), result(A.ALBUMIN, 3.0, 42)
    (point,) = shown(calcium, albumin)[CALCIUM].points
    assert point.value == round(9.0 + LIMITS.correction_slope * (LIMITS.correction_albumin - 3.0), 4)
    assert (point.corrected, point.sources) == (Corrected.BY_ALBUMIN, (calcium, albumin))


@pytest.mark.parametrize(("later", "corrected"), [(0, Corrected.BY_ALBUMIN), (1, Corrected.NOT)])
def test_an_albumin_that_came_later_corrects_within_its_days_only(later: int, corrected: Corrected) -> None:
    days = int(LIMITS.correction_albumin_days)
    calcium, albumin = result(A.TOTAL_CALCIUM, 9.0, 100), result(A.ALBUMIN, 3.0, 100 - days - later)
    (point,) = shown(calcium, albumin)[CALCIUM].points
    assert point.corrected is corrected


def test_calcium_that_the_laboratory_corrected_is_taken_as_it_is() -> None:
    corrected = result(A.ALBUMIN_CORRECTED_CALCIUM, 9.9, 10)
    (point,) = shown(corrected, result(A.TOTAL_CALCIUM, 9.0, 10), result(A.ALBUMIN, 3.0, 10))[CALCIUM].points
    assert (point.value, point.corrected, point.sources) == (9.9, Corrected.BY_LABORATORY, (corrected,))


def test_a_calcium_beside_which_ionised_calcium_decided_says_so() -> None:
    total = [result(A.TOTAL_CALCIUM, 10.9, days) for days in (40, 10)]
    points = shown(*total, result(A.IONISED_CALCIUM, 1.2, 10))[CALCIUM].points
    assert [point.by_ionised for point in points] == [False, True]


def test_a_series_says_for_how_long_its_results_count() -> None:
    windows = LIMITS.windows
    assert shown()[PRODUCT].usable == min(windows[A.TOTAL_CALCIUM].usable, windows[A.PHOSPHATE].usable)


def test_the_product_is_formed_on_each_day_from_what_is_near_enough() -> None:
    far = int(LIMITS.product_pair_days) + 1
    calcium = [result(A.TOTAL_CALCIUM, 9.0, days) for days in (100, 50)]
    phosphate = [result(A.PHOSPHATE, value, days) for value, days in ((6.0, 100), (6.0, 50 - far))]
    (point,) = shown(*calcium, *phosphate)[PRODUCT].points
    assert (point.on, point.value, len(point.sources)) == (ago(100), 54.0, 2)


@pytest.mark.parametrize(
    ("product", "side"),
    [
        (LIMITS.product_moderate, Side.IN_RANGE),
        (LIMITS.product_moderate + 1, Side.MODERATE),
        (LIMITS.product_high, Side.MODERATE),
        (LIMITS.product_high + 1, Side.HIGH),
    ],
)
def test_the_product_is_moderate_and_then_high(product: float, side: Side) -> None:
    assert sides(PRODUCT, result(A.TOTAL_CALCIUM, 10.0), result(A.PHOSPHATE, product / 10)) == [side]


def test_only_results_of_the_two_years_are_shown_and_none_of_tomorrow() -> None:
    results = [result(A.PHOSPHATE, 5.0, days) for days in (732, 731, 0, -1)]
    assert [point.on for point in shown(*results)[A.PHOSPHATE].points] == [FIRST, ON]


def test_of_two_results_of_one_instant_the_first_counts() -> None:
    corrected, final = result(A.PHOSPHATE, 5.0)._replace(rank=2), result(A.PHOSPHATE, 9.0)
    assert [point.value for point in shown(corrected, final)[A.PHOSPHATE].points] == [5.0]


def test_points_are_in_the_order_of_time() -> None:
    found = shown(*(result(A.PHOSPHATE, 5.0, days) for days in (1, 30, 7)))[A.PHOSPHATE]
    assert [(ON - point.on).days for point in found.points] == [30, 7, 1]


def test_a_band_holds_the_thresholds_of_the_policy() -> None:
    (band,) = shown()[CALCIUM].bands
    assert (band.first, band.last) == (FIRST, ON)
    assert (band.low, band.high, band.further, band.scored) == (
        LIMITS.calcium_low,
        LIMITS.calcium_high,
        LIMITS.calcium_very_high,
        LIMITS.calcium_upper_normal,
    )


def test_a_threshold_that_changed_makes_a_second_band_and_the_side_is_that_of_the_day() -> None:
    files = data_files()
    files["thresholds"]["phosphate_high"]["values"].append({"since": ago(50), "value": 4.0, "source": "this test"})
    results = [result(A.PHOSPHATE, 5.0, days) for days in (51, 50)]
    found = shown(*results, policy=load_policy(**files))[A.PHOSPHATE]
    assert [(band.first, band.last, band.high) for band in found.bands] == [
        (FIRST, ago(50), LIMITS.phosphate_high),
        (ago(50), ON, 4.0),
    ]
    assert [point.side for point in found.points] == [Side.IN_RANGE, Side.HIGH]


def test_the_pth_band_follows_the_upper_limits_that_came_with_the_results() -> None:
    limits = ((300, 60.0), (200, 60.0), (100, 72.0))
    found = shown(*(result(A.INTACT_PTH, 200, days, upper_limit=upper) for days, upper in limits))[A.INTACT_PTH]
    times = LIMITS.pth_high_times
    assert [(band.first, band.last, band.high) for band in found.bands] == [
        (FIRST, ago(100), times * 60),
        (ago(100), ON, times * 72),
    ]


def test_without_results_the_pth_band_assumes_the_upper_limit() -> None:
    (band,) = shown()[A.INTACT_PTH].bands
    assert (band.low, band.high, band.scored) == (PTH_FROM, PTH_HIGH, LIMITS.pth_low)


def test_what_could_not_be_read_belongs_to_its_series() -> None:
    dated, undated, old = (Unreadable("phosphate", "no unit", day) for day in (ago(3), None, ago(800)))
    failed = gap("phosphate_albumin", A.PHOSPHATE, A.ALBUMIN)
    found = shown(dated, undated, old, failed, Unreadable("condition", "of another kind"))
    assert found[A.PHOSPHATE].unreadable == (dated, undated)
    assert found[A.PHOSPHATE].gaps == (failed,) == found[PRODUCT].gaps
    assert (found[A.INTACT_PTH].unreadable, found[A.INTACT_PTH].gaps) == ((), ())


def test_a_series_of_which_nothing_could_be_used_is_shown() -> None:
    assert A.UREA_REDUCTION_RATIO in shown(Unreadable("urea_reduction_ratio", "no unit", ago(3)))
