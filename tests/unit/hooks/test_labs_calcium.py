"""Which calcium decides: laboratory-corrected, corrected here, total, or ionised."""

import pytest

from hooks.chart import Analyte, Result
from hooks.labs import Calcium
from tests.unit.hooks.builders import LIMITS, STEP, assess, result

TOTAL, CORRECTED = Analyte.TOTAL_CALCIUM, Analyte.ALBUMIN_CORRECTED_CALCIUM
IONISED, AT_PH74 = Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74
PAIR, NEAR = int(LIMITS.ionised_calcium_pair_days), int(LIMITS.correction_albumin_days)
NORMAL = (LIMITS.calcium_low + LIMITS.calcium_upper_normal) / 2
NORMAL_IONISED = (LIMITS.ionised_calcium_low + LIMITS.ionised_calcium_high) / 2
LOW_ALBUMIN = LIMITS.correction_albumin - 1


def calcium(*results: Result) -> Calcium:
    return assess(*results).labs.calcium


def test_without_a_result_nothing_is_chosen_and_nothing_can_be_told() -> None:
    none = calcium()
    assert none.chosen is None
    assert [none.high.met, none.very_high.met, none.upper_normal.met, none.low.met, none.very_low.met] == [None] * 5


# ------------------------------------------------------------------ levels
@pytest.mark.parametrize("analyte", [TOTAL, CORRECTED])
@pytest.mark.parametrize(
    ("level", "below_limit", "at_limit", "above_limit"),
    [
        ("high", False, False, True),
        ("very_high", False, True, True),
        ("upper_normal", False, False, True),
        ("low", True, False, False),
        ("very_low", True, False, False),
    ],
)
def test_each_level_has_two_sides(
    analyte: Analyte, level: str, below_limit: bool, at_limit: bool, above_limit: bool
) -> None:
    limit: float = getattr(LIMITS, f"calcium_{level}")
    answers = [getattr(calcium(result(analyte, limit + step)), level).met for step in (-STEP, 0, STEP)]
    assert answers == [below_limit, at_limit, above_limit]


def test_high_calcium_is_not_upper_normal_as_well() -> None:
    top, beyond = (
        calcium(result(TOTAL, LIMITS.calcium_high)),
        calcium(result(TOTAL, LIMITS.calcium_high + STEP)),
    )
    assert (top.upper_normal.met, beyond.upper_normal.met) == (True, False)


@pytest.mark.parametrize("analyte", [IONISED, AT_PH74])
@pytest.mark.parametrize(
    ("level", "below_limit", "above_limit"), [("high", False, True), ("low", True, False), ("very_low", True, False)]
)
def test_ionised_calcium_alone_answers_by_its_own_limits(
    analyte: Analyte, level: str, below_limit: bool, above_limit: bool
) -> None:
    limit: float = getattr(LIMITS, f"ionised_calcium_{level}")
    answers = [getattr(calcium(result(analyte, limit + step)), level).met for step in (-STEP, 0, STEP)]
    assert answers == [below_limit, False, above_limit]


def test_ionised_calcium_knows_no_very_high_and_no_upper_normal_level() -> None:
    extreme = calcium(result(IONISED, LIMITS.ionised_calcium_high * 1.5))
    assert (extreme.high.met, extreme.very_high.met, extreme.upper_normal.met) == (True, False, False)


def test_actual_ionised_calcium_goes_before_the_one_adjusted_to_ph_7_4() -> None:
    actual = result(IONISED, NORMAL_IONISED, 3)
    assert calcium(actual, result(AT_PH74, LIMITS.ionised_calcium_high + STEP)).high.result is actual


# ------------------------------------------------------------------ laboratory-corrected or total
@pytest.mark.parametrize("days_newer", [0, 1])
def test_laboratory_corrected_calcium_decides_when_at_least_as_recent_as_the_total(days_newer: int) -> None:
    corrected = result(CORRECTED, NORMAL, 5 - days_newer, hour=6)
    chosen = calcium(corrected, result(TOTAL, NORMAL + 1, 5, hour=9), result(Analyte.ALBUMIN, LOW_ALBUMIN, 5))
    assert (chosen.chosen, chosen.reported_corrected, chosen.albumin) == (corrected, True, None)


def test_laboratory_corrected_calcium_alone_is_never_corrected_again() -> None:
    corrected = result(CORRECTED, NORMAL)
    assert calcium(corrected, result(Analyte.ALBUMIN, LOW_ALBUMIN)).chosen is corrected


