"""Of several results of one moment the one that would warn counts, and all of them can be named."""

import pytest

from hooks.chart import Analyte, Result
from hooks.choice import HIGHER_COUNTS, LOWER_WARNS, moments, order_of_choice
from hooks.finding import above, below
from tests.unit.hooks.builders import LIMITS, STEP, assess, result

TOTAL, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH


def ordered(*results: Result) -> list[Result]:
    return sorted(results, key=order_of_choice)


@pytest.mark.parametrize("analyte", list(Analyte))
def test_newer_goes_before_a_better_status_and_that_before_the_value(analyte: Analyte) -> None:
    low, high = result(analyte, 1, 5), result(analyte, 2, 5)
    first, second = (low, high) if analyte in LOWER_WARNS else (high, low)
    newer, corrected = result(analyte, 1.5, 4), first._replace(rank=2, value=1.5)
    assert ordered(second, first, corrected, newer) == [newer, corrected, first, second]


@pytest.mark.parametrize(("analyte", "harmless"), [(TOTAL, "<"), (PTH, "<="), (Analyte.ALBUMIN, ">")])
def test_a_bound_on_the_harmless_side_is_asked_last(analyte: Analyte, harmless: str) -> None:
    exact, bound = result(analyte, 3), result(analyte, 9 if harmless[0] == "<" else 1, comparator=harmless)
    assert ordered(bound, exact) == [exact, bound]


def test_results_of_one_moment_and_status_stand_together() -> None:
    one, other, older = result(PTH, 200), result(PTH, 100), result(PTH, 300, 1)
    final, corrected = result(PTH, 90, 2), result(PTH, 80, 2)._replace(rank=2)
    found = list(moments(ordered(one, other, older, final, corrected)))
    assert found == [(one, other), (older,), (corrected,), (final,)]
    assert list(moments(())) == []


@pytest.mark.parametrize("analyte", sorted(HIGHER_COUNTS))
def test_the_higher_calcium_or_phosphate_counts_whatever_is_asked(analyte: Analyte) -> None:
    high, low = result(analyte, 2), result(analyte, 1)
    assert above((high, low), 1.5).result is high
    assert (below((high, low), 1.5).met, below((high, low), 1.5).result) == (False, high)


def test_of_other_results_the_one_that_says_yes_counts() -> None:
    high, low = result(PTH, 200), result(PTH, 100)
    assert (above((high, low), 150).result, below((high, low), 150).result) == (high, low)
    assert (above((high, low), 300).met, below((high, low), 50).met) == (False, False)


def test_of_one_moment_the_result_that_decides_counts() -> None:
    undecided, decided = result(PTH, 100, comparator=">"), result(PTH, 90)
    assert above((undecided, decided), 120).result is decided
    assert above((undecided,), 120).met is None


# ------------------------------------------------------------------ what the rules make of it
def test_the_higher_of_two_calciums_is_corrected_and_both_are_named() -> None:
    high, low = result(TOTAL, 12.4, 3), result(TOTAL, 9.6, 3)
    labs = assess(low, high, result(TOTAL, 8, 9)).labs
    assert labs.calcium.chosen == high
    assert labs.tied(TOTAL) == (high, low)


def test_equal_results_of_one_moment_are_not_two() -> None:
    assert assess(result(TOTAL, 9.6), result(TOTAL, 9.6)).labs.tied(TOTAL) == ()


def test_results_of_different_moments_or_status_are_not_tied() -> None:
    labs = assess(result(TOTAL, 9.6, hour=7), result(TOTAL, 9.7, hour=8), result(PHOSPHATE, 5)).labs
    assert (labs.tied(TOTAL), labs.tied(PHOSPHATE), labs.tied(PTH)) == ((), (), ())
    assert assess(result(TOTAL, 9.6), result(TOTAL, 9.7)._replace(rank=2)).labs.tied(TOTAL) == ()


def test_the_low_rows_take_the_lower_pth_and_the_high_ones_the_higher() -> None:
    low = result(PTH, LIMITS.pth_low - STEP)
    high = result(PTH, LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit + STEP)
    labs = assess(high, low, result(PTH, LIMITS.pth_low_twice - STEP, 30)).labs
    assert (labs.pth_low.result, labs.pth_low_for_vitamin_d.result, labs.pth_high.result) == (low, low, high)
    assert labs.pth_low_twice[0].result is low
    assert all(labs.pth_low_twice)


def test_the_lower_of_two_albumins_corrects() -> None:
    low = result(Analyte.ALBUMIN, 2.5)
    assert assess(result(TOTAL, 9), result(Analyte.ALBUMIN, 3.5), low).labs.calcium.albumin is low


def test_of_several_weights_of_one_moment_the_two_furthest_apart_are_compared() -> None:
    weights = [result(Analyte.DRY_WEIGHT, value, days) for value, days in ((70, 1), (72, 1), (78, 60), (80, 60))]
    superseded = result(Analyte.DRY_WEIGHT, 99, 60)._replace(rank=0)
    loss = assess(*weights, superseded).labs.weight_loss
    assert loss is not None
    assert (loss.oldest.value, loss.newest.value) == (80, 70)
