"""Age and tier: the first tier that matches, and both sides of each."""

from datetime import date

import pytest

from hooks.assessment import Assessment, Tier
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
    STEP,
    ULCER,
    WARFARIN,
    assess,
    chart,
    condition,
    gap,
    procedure,
    result,
    scoring,
)

SUSPECTED, HIGH, ELEVATED = LIMITS.suspected_score, LIMITS.high_risk_score, LIMITS.elevated_risk_score
HIGH_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP)
HIGH_PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_high + STEP)
PROVISIONAL = condition("calciphylaxis_provisional", verification="differential")
Thing = Result | Condition | Procedure | Medication


def tier(*things: Thing, born: date | None = None) -> Tier:
    return assess(*things, born=born).tier


# ------------------------------------------------------------------ age
ADULT = int(LIMITS.adult_age)


@pytest.mark.parametrize(
    ("born", "child"),
    [
        (date(ON.year - ADULT, ON.month, ON.day), False),
        (date(ON.year - ADULT, ON.month, ON.day + 1), True),
        (date(ON.year - ADULT, ON.month + 1, 1), True),
        (date(ON.year - ADULT, ON.month - 1, 28), False),
        (date(ON.year - ADULT - 1, 12, 31), False),
        (date(ON.year - 1, 1, 1), True),
        (None, False),
    ],
)
def test_adulthood_begins_on_the_birthday_and_is_assumed_without_one(born: date | None, child: bool) -> None:
    assert assess(born=born).is_child is child
    assert (tier(CONFIRMED, ON_DIALYSIS, born=born) is Tier.CHILD) is child


def test_a_child_born_on_a_leap_day_is_adult_on_the_day_after_the_28th() -> None:
    born = chart(born=date(2008, 2, 29))
    assert Assessment(born, date(2008 + ADULT, 2, 28), LIMITS).is_child
    assert not Assessment(born, date(2008 + ADULT, 3, 1), LIMITS).is_child


# ------------------------------------------------------------------ confirmed
def test_confirmed_calciphylaxis_counts_with_and_without_dialysis() -> None:
    assert tier(CONFIRMED) is Tier.CONFIRMED
    assert tier(CONFIRMED, ON_DIALYSIS, NECROSIS, PROVISIONAL) is Tier.CONFIRMED


def test_past_calciphylaxis_is_not_confirmed() -> None:
    assert tier(condition("calciphylaxis", past=True), ON_DIALYSIS) is Tier.NONE


