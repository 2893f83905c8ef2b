"""Results in words: value, unit, date and age, and the threshold that was crossed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.facts import Facts
from hooks.cards.result_words import age, exact, rounded
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result, Unreadable
from tests.unit.hooks.builders import (
    LIMITS,
    ON,
    POLICY,
    ago,
    assess,
    drug,
    procedure,
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
    [
        (0, "today"),
        (1, "1 day ago"),
        (12, "12 days ago"),
        (365, "365 days ago"),
        (366, "1 year ago"),
        (729, "1 year ago"),
        (730, "2 years ago"),
        (-1, "1 day ahead"),
        (-3, "3 days ahead"),
        (-800, "2 years ahead"),
    ],
)
def test_an_age_is_said_in_days_and_a_long_one_in_years(days: int, words: str) -> None:
    assert age(ago(days), ON) == words


@given(st.integers(min_value=-365, max_value=365))
def test_an_age_counts_the_days_between(days: int) -> None:
    words = age(ON - timedelta(days=days), ON)
    assert words == "today" if days == 0 else words.split(" ")[0] == str(abs(days))


@pytest.mark.parametrize(("number", "shown"), [(65.033, "65.03"), (100, "100"), (120.5, "120.5"), (5.999, "6")])
def test_a_reported_limit_is_shown_with_two_decimals_at_most(number: float, shown: str) -> None:
    assert rounded(number) == shown


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
        (10.2001, 10.2, "10.20"),
        (11.96, 12.0, "11.96"),
    ],
)
def test_rounding_never_hides_on_which_side_of_its_limit_a_value_lies(
    value: float, limit: float | None, shown: str
) -> None:
    assert facts().number(value, 1, limit) == shown


# ------------------------------------------------------------------ single results
@pytest.mark.parametrize(("value", "limit", "shown"), [(100.4, 100, "100.4"), (99.99, 100, "99.99"), (150, 100, "150")])
def test_a_whole_number_gets_decimals_only_where_it_would_stand_on_its_limit(
    value: float, limit: float, shown: str
) -> None:
    assert facts().number(value, 0, limit) == shown


def test_a_result_is_shown_first_as_received_and_with_its_comparator() -> None:
    received = result(CALCIUM, 10.4208, comparator=">", original=">2.60 mmol/L")
    assert facts(received).value(received) == "&gt;2.60 mmol/L (>10.4 mg/dL)"


def test_a_result_in_another_unit_has_the_conventional_value_beside_the_limit() -> None:
    received = result(PHOSPHATE, 6.1, 10, original="1.97 mmol/L")
    shown = facts(received).result(received, 5.5, "above")
    assert shown == f"phosphate 1.97 mmol/L (6.1 mg/dL, above 5.5; {ago(10).isoformat()}, 10 days ago)"


def test_on_peritoneal_dialysis_a_dose_of_haemodialysis_speaks_of_no_session() -> None:
    dose = result(Analyte.SP_KT_V, 1.3)
    fluid = facts(dose, drug("peritoneal_dialysis_fluid"))
    assert fluid.converted(dose) == "1.30 (haemodialysis)"
    assert facts(dose).converted(dose) == "1.30 per session"


def test_two_results_of_one_moment_are_both_named() -> None:
    one, other = result(PHOSPHATE, 6.1), result(PHOSPHATE, 5.2, original="1.68 mmol/L")
    words = facts(one, other).newest(PHOSPHATE)
    assert words.startswith("phosphate 6.1 mg/dL (also reported at that time: 1.68 mmol/L (5.2 mg/dL); ")


def test_two_calcium_results_of_one_moment_are_named_as_measured_beside_a_corrected_one() -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1)
    words = facts(result(CALCIUM, 9), result(CALCIUM, 8.9), albumin).calcium()
    assert "corrected calcium 9.8 mg/dL" in words
    assert "also reported at that time: 8.9 mg/dL" in words


def test_the_summary_form_of_a_value_is_plain() -> None:
    received = result(CALCIUM, 10.4208, original="<b>2.60")
    assert facts(received).converted(received) == "10.4 mg/dL"


def test_a_summary_tells_the_age_of_a_value_that_is_no_longer_fresh() -> None:
    fresh = LIMITS.windows[PHOSPHATE].fresh
    on_the_edge, stale = result(PHOSPHATE, 4, fresh), result(PHOSPHATE, 4, fresh + 1)
    assert facts(on_the_edge).brief(on_the_edge) == "phosphate 4.0 mg/dL"
    assert facts(stale).brief(stale) == f"phosphate 4.0 mg/dL ({fresh + 1} d old)"


def test_a_result_with_a_limit_names_it_and_its_date() -> None:
    reading = result(PHOSPHATE, 6.1, 10)
    assert facts(reading).result(reading, 5.5, "above") == "phosphate 6.1 mg/dL (above 5.5; 2026-11-19, 10 days ago)"


def test_a_limit_without_a_relation_only_guards_the_rounding() -> None:
    reading = result(PHOSPHATE, 5.51)
    assert facts(reading).result(reading, 5.5) == f"phosphate 5.51 mg/dL ({TODAY})"


def test_a_result_that_is_no_longer_fresh_says_so() -> None:
    fresh = LIMITS.windows[PHOSPHATE].fresh
    on_the_edge, stale = result(PHOSPHATE, 4, fresh), result(PHOSPHATE, 4, fresh + 1)
    assert "older than" not in facts(on_the_edge).result(on_the_edge)
    assert facts(stale).result(stale).endswith(f"{fresh + 1} days ago; older than {fresh} days)")


# ------------------------------------------------------------------ calcium
def calcium_words(*results: Thing) -> str:
    return facts(*results).calcium()


@pytest.mark.parametrize(
    ("value", "relation"),
    [
        (LIMITS.calcium_very_high, f"at or above {LIMITS.calcium_very_high:.1f}"),
        (LIMITS.calcium_high + 0.1, f"above {LIMITS.calcium_high:.1f}"),
        (LIMITS.calcium_upper_normal + 0.1, f"above {LIMITS.calcium_upper_normal:.1f}"),
        (LIMITS.calcium_low - 0.1, f"below {LIMITS.calcium_low:.1f}"),
        (LIMITS.calcium_very_low - 0.1, f"below {LIMITS.calcium_very_low:.1f}"),
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
        (LIMITS.ionised_calcium_very_low - 0.1, f"(below {LIMITS.ionised_calcium_very_low:.2f}; "),
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


def test_a_corrected_calcium_stands_in_the_unit_in_which_it_was_measured() -> None:
    albumin = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1, original="30 g/L")
    words = calcium_words(result(CALCIUM, 9, original="2.25 mmol/L"), albumin)
    assert words.startswith("corrected calcium 2.45 mmol/L (9.8 mg/dL, above ")
    assert "measured 2.25 mmol/L (9.0 mg/dL), albumin 30 g/L (3.0 g/dL); " in words


def test_a_measured_value_that_is_no_plain_number_gives_no_unit_to_the_corrected_one() -> None:
    words = calcium_words(result(CALCIUM, 9, original="2,25 mmol/L"), result(Analyte.ALBUMIN, 3))
    assert words.startswith("corrected calcium 9.8 mg/dL (")


def corrected(total: float, albumin: float) -> str:
    return calcium_words(result(CALCIUM, total), result(Analyte.ALBUMIN, albumin))


BY_CORRECTION, LOW_BEFORE = "by albumin correction only", "low before correction"


@pytest.mark.parametrize(
    ("total", "only"),
    [
        (LIMITS.calcium_high - 0.1, True),
        (LIMITS.calcium_high + 0.1, False),
        (LIMITS.calcium_upper_normal - 0.1, False),
    ],
)
def test_a_limit_that_only_the_correction_crosses_is_said_to_be_so(total: float, *, only: bool) -> None:
    assert (BY_CORRECTION in corrected(total, LIMITS.correction_albumin - 0.5)) is only


@pytest.mark.parametrize(
    ("product", "ionised", "only"),
    [(LIMITS.product_moderate + 5, False, True), (LIMITS.product_moderate, False, False), (60, True, True)],
)
def test_the_upper_normal_limit_matters_where_the_product_rests_on_it_or_its_point_is_told(
    product: float, *, ionised: bool, only: bool
) -> None:
    total, albumin = LIMITS.calcium_upper_normal - 0.1, LIMITS.correction_albumin - 0.5
    phosphate = product / (total + LIMITS.correction_slope * 0.5)
    things = [result(CALCIUM, total), result(Analyte.ALBUMIN, albumin), result(PHOSPHATE, phosphate)]
    if ionised:
        assert facts(*things).total_beside() == ""
        things.append(result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_low))
    words = facts(*things)
    assert (BY_CORRECTION in (words.total_beside() if ionised else words.calcium())) is only
    assert words.patient.labs.product_by_correction is only
    assert BY_CORRECTION in (words.total_beside() if ionised else words.calcium(scored=True))


def test_a_calcium_that_was_low_before_its_correction_says_so() -> None:
    low, raised = LIMITS.calcium_low - 0.1, LIMITS.correction_albumin - 1
    assert LOW_BEFORE in corrected(low, raised)
    assert LOW_BEFORE not in corrected(LIMITS.calcium_low, raised)
    assert LOW_BEFORE not in corrected(low, LIMITS.correction_albumin)


@pytest.mark.parametrize(
    ("day", "words"),
    [(ago(2), f"an albumin of {ago(2).isoformat()} could not be read (no unit)"), (None, "an undated albumin")],
)
def test_an_albumin_that_could_not_be_read_is_the_reason_why_nothing_is_corrected(day: date | None, words: str) -> None:
    assert f"not corrected, {words}" in calcium_words(result(CALCIUM, 9), Unreadable("albumin", "no unit", day))


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


def test_the_latest_dialysis_dose_comes_first_and_a_low_one_names_its_limit() -> None:
    low = result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - 0.05, 20)
    weekly, session = result(Analyte.PD_WEEKLY_KT_V, LIMITS.pd_kt_v_minimum, 5), procedure("haemodialysis_procedure", 1)
    words = facts(low, weekly, session).dialysis_dose()
    assert words.startswith("Kt/V (PD) 1.70 per week (")
    assert f"Kt/V 1.15 per session (below {LIMITS.hd_kt_v_minimum:.2f}; " in words


@pytest.mark.parametrize(("value", "reached"), [(LIMITS.hd_kt_v_intensified, True), (1.59, False), (None, False)])
def test_an_intensified_dose_is_known(value: float | None, *, reached: bool) -> None:
    assert facts(*([result(Analyte.SP_KT_V, value)] if value else [])).intensified is reached


def test_a_missing_result_may_have_words_of_its_own() -> None:
    assert facts().newest(PTH) == "intact PTH missing"
    assert facts().newest(PTH, "none") == "none"


@pytest.mark.parametrize(
    ("original", "shown"),
    [("13.793 pmol/L", "13.79 pmol/L"), (">2.5999 mmol/L", ">2.6 mmol/L"), ("2.60 mmol/L", "2.60 mmol/L")],
)
def test_a_value_as_received_has_two_decimals_at_most(original: str, shown: str) -> None:
    assert facts(result(PTH, 130, original=original)).pth().startswith(f"intact PTH {shown.replace('>', '&gt;')} (")
