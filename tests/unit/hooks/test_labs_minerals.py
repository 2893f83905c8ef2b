"""Phosphate, the calcium x phosphate product and parathyroid hormone."""

import pytest

from hooks.chart import Analyte, Result
from hooks.labs import Labs
from tests.unit.hooks.builders import LIMITS, STEP, assess, result

CALCIUM, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH
PAIR = int(LIMITS.product_pair_days)


def labs(*results: Result) -> Labs:
    return assess(*results).labs


# ------------------------------------------------------------------ phosphate
@pytest.mark.parametrize(("step", "high"), [(-STEP, False), (0, False), (STEP, True)])
def test_phosphate_is_high_above_its_threshold(step: float, high: bool) -> None:
    assert labs(result(PHOSPHATE, LIMITS.phosphate_high + step)).phosphate_high.met is high


def test_without_phosphate_nothing_can_be_told() -> None:
    assert labs().phosphate_high.met is None


# ------------------------------------------------------------------ product
def product_of(value: float) -> Labs:
    """Calcium and phosphate whose product is this value."""
    return labs(result(CALCIUM, 10), result(PHOSPHATE, value / 10))


@pytest.mark.parametrize(("step", "above"), [(-0.001, False), (0, False), (0.001, True)])
def test_the_product_is_moderate_and_high_above_its_thresholds(step: float, above: bool) -> None:
    assert product_of(LIMITS.product_moderate + step).product_moderate is above
    assert product_of(LIMITS.product_high + step).product_high is above


@pytest.mark.parametrize("only", [CALCIUM, PHOSPHATE])
def test_there_is_no_product_with_one_of_both_missing(only: Analyte) -> None:
    alone = labs(result(only, 9))
    assert (alone.product, alone.product_moderate, alone.product_high) == (None, None, None)


@pytest.mark.parametrize("apart", [PAIR, -PAIR])
def test_calcium_and_phosphate_within_the_pair_days_form_a_product(apart: int) -> None:
    assert labs(result(CALCIUM, 10, 20), result(PHOSPHATE, 5, 20 + apart)).product is not None


@pytest.mark.parametrize("apart", [PAIR + 1, -PAIR - 1])
def test_calcium_and_phosphate_one_day_further_apart_form_none(apart: int) -> None:
    assert labs(result(CALCIUM, 10, 20), result(PHOSPHATE, 5, 20 + apart)).product is None


@pytest.mark.parametrize(("on_calcium", "on_phosphate"), [(">", ""), ("", ">")])
def test_a_comparator_on_the_newest_of_either_forms_no_product(on_calcium: str, on_phosphate: str) -> None:
    newest = (result(CALCIUM, 10, comparator=on_calcium), result(PHOSPHATE, 5, comparator=on_phosphate))
    assert labs(*newest, result(CALCIUM, 10, 1), result(PHOSPHATE, 5, 1)).product is None


def test_ionised_calcium_never_enters_the_product() -> None:
    assert labs(result(Analyte.IONISED_CALCIUM, 1.2), result(PHOSPHATE, 5)).product is None


def test_the_product_takes_the_corrected_calcium() -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1)
    product = labs(result(CALCIUM, 9), result(PHOSPHATE, 5), albumin).product
    assert product is not None
    assert product.value == round((9 + LIMITS.correction_slope) * 5, 4)


# ------------------------------------------------------------------ parathyroid hormone
@pytest.mark.parametrize(("step", "low"), [(-STEP, True), (0, False), (STEP, False)])
def test_pth_is_low_below_its_threshold(step: float, low: bool) -> None:
    assert labs(result(PTH, LIMITS.pth_low + step)).pth_low.met is low


@pytest.mark.parametrize("reported", [None, 88.0])
@pytest.mark.parametrize(("step", "high"), [(-STEP, False), (0, False), (STEP, True)])
def test_pth_is_high_above_a_multiple_of_the_reported_else_the_assumed_upper_limit(
    reported: float | None, step: float, high: bool
) -> None:
    limit = LIMITS.pth_high_times * (reported or LIMITS.pth_assumed_upper_limit)
    assert labs(result(PTH, limit + step, upper_limit=reported)).pth_high.met is high


@pytest.mark.parametrize("reported", [None, 88.0])
@pytest.mark.parametrize(("step", "low"), [(-STEP, True), (0, False), (STEP, False)])
def test_pth_is_low_for_active_vitamin_d_below_a_smaller_multiple_of_that_limit(
    reported: float | None, step: float, low: bool
) -> None:
    limit = LIMITS.pth_vitamin_d_times * (reported or LIMITS.pth_assumed_upper_limit)
    assert labs(result(PTH, limit + step, upper_limit=reported)).pth_low_for_vitamin_d.met is low


def test_without_pth_nothing_can_be_told() -> None:
    none = labs()
    assert (none.pth_low.met, none.pth_high.met, none.pth_low_for_vitamin_d.met) == (None, None, None)
    assert none.pth_low_twice == ()