def test_an_older_laboratory_corrected_calcium_yields_to_the_newer_total() -> None:
    chosen = calcium(result(CORRECTED, NORMAL + 1, 6), result(TOTAL, NORMAL, 5))
    assert (chosen.chosen and chosen.chosen.value, chosen.reported_corrected) == (round(NORMAL, 4), False)


# ------------------------------------------------------------------ correction by albumin
@pytest.mark.parametrize("albumin_difference", [-1, 0, 1])
def test_a_total_calcium_is_corrected_in_both_directions(albumin_difference: int) -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin + albumin_difference)
    chosen = calcium(result(TOTAL, NORMAL, original="2.2 mmol/L"), albumin)
    assert chosen.chosen is not None
    assert chosen.chosen.value == round(NORMAL - LIMITS.correction_slope * albumin_difference, 4)
    assert (chosen.chosen.original, chosen.albumin) == ("", albumin)
    assert chosen.measured is not None
    assert (chosen.measured.value, chosen.measured.original) == (round(NORMAL, 4), "2.2 mmol/L")


def test_the_correction_can_lift_a_calcium_over_the_threshold() -> None:
    total = result(TOTAL, LIMITS.calcium_high)
    assert calcium(total).high.met is False
    assert calcium(total, result(Analyte.ALBUMIN, LOW_ALBUMIN)).high.met is True


@pytest.mark.parametrize("before_or_after", [NEAR, -NEAR])
def test_an_albumin_within_the_pair_window_corrects(before_or_after: int) -> None:
    albumin = result(Analyte.ALBUMIN, LOW_ALBUMIN, 20 + before_or_after)
    assert calcium(result(TOTAL, NORMAL, 20), albumin).albumin is albumin


@pytest.mark.parametrize("before_or_after", [NEAR + 1, -NEAR - 1])
def test_an_albumin_one_day_outside_the_pair_window_does_not_correct(before_or_after: int) -> None:
    total = result(TOTAL, NORMAL, 20)
    chosen = calcium(total, result(Analyte.ALBUMIN, LOW_ALBUMIN, 20 + before_or_after))
    assert (chosen.chosen, chosen.measured, chosen.albumin) == (total, total, None)


def test_the_nearest_albumin_corrects() -> None:
    far, near = result(Analyte.ALBUMIN, LOW_ALBUMIN, 15), result(Analyte.ALBUMIN, LOW_ALBUMIN, 21)
    assert calcium(result(TOTAL, NORMAL, 20), far, near).albumin is near


def test_of_two_equally_near_albumins_the_newer_corrects() -> None:
    older, newer = result(Analyte.ALBUMIN, LOW_ALBUMIN, 23), result(Analyte.ALBUMIN, LOW_ALBUMIN, 17)
    assert calcium(result(TOTAL, NORMAL, 20), older, newer).albumin is newer


def test_an_albumin_outside_its_own_window_does_not_correct() -> None:
    usable = LIMITS.windows[Analyte.ALBUMIN].usable
    assert calcium(result(TOTAL, NORMAL, usable), result(Analyte.ALBUMIN, LOW_ALBUMIN, usable + 1)).albumin is None


@pytest.mark.parametrize(("on_calcium", "on_albumin"), [("<", ""), ("", "<")])
def test_a_comparator_on_calcium_or_albumin_prevents_the_correction(on_calcium: str, on_albumin: str) -> None:
    total = result(TOTAL, NORMAL, comparator=on_calcium)
    chosen = calcium(total, result(Analyte.ALBUMIN, LOW_ALBUMIN, comparator=on_albumin))
    assert (chosen.chosen, chosen.albumin) == (total, None)


# ------------------------------------------------------------------ comparators and older results
def test_a_calcium_with_a_comparator_decides_what_it_decides_by_itself() -> None:
    at_least_low = calcium(result(TOTAL, LIMITS.calcium_low, comparator=">"))
    assert (at_least_low.low.met, at_least_low.high.met) == (False, None)


def test_an_undecided_test_falls_to_the_older_calcium_uncorrected() -> None:
    older = result(TOTAL, LIMITS.calcium_high, 30)
    albumin = result(Analyte.ALBUMIN, LOW_ALBUMIN, 30)
    finding = calcium(result(TOTAL, NORMAL, 20, comparator=">"), older, albumin).high
    assert (finding.met, finding.result) == (False, older)