# ------------------------------------------------------------------ suspected and possible
@pytest.mark.parametrize("sign", [NECROSIS, LIVEDO, PROVISIONAL])
def test_necrosis_or_one_strong_sign_is_suspicious_on_dialysis_only(sign: Condition) -> None:
    assert tier(sign, ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(sign, condition("esrd")) is Tier.SUSPECTED
    assert tier(sign) is Tier.NONE


def test_two_different_weak_signs_are_suspicious() -> None:
    assert tier(ULCER, condition("gangrene_pad"), ON_DIALYSIS) is Tier.SUSPECTED


@pytest.mark.parametrize(
    ("points", "expected"), [(0, Tier.POSSIBLE), (SUSPECTED - 1, Tier.POSSIBLE), (SUSPECTED, Tier.SUSPECTED)]
)
def test_one_weak_sign_is_possible_until_the_points_make_it_suspicious(points: float, expected: Tier) -> None:
    assert tier(*scoring(points, ULCER, ON_DIALYSIS)) is expected


def test_a_weak_sign_off_dialysis_raises_nothing() -> None:
    assert tier(*scoring(SUSPECTED, ULCER)) is Tier.NONE


def test_a_sign_goes_before_any_risk() -> None:
    assert tier(*scoring(HIGH, LIVEDO, WARFARIN, ON_DIALYSIS)) is Tier.SUSPECTED


# ------------------------------------------------------------------ risk
@pytest.mark.parametrize("changeable", [(WARFARIN,), (CALCIUM_ACETATE,), (HIGH_CALCIUM,), (CALCITRIOL, HIGH_PHOSPHATE)])
def test_high_risk_needs_its_points_and_something_to_change(changeable: tuple[Thing, ...]) -> None:
    assert tier(*scoring(HIGH, ON_DIALYSIS, *changeable)) is Tier.HIGH_RISK
    assert tier(*scoring(HIGH - 1, ON_DIALYSIS, *changeable)) is not Tier.HIGH_RISK
    assert tier(*scoring(HIGH, *changeable)) is Tier.NONE


def test_points_alone_raise_nothing() -> None:
    assert tier(*scoring(HIGH, ON_DIALYSIS)) is Tier.NONE


@pytest.mark.parametrize("reason", [WARFARIN, HIGH_CALCIUM])
@pytest.mark.parametrize(
    ("points", "expected"),
    [(ELEVATED - 1, Tier.NONE), (ELEVATED, Tier.ELEVATED_RISK), (HIGH - 1, Tier.ELEVATED_RISK)],
)
def test_elevated_risk_needs_its_points_and_an_antagonist_or_high_minerals(
    reason: Thing, points: float, expected: Tier
) -> None:
    assert tier(*scoring(points, ON_DIALYSIS, reason)) is expected


@pytest.mark.parametrize("not_enough", [(CALCIUM_ACETATE,), (CALCITRIOL, HIGH_PHOSPHATE)])
def test_a_calcium_product_or_vitamin_d_does_not_make_an_elevated_risk(not_enough: tuple[Thing, ...]) -> None:
    assert tier(*scoring(ELEVATED, ON_DIALYSIS, *not_enough)) is Tier.NONE


def test_the_draft_being_ordered_never_changes_the_tier() -> None:
    things = scoring(HIGH - LIMITS.points["vitamin_k_antagonist"], ON_DIALYSIS)
    drafted = Assessment(chart(*things, drafts=(WARFARIN,)), ON, LIMITS)
    assert (drafted.tier, drafted.risk.score) == (Tier.NONE, HIGH - LIMITS.points["vitamin_k_antagonist"])


def test_an_empty_chart_has_no_tier() -> None:
    assert (tier(), tier(ON_DIALYSIS)) == (Tier.NONE, Tier.NONE)


@pytest.mark.parametrize(
    ("things", "expected"),
    [((CONFIRMED,), True), ((LIVEDO, ON_DIALYSIS), True), ((ULCER, ON_DIALYSIS), False), ((), False)],
)
def test_confirmed_and_suspected_are_what_the_drug_rules_call_calciphylaxis(
    things: tuple[Thing, ...], expected: bool
) -> None:
    assert assess(*things).calciphylaxis is expected


# ------------------------------------------------------------------ supposing dialysis
def supposed(*things: Thing) -> Assessment:
    return Assessment(chart(*things), ON, LIMITS, assume_dialysis=True)


def test_dialysis_may_be_supposed_and_what_is_shown_stays() -> None:
    assert supposed(LIVEDO).tier is Tier.SUSPECTED
    assert supposed().dialysis
    assert supposed(ON_DIALYSIS).dialysis.evidence == "Dependence on renal dialysis"


# ------------------------------------------------------------------ smaller questions
def test_suspicion_that_rests_on_a_provisional_entry_tells_its_status() -> None:
    assert assess(PROVISIONAL, ON_DIALYSIS).provisional == "differential"
    assert assess(LIVEDO, ON_DIALYSIS).provisional == ""
    assert assess(PROVISIONAL).provisional == ""
    assert assess(PROVISIONAL, CONFIRMED, ON_DIALYSIS).provisional == ""


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((procedure("mechanical_valve", None),), "mechanical"),
        ((condition("mechanical_valve"),), "mechanical"),
        ((condition("mechanical_valve"), condition("possibly_mechanical_valve")), "mechanical"),
        ((condition("possibly_mechanical_valve"),), "possibly mechanical"),
        ((condition("mechanical_valve", past=True),), ""),
        ((procedure("haemodialysis_procedure"),), ""),
        ((), ""),
    ],
)
def test_a_mechanical_valve_is_known_from_a_procedure_or_an_active_condition(
    things: tuple[Thing, ...], expected: str
) -> None:
    assert assess(*things).valve == expected


def test_valve_procedures_that_could_not_be_read_leave_the_valve_open() -> None:
    assert assess(gap("valve_procedures")).valve == "unread"
    assert assess(gap("valve_procedures"), condition("mechanical_valve")).valve == "mechanical"
    assert assess(gap("calcium")).valve == ""


@pytest.mark.parametrize("concept", ["sepsis", "bacteraemia"])
def test_active_sepsis_or_bacteraemia_is_an_infection(concept: str) -> None:
    entry = condition(concept)
    assert assess(entry).infection is entry
    assert assess(condition(concept, past=True)).infection is None


def test_the_recorded_reasons_for_anticoagulation() -> None:
    fibrillation, thrombosis = condition("atrial_fibrillation"), condition("venous_thromboembolism")
    assert assess(thrombosis, fibrillation).indicated_for == (fibrillation, thrombosis)
    assert assess(thrombosis).indicated_for == (thrombosis,)
    assert assess().indicated_for == ()
