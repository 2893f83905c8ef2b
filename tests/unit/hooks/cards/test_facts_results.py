"""Results in words: value, unit, date and age, and the threshold that was crossed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.facts import Facts, age, exact
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result, Unreadable
from tests.unit.hooks.builders import (
    LIMITS,
    ON,
    POLICY,
    ago,
    assess,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap | Unreadable
CALCIUM, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH
TODAY = f"{ON.isoformat()}, today"


def facts(*things: Thing) -> Facts:
    return Facts(assess(*things), POLICY.wording)


# ------------------------------------------------------------------ days and numbers
@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "1 day ago"), (12, "12 days ago"), (-1, "1 day ahead"), (-3, "3 days ahead")],
)
def test_an_age_is_said_in_days(days: int, words: str) -> None:
    assert age(ago(days), ON) == words


@given(st.integers(min_value=-2000, max_value=2000))
def test_an_age_counts_the_days_between(days: int) -> None:
    words = age(ON - timedelta(days=days), ON)
    assert words == "today" if days == 0 else words.split(" ")[0] == str(abs(days))


@pytest.mark.parametrize(("number", "shown"), [(0, "0"), (100, "100"), (5.5, "5.5"), (0.0001, "0.0001"), (12.0, "12")])
def test_a_threshold_is_shown_without_needless_decimals(number: float, shown: str) -> None:
    assert exact(number) == shown


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (10.24, None, "10.2"),
        (10.24, 10.2, "10.24"),
        (10.2, 10.2, "10.2"),
        (10.16, 10.2, "10.16"),
        (10.3, 10.2, "10.3"),
    ],
)
def test_rounding_never_hides_on_which_side_of_its_limit_a_value_lies(
    value: float, limit: float | None, shown: str
) -> None:
    assert facts().number(value, 1, limit) == shown


# ------------------------------------------------------------------ single results
def test_a_result_is_shown_with_its_comparator_and_as_received() -> None:
    received = result(CALCIUM, 10.4208, comparator=">", original=">2.60 mmol/L")
    assert facts(received).value(received) == ">10.4 mg/dL (&gt;2.60 mmol/L)"


def test_the_summary_form_of_a_value_is_plain() -> None:
    received = result(CALCIUM, 10.4208, original="<b>2.60")
    assert facts(received).converted(received) == "10.4 mg/dL"


def test_a_result_with_a_limit_names_it_and_its_date() -> None:
    reading = result(PHOSPHATE, 6.1, 10)
    assert facts(reading).result(reading, 5.5, "above") == "phosphate 6.1 mg/dL (above 5.5; 2026-11-12, 10 days ago)"


def test_a_limit_without_a_relation_only_guards_the_rounding() -> None:
    reading = result(PHOSPHATE, 5.51)
    assert facts(reading).result(reading, 5.5) == f"phosphate 5.51 mg/dL ({TODAY})"


def test_a_result_that_is_no_longer_fresh_says_so() -> None:
    fresh = LIMITS.windows[PHOSPHATE].fresh
    on_the_edge, stale = result(PHOSPHATE, 4, fresh), result(PHOSPHATE, 4, fresh + 1)
    assert "older than" not in facts(on_the_edge).result(on_the_edge)
    assert facts(stale).result(stale).endswith(f"{fresh + 1} days ago; older than {fresh} days)")


# ------------------------------------------------------------------ calcium
def calcium_words(*results: Result) -> str:
    return facts(*results).calcium()


@pytest.mark.parametrize(
    ("value", "relation"),
    [
        (LIMITS.calcium_very_high, f"at or above {exact(LIMITS.calcium_very_high)}"),
        (LIMITS.calcium_high + 0.1, f"above {exact(LIMITS.calcium_high)}"),
        (LIMITS.calcium_upper_normal + 0.1, f"above {exact(LIMITS.calcium_upper_normal)}"),
        (LIMITS.calcium_low - 0.1, f"below {exact(LIMITS.calcium_low)}"),
        (LIMITS.calcium_very_low - 0.1, f"below {exact(LIMITS.calcium_very_low)}"),
    ],
)
def test_calcium_names_the_threshold_that_it_crossed(value: float, relation: str) -> None:
    near = exact(LIMITS.correction_albumin_days)
    words = calcium_words(result(CALCIUM, value))
    assert f"({relation}; not corrected, no albumin within {near} days; {TODAY})" in words


@pytest.mark.parametrize(
    ("value", "relation"),
    [
        (LIMITS.ionised_calcium_high + 0.1, f"(above {exact(LIMITS.ionised_calcium_high)}; "),
        (LIMITS.ionised_calcium_low - 0.01, f"(below {exact(LIMITS.ionised_calcium_low)}; "),
        (LIMITS.ionised_calcium_very_low - 0.1, f"(below {exact(LIMITS.ionised_calcium_very_low)}; "),
        (LIMITS.ionised_calcium_low, "mmol/L (2026"),
    ],
)
def test_ionised_calcium_names_its_own_threshold(value: float, relation: str) -> None:
    words = calcium_words(result(Analyte.IONISED_CALCIUM, value))
    assert words.startswith("ionised calcium ")
    assert relation in words


def test_a_corrected_calcium_shows_both_numbers_and_the_albumin() -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1)
    words = calcium_words(result(CALCIUM, LIMITS.calcium_low), albumin)
    corrected = LIMITS.calcium_low + LIMITS.correction_slope
    parts = f"measured {LIMITS.calcium_low:.1f} mg/dL, albumin {LIMITS.correction_albumin - 1:.1f} g/dL"
    assert words == f"corrected calcium {corrected:.1f} mg/dL ({parts}; {TODAY})"


def test_a_laboratory_corrected_calcium_is_called_so() -> None:
    words = calcium_words(result(Analyte.ALBUMIN_CORRECTED_CALCIUM, LIMITS.calcium_low))
    assert words == f"corrected calcium (laboratory) {LIMITS.calcium_low:.1f} mg/dL ({TODAY})"


def test_an_older_total_calcium_behind_an_undecided_one_is_not_called_corrected() -> None:
    newest = result(CALCIUM, LIMITS.calcium_low, comparator=">")
    older = result(CALCIUM, LIMITS.calcium_high + 1, 20)
    assert calcium_words(newest, older) == (
        f"calcium {LIMITS.calcium_high + 1:.1f} mg/dL "
        f"(above {exact(LIMITS.calcium_high)}; not corrected, a newer result leaves it open; "
        f"{ago(20).isoformat()}, 20 days ago)"
    )


def test_an_albumin_known_only_as_below_a_value_is_not_called_absent() -> None:
    calcium = result(CALCIUM, LIMITS.calcium_low)
    words = calcium_words(calcium, result(Analyte.ALBUMIN, LIMITS.albumin_low, comparator="<"))
    assert "known only as above or below a value" in words


def test_a_missing_calcium_is_said() -> None:
    assert calcium_words() == "calcium missing"


# ------------------------------------------------------------------ phosphate, product, PTH, dose
def test_phosphate_names_its_threshold_only_when_crossed() -> None:
    assert facts(result(PHOSPHATE, 5)).phosphate() == f"phosphate 5.0 mg/dL ({TODAY})"
    high = facts(result(PHOSPHATE, LIMITS.phosphate_high + 1)).phosphate()
    assert f"(above {exact(LIMITS.phosphate_high)}; " in high
    assert facts().phosphate() == "phosphate missing"


MODERATE, VERY_PRODUCT = LIMITS.product_moderate, LIMITS.product_high


@pytest.mark.parametrize(
    ("value", "crossed"),
    [
        (MODERATE, None),
        (MODERATE + 0.01, MODERATE),
        (VERY_PRODUCT, MODERATE),
        (VERY_PRODUCT + 0.01, VERY_PRODUCT),
    ],
)
def test_the_product_names_the_highest_threshold_that_it_crossed_and_the_days_of_both(
    value: float, crossed: float | None
) -> None:
    words = facts(result(CALCIUM, 10), result(PHOSPHATE, value / 10, 3)).product()
    assert words.startswith(f"Ca x P {value:.2f}" if value % 1 else f"Ca x P {value:.1f}")
    assert ("above" in words) is (crossed is not None)
    assert crossed is None or f"above {exact(crossed)}" in words
    assert words.endswith(f"{TODAY} and {ago(3).isoformat()}, 3 days ago)")


def test_without_both_results_there_is_no_product_to_name() -> None:
    assert facts(result(CALCIUM, 10)).product() == ""


TIMES_HIGH, TIMES_LOW = LIMITS.pth_high_times, LIMITS.pth_vitamin_d_times
ASSUMED, REPORTED = LIMITS.pth_assumed_upper_limit, LIMITS.pth_assumed_upper_limit + 5


@pytest.mark.parametrize(
    ("value", "upper", "bound"),
    [
        (
            TIMES_HIGH * ASSUMED + 1,
            None,
            f"above {exact(TIMES_HIGH)} x {exact(ASSUMED)} pg/mL, upper limit assumed; ",
        ),
        (TIMES_HIGH * REPORTED + 1, REPORTED, f"above {exact(TIMES_HIGH)} x {exact(REPORTED)} pg/mL; "),
        (TIMES_LOW * ASSUMED - 1, None, f"below {exact(TIMES_LOW)} x {exact(ASSUMED)} pg/mL, upper limit assumed; "),
        (TIMES_LOW * ASSUMED + 1, None, ""),
    ],
)
def test_pth_names_its_multiple_of_the_upper_limit(value: float, upper: float | None, bound: str) -> None:
    words = facts(result(PTH, value, upper_limit=upper)).pth()
    assert words == f"intact PTH {value:.0f} pg/mL ({bound}{TODAY})"


def test_a_missing_pth_is_said() -> None:
    assert facts().pth() == "intact PTH missing"


def test_two_low_pth_results_are_shown_together() -> None:
    newest, older = LIMITS.pth_low_twice - 20, LIMITS.pth_low_twice - 10
    words = facts(result(PTH, newest), result(PTH, older, 40)).pth_twice()
    days = (f"({TODAY})", f"({ago(40).isoformat()}, 40 days ago)")
    both = f"{newest:.0f} pg/mL {days[0]} and {older:.0f} pg/mL {days[1]}"
    assert words == f"intact PTH {both}, both below {exact(LIMITS.pth_low_twice)}"


def test_the_dialysis_dose_is_shown_and_a_ratio_only_without_a_kt_v() -> None:
    hd, pd = result(Analyte.SP_KT_V, 1.3), result(Analyte.PD_WEEKLY_KT_V, 1.8)
    ratio = result(Analyte.UREA_REDUCTION_RATIO, 66)
    assert facts(hd, ratio).dialysis_dose() == f"Kt/V 1.30 per session ({TODAY})"
    assert facts(ratio).dialysis_dose() == f"urea reduction ratio 66 % ({TODAY})"
    assert facts(pd, ratio).dialysis_dose().count(";") == 1
    assert facts().dialysis_dose() == "no usable Kt/V"


def test_a_missing_result_may_have_words_of_its_own() -> None:
    assert facts().newest(PTH) == "intact PTH missing"
    assert facts().newest(PTH, "none") == "none"