def test_older_results_follow_in_the_order_of_their_days_whatever_their_kind() -> None:
    newest = result(CORRECTED, NORMAL, 1, comparator=">")
    older_total = result(TOTAL, LIMITS.calcium_high + STEP, 2)
    assert calcium(newest, older_total, result(CORRECTED, NORMAL, 3)).high.result is older_total


# ------------------------------------------------------------------ ionised against total
@pytest.mark.parametrize("days_older", [-1, 0, PAIR])
def test_ionised_calcium_decides_when_newer_or_at_most_the_pair_days_older(days_older: int) -> None:
    total = result(TOTAL, LIMITS.calcium_high + STEP, 10)
    decided = calcium(total, result(IONISED, NORMAL_IONISED, 10 + days_older))
    assert (decided.ionised_decides, decided.high.met) == (True, False)


def test_ionised_calcium_one_day_older_than_that_does_not_decide() -> None:
    total = result(TOTAL, LIMITS.calcium_high + STEP, 10)
    decided = calcium(total, result(IONISED, NORMAL_IONISED, 10 + PAIR + 1))
    assert (decided.ionised_decides, decided.high.met) == (False, True)


def test_a_newer_very_high_total_calcium_overrules_ionised_calcium() -> None:
    very_high = result(TOTAL, LIMITS.calcium_very_high, 10)
    overruled = calcium(very_high, result(IONISED, NORMAL_IONISED, 11))
    assert (overruled.ionised_decides, overruled.very_high.met) == (False, True)


def test_a_newer_total_calcium_just_short_of_very_high_does_not_overrule_ionised_calcium() -> None:
    short = result(TOTAL, LIMITS.calcium_very_high - STEP, 10)
    assert calcium(short, result(IONISED, NORMAL_IONISED, 11)).ionised_decides


@pytest.mark.parametrize("hours_newer", [-5, 0, 5])
def test_a_very_high_total_calcium_of_the_same_day_overrules_ionised_calcium(hours_newer: int) -> None:
    very_high = result(TOTAL, LIMITS.calcium_very_high, 10, hour=8)
    overruled = calcium(very_high, result(IONISED, NORMAL_IONISED, 10, hour=8 + hours_newer))
    assert (overruled.ionised_decides, overruled.very_high.met) == (False, True)


def test_a_very_high_total_calcium_of_the_day_before_does_not_overrule_ionised_calcium() -> None:
    very_high = result(TOTAL, LIMITS.calcium_very_high, 11, hour=23)
    decided = calcium(very_high, result(IONISED, NORMAL_IONISED, 10, hour=1))
    assert (decided.ionised_decides, decided.very_high.met) == (True, False)


def test_total_calcium_answers_what_a_comparator_on_ionised_calcium_leaves_open() -> None:
    open_ionised = result(IONISED, NORMAL_IONISED, comparator=">")
    total = result(TOTAL, LIMITS.calcium_high + STEP)
    assert calcium(open_ionised, total).high.result is not None
    assert calcium(open_ionised, total).high.met is True


@pytest.mark.parametrize(("level", "total_answer"), [("low", False), ("very_low", False)])
def test_ionised_calcium_answers_low_before_total_calcium_does(level: str, total_answer: bool) -> None:
    low: float = getattr(LIMITS, f"ionised_calcium_{level}")
    normal_total = result(TOTAL, NORMAL)
    assert getattr(calcium(normal_total), level).met is total_answer
    assert getattr(calcium(normal_total, result(IONISED, low - STEP)), level).met is True


# ------------------------------------------------------------------ by correction only
LEVELS = ["high", "very_high", "upper_normal", "low", "very_low"]
UPWARDS = {"high", "very_high", "upper_normal"}


def lifted(level: str, total: float, change: float) -> Calcium:
    """A total calcium near the limit of a level, moved by the albumin beside it."""
    albumin = LIMITS.correction_albumin - change / LIMITS.correction_slope
    limit: float = getattr(LIMITS, f"calcium_{level}")
    return calcium(result(TOTAL, limit + total), result(Analyte.ALBUMIN, albumin))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("by_laboratory", [False, True])