def test_a_pth_beyond_the_assay_decides_high_by_itself() -> None:
    beyond = LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit
    assert labs(result(PTH, beyond, comparator=">")).pth_high.met is True


# ------------------------------------------------------------------ PTH twice
LOW, NOT_LOW = LIMITS.pth_low_twice - STEP, LIMITS.pth_low_twice


@pytest.mark.parametrize(
    ("newest", "older", "answer"),
    [(LOW, LOW, True), (NOT_LOW, LOW, False), (LOW, NOT_LOW, False), (NOT_LOW, NOT_LOW, False)],
)
def test_pth_is_low_twice_when_both_newest_results_are(newest: float, older: float, answer: bool) -> None:
    patient = assess(result(PTH, newest, 10), result(PTH, older, 100), result(PTH, LOW, 120))
    assert patient.pth_twice_low.met is answer


def test_the_finding_names_the_result_that_speaks_against_it() -> None:
    against = result(PTH, NOT_LOW, 100)
    assert assess(result(PTH, LOW, 10), against).pth_twice_low.result is against


def test_two_low_results_of_one_day_are_one_result() -> None:
    patient = assess(result(PTH, LOW, 10, hour=9), result(PTH, LOW, 10, hour=7))
    assert (len(patient.labs.pth_low_twice), patient.pth_twice_low.met) == (1, None)


def test_the_later_result_of_a_day_stands_for_it() -> None:
    patient = assess(result(PTH, NOT_LOW, 10, hour=9), result(PTH, LOW, 10, hour=7), result(PTH, LOW, 60))
    assert patient.pth_twice_low.met is False


def test_one_low_result_alone_or_none_cannot_tell() -> None:
    assert assess(result(PTH, LOW)).pth_twice_low.met is None
    assert assess().pth_twice_low.met is None


def test_one_result_that_is_not_low_tells_already() -> None:
    assert assess(result(PTH, NOT_LOW)).pth_twice_low.met is False


def test_an_undecided_result_is_passed_over_for_the_next_older_ones() -> None:
    undecided = result(PTH, LOW, 5, comparator=">")
    assert assess(undecided, result(PTH, LOW, 50), result(PTH, LOW, 90)).pth_twice_low.met is True


def test_a_second_low_result_outside_the_window_does_not_count() -> None:
    usable = LIMITS.windows[PTH].usable
    assert assess(result(PTH, LOW), result(PTH, LOW, usable)).pth_twice_low.met is True
    assert assess(result(PTH, LOW), result(PTH, LOW, usable + 1)).pth_twice_low.met is None


# ------------------------------------------------------------------ binders, two levels of the product
@pytest.mark.parametrize(("step", "too_low"), [(-STEP, True), (0, False), (STEP, False)])
def test_phosphate_is_too_low_for_a_binder_below_its_threshold(step: float, too_low: bool) -> None:
    found = labs(result(PHOSPHATE, LIMITS.phosphate_too_low_for_binder + step))
    assert found.phosphate_too_low_for_binder.met is too_low
    assert labs().phosphate_too_low_for_binder.met is None


UPPER = LIMITS.calcium_upper_normal


@pytest.mark.parametrize(
    ("calcium", "product", "warns"),
    [
        (UPPER, LIMITS.product_moderate - 0.01, False),
        (UPPER, LIMITS.product_moderate + 0.01, False),
        (UPPER + STEP, LIMITS.product_moderate - 0.01, False),
        (UPPER + STEP, LIMITS.product_moderate + 0.01, True),
        (UPPER, LIMITS.product_high - 0.01, False),
        (UPPER, LIMITS.product_high + 0.01, True),
    ],
)
def test_the_product_warns_when_high_or_when_moderate_with_calcium_above_the_upper_normal_limit(
    calcium: float, product: float, warns: bool
) -> None:
    assert labs(result(CALCIUM, calcium), result(PHOSPHATE, product / calcium)).product_warns is warns


def test_without_a_product_nothing_warns() -> None:
    none = labs(result(CALCIUM, UPPER + 1))
    assert (none.product_warns, none.product_by_correction) == (None, False)


@pytest.mark.parametrize(
    ("total", "product", "by_correction"),
    [
        (UPPER, LIMITS.product_moderate + 1, True),
        (UPPER + STEP, LIMITS.product_moderate + 1, False),
        (UPPER, LIMITS.product_high + 1, False),
        (UPPER, LIMITS.product_moderate - 1, False),
    ],
)
def test_the_product_rests_on_the_correction_where_that_alone_lifts_calcium_above_the_upper_normal_limit(
    total: float, product: float, by_correction: bool
) -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 0.5)
    corrected = total + LIMITS.correction_slope * 0.5
    found = labs(result(CALCIUM, total), albumin, result(PHOSPHATE, product / corrected))
    assert found.product_by_correction is by_correction