def test_a_level_that_only_the_corrected_calcium_reaches_is_by_correction(level: str, by_laboratory: bool) -> None:
    limit: float = getattr(LIMITS, f"calcium_{level}")
    outside = 0.1 if level in UPWARDS else -0.1
    if by_laboratory:
        found = calcium(result(TOTAL, limit - outside, 2, hour=5), result(CORRECTED, limit + outside, 2, hour=4))
    else:
        found = lifted(level, -outside, 2 * outside)
    assert getattr(found, level).met is True
    assert found.by_correction(level)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_that_the_total_calcium_reaches_too_is_not(level: str) -> None:
    outside = 0.1 if level in UPWARDS else -0.1
    assert not lifted(level, outside, outside).by_correction(level)
    assert not lifted(level, -outside, 0).by_correction(level)


@pytest.mark.parametrize("level", LEVELS)
def test_a_calcium_that_is_not_corrected_crosses_nothing_by_correction(level: str) -> None:
    limit: float = getattr(LIMITS, f"calcium_{level}")
    outside = 0.1 if level in UPWARDS else -0.1
    assert not calcium(result(TOTAL, limit + outside)).by_correction(level)
    assert not calcium(result(CORRECTED, limit + outside)).by_correction(level)
    other_day = calcium(result(TOTAL, limit - outside, 3), result(CORRECTED, limit + outside, 2))
    assert (other_day.uncorrected, other_day.by_correction(level)) == (None, False)
    assert not calcium().by_correction(level)


@pytest.mark.parametrize("level", ["high", "very_high", "low", "very_low"])
def test_where_ionised_calcium_decides_nothing_is_by_correction(level: str) -> None:
    outside = 0.1 if level in UPWARDS else -0.1
    limit: float = getattr(LIMITS, f"calcium_{level}")
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 2 * outside / LIMITS.correction_slope)
    # One day newer than the total, so that a very high total does not overrule it.
    found = calcium(result(TOTAL, limit - outside, 1), albumin, result(IONISED, NORMAL_IONISED))
    assert found.ionised_decides
    assert not found.by_correction(level)


@pytest.mark.parametrize(("level", "beyond"), [("high", STEP), ("low", -STEP), ("very_low", -STEP)])
def test_what_ionised_calcium_says_itself_is_not_by_correction(level: str, beyond: float) -> None:
    corrected = lifted(level, -100 * beyond, 0)
    limit: float = getattr(LIMITS, f"ionised_calcium_{level}")
    change = 0.2 if level in UPWARDS else -0.2
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - change / LIMITS.correction_slope)
    assert corrected.measured is not None
    assert calcium(corrected.measured, albumin).by_correction(level)
    found = calcium(corrected.measured, albumin, result(IONISED, limit + beyond))
    assert getattr(found, level).met is True
    assert not found.by_correction(level)


def test_the_upper_normal_limit_is_asked_of_the_chosen_calcium_although_ionised_calcium_decides() -> None:
    albumin = result(Analyte.ALBUMIN, LOW_ALBUMIN, 5)
    found = calcium(result(TOTAL, LIMITS.calcium_upper_normal, 5), albumin, result(IONISED, NORMAL_IONISED, 4))
    assert (found.ionised_decides, found.by_correction("upper_normal")) == (True, True)


# ------------------------------------------------------------------ low before correction
@pytest.mark.parametrize(("step", "low_before"), [(-STEP, True), (0, False)])
@pytest.mark.parametrize("by_laboratory", [False, True])
def test_a_low_total_calcium_that_the_correction_lifts_is_low_before_it(
    step: float, low_before: bool, by_laboratory: bool
) -> None:
    total = result(TOTAL, LIMITS.calcium_low + step, hour=8)
    beside = result(CORRECTED, NORMAL, hour=7) if by_laboratory else result(Analyte.ALBUMIN, LOW_ALBUMIN)
    assert calcium(total, beside).low_before_correction is low_before


def test_a_calcium_that_stays_low_or_is_not_corrected_is_not_low_before_correction() -> None:
    low = result(TOTAL, LIMITS.calcium_low - 1)
    slight = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 0.1)
    assert not calcium(low, slight).low_before_correction
    assert not calcium(low).low_before_correction
    assert not calcium().low_before_correction


def test_where_ionised_calcium_decides_nothing_is_low_before_correction() -> None:
    low = result(TOTAL, LIMITS.calcium_low - STEP)
    lifted_but_ionised = calcium(low, result(Analyte.ALBUMIN, LOW_ALBUMIN), result(IONISED, NORMAL_IONISED))
    assert not lifted_but_ionised.low_before_correction
