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
    drug,
    gap,
    procedure,
    result,
    scoring,
    span,
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
        (ON, True),
        (date(ON.year + 30, 1, 1), False),
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
OTHER_KIDNEYS = condition("diabetes")
LIMITED_SIGNS = [
    *map(condition, ("skin_texture", "calcium_disorder_unspecific", "gangrene_pad", "gangrene_acral", "local_wound")),
    condition("livedo", recorded=span(LIMITS.sign_days + 1), still_active=True),
]


def refuted(days: float) -> Condition:
    return condition("calciphylaxis_refuted", recorded=span(days), verification="refuted")


@pytest.mark.parametrize("sign", [NECROSIS, LIVEDO])
def test_necrosis_or_one_strong_sign_is_suspicious_on_dialysis_only(sign: Condition) -> None:
    assert tier(sign, ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(sign, condition("esrd")) is Tier.SUSPECTED
    assert tier(sign, OTHER_KIDNEYS) is Tier.NONE


@pytest.mark.parametrize("limited", LIMITED_SIGNS)
def test_signs_that_are_explained_never_make_more_than_possible(limited: Condition) -> None:
    assert tier(*scoring(HIGH, limited, ON_DIALYSIS)) is Tier.POSSIBLE
    assert tier(*LIMITED_SIGNS, ON_DIALYSIS, WARFARIN) is Tier.POSSIBLE
    assert tier(limited, LIVEDO, ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(limited, ULCER, ON_DIALYSIS) is Tier.SUSPECTED


def test_an_old_ulcer_is_possible_alone_and_a_second_sign_beside_a_fresh_one() -> None:
    old = condition("skin_ulcer", recorded=span(LIMITS.sign_days + 1), still_active=True)
    assert tier(*scoring(HIGH, old, ON_DIALYSIS)) is Tier.POSSIBLE
    assert tier(old, condition("recurrent_cellulitis"), ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(old, condition("skin_texture"), ON_DIALYSIS) is Tier.POSSIBLE


# ------------------------------------------------------------------ refuted
def test_a_refuted_entry_as_recent_as_every_sign_lowers_to_possible() -> None:
    livedo = condition("livedo", recorded=span(20))
    assert tier(livedo, refuted(20), ON_DIALYSIS) is Tier.POSSIBLE
    assert tier(livedo, refuted(21), ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(livedo, NECROSIS, refuted(1), ON_DIALYSIS) is Tier.SUSPECTED
    assert tier(livedo, refuted(20), CONFIRMED, ON_DIALYSIS) is Tier.CONFIRMED


# ------------------------------------------------------------------ off dialysis
KIDNEYS = [
    condition("ckd4"),
    condition("ckd5"),
    condition("transplant"),
    procedure("transplant_procedure", 900),
    condition("untreated_esrd"),
    condition("esrd_taken_back"),
]


@pytest.mark.parametrize("kidneys", KIDNEYS)
@pytest.mark.parametrize("sign", [LIVEDO, NECROSIS])
def test_a_grave_sign_in_advanced_kidney_disease_is_possible_off_dialysis(sign: Condition, kidneys: Thing) -> None:
    assert tier(sign, kidneys) is Tier.POSSIBLE
    assert tier(ULCER, kidneys) is Tier.NONE
    assert tier(sign, kidneys, born=date(ON.year - 1, 1, 1)) is Tier.CHILD


def test_an_end_stage_code_taken_back_counts_off_dialysis() -> None:
    assert tier(LIVEDO, condition("esrd"), condition("untreated_esrd")) is Tier.POSSIBLE
    assert tier(LIVEDO, condition("ckd4", past=True)) is Tier.NONE


def test_provisional_calciphylaxis_is_possible_off_dialysis_whatever_the_kidneys_do() -> None:
    assert tier(PROVISIONAL) is Tier.POSSIBLE
    assert assess(PROVISIONAL).provisional == "differential"
    assert assess(PROVISIONAL, ON_DIALYSIS).off_dialysis_possible is False
    assert assess(PROVISIONAL, born=date(ON.year - 1, 1, 1)).off_dialysis_possible is False


def test_a_refuted_entry_changes_nothing_off_dialysis() -> None:
    found = assess(condition("livedo", recorded=span(5)), refuted(1), condition("ckd5"))
    assert found.tier is Tier.POSSIBLE
    assert found.signs.lowered_by is not None


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
    assert assess(ULCER, ON_DIALYSIS).provisional == ""
    assert assess(PROVISIONAL, refuted(1), ON_DIALYSIS).provisional == "differential"
    assert assess(PROVISIONAL, CONFIRMED, ON_DIALYSIS).provisional == ""


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((procedure("mechanical_valve", None),), "mechanical"),
        ((condition("mechanical_valve"),), "mechanical"),
        ((condition("mechanical_valve"), condition("valve_kind_unknown")), "mechanical"),
        ((condition("valve_kind_unknown"),), "kind not recorded"),
        ((procedure("valve_kind_unknown", 3000),), "kind not recorded"),
        ((condition("mechanical_valve", past=True),), ""),
        ((procedure("haemodialysis_procedure"),), ""),
        ((), ""),
    ],
)
def test_a_mechanical_valve_is_known_from_a_procedure_or_an_active_condition(
    things: tuple[Thing, ...], expected: str
) -> None:
    assert assess(*things).valve == expected


@pytest.mark.parametrize("query", ["valve_procedures", "procedures"])
def test_procedures_that_could_not_be_read_leave_the_valve_open(query: str) -> None:
    assert assess(gap(query)).valve == "unread"
    assert assess(gap(query), condition("mechanical_valve")).valve == "mechanical"
    assert assess(gap("calcium")).valve == ""


@pytest.mark.parametrize("concept", ["sepsis", "bacteraemia"])
def test_active_sepsis_or_bacteraemia_is_an_infection(concept: str) -> None:
    entry = condition(concept)
    assert assess(entry).infection is entry
    assert assess(condition(concept, past=True)).infection is None


# ------------------------------------------------------------------ windows
@pytest.mark.parametrize("concept", ["sepsis", "bacteraemia"])
def test_an_infection_counts_for_its_days_by_the_later_date_and_without_one(concept: str) -> None:
    days = LIMITS.sepsis_days
    assert assess(condition(concept, recorded=span(days))).infection
    assert assess(condition(concept, recorded=span(days + 1))).infection is None
    assert assess(condition(concept, onset=span(days + 9), recorded=span(days))).infection
    assert assess(condition(concept)).infection
    fresh = condition(concept, recorded=span(1))
    assert assess(condition(concept, recorded=span(days + 1)), fresh).infection is fresh


def test_a_bleeding_counts_for_its_days_resolved_or_not_and_undated_while_active() -> None:
    days = LIMITS.bleeding_days
    for past in (True, False):
        assert assess(condition("recent_bleeding", recorded=span(days), past=past)).recent_bleeding
        assert assess(
            condition("recent_bleeding", onset=span(days + 5), recorded=span(days), past=past)
        ).recent_bleeding
        assert assess(condition("recent_bleeding", recorded=span(days + 1), past=past)).recent_bleeding is None
    assert assess(condition("recent_bleeding")).recent_bleeding
    assert assess(condition("recent_bleeding", past=True)).recent_bleeding is None
    assert assess(condition("diabetes")).recent_bleeding is None


def test_a_parathyroidectomy_is_recent_for_its_days_and_on_record_for_ever() -> None:
    days = LIMITS.parathyroidectomy_days
    recent, old = procedure("parathyroidectomy", days), procedure("parathyroidectomy", days + 1)
    assert (assess(recent).parathyroidectomy_recent, assess(recent).parathyroidectomy_ever) == (recent, recent)
    assert (assess(old).parathyroidectomy_recent, assess(old).parathyroidectomy_ever) == (False, old)
    undated, entry = procedure("parathyroidectomy", None), condition("parathyroidectomy", recorded=span(1))
    for one in (undated, entry):
        assert (assess(one).parathyroidectomy_recent, assess(one).parathyroidectomy_ever) == (False, one)
    assert assess(procedure("parathyroidectomy", None, ongoing=True)).parathyroidectomy_recent
    assert not assess().parathyroidectomy_ever


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), ()),
        ((condition("hypocalcaemia"),), ("hypocalcaemia",)),
        ((condition("tetany"),), ("tetany",)),
        ((condition("hungry_bone"),), ("hungry_bone",)),
        ((condition("tetany", past=True),), ()),
        ((procedure("parathyroidectomy", LIMITS.parathyroidectomy_days),), ("parathyroidectomy_recent",)),
        ((procedure("parathyroidectomy", LIMITS.parathyroidectomy_days + 1),), ()),
        ((condition("parathyroidectomy"),), ()),
        ((drug("calcimimetic", name="cinacalcet"),), ("cinacalcet",)),
        ((drug("denosumab", name="denosumab"), condition("tetany")), ("tetany", "denosumab")),
        ((drug("calcium_product"),), ()),
    ],
)
def test_what_makes_a_low_calcium_need_treatment(things: tuple[Thing, ...], expected: tuple[str, ...]) -> None:
    assert assess(*things).hypocalcaemia_context == expected


def test_past_calciphylaxis_is_the_entry_whatever_its_status() -> None:
    for past in (True, False):
        entry = condition("calciphylaxis_history", past=past)
        assert assess(entry).past_calciphylaxis is entry
    assert assess(CONFIRMED, PROVISIONAL).past_calciphylaxis is None


def test_on_record_is_an_active_condition_or_a_procedure() -> None:
    device = "ventricular_assist_device"
    assert assess(condition(device)).on_record(device)
    assert assess(procedure(device, None)).on_record(device)
    assert not assess(condition(device, past=True), procedure("parathyroidectomy")).on_record(device)


# ------------------------------------------------------------------ modality
DAYS = LIMITS.dialysis_procedure_days
WEEKLY = LIMITS.windows[Analyte.PD_WEEKLY_KT_V].usable


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), "haemodialysis"),
        ((ON_DIALYSIS,), "haemodialysis"),
        ((procedure("haemodialysis_procedure"),), "haemodialysis"),
        ((procedure("peritoneal_dialysis_procedure", DAYS),), "peritoneal"),
        ((procedure("peritoneal_dialysis_procedure", DAYS + 1),), "haemodialysis"),
        ((procedure("peritoneal_evidence", 40),), "peritoneal"),
        ((condition("peritoneal_evidence"),), "peritoneal"),
        ((condition("peritoneal_evidence", past=True),), "haemodialysis"),
        ((drug("peritoneal_dialysis_fluid"),), "peritoneal"),
        ((result(Analyte.PD_WEEKLY_KT_V, 1.9, WEEKLY),), "peritoneal"),
        ((result(Analyte.PD_WEEKLY_KT_V, 1.9, WEEKLY + 1),), "haemodialysis"),
        ((condition("peritoneal_evidence"), procedure("haemodialysis_procedure", DAYS)), "both"),
        ((condition("peritoneal_evidence"), procedure("haemodialysis_procedure", DAYS + 1)), "peritoneal"),
        ((condition("peritoneal_evidence"), condition("haemodialysis_evidence")), "both"),
        ((condition("peritoneal_evidence"), procedure("dialysis_procedure"), ON_DIALYSIS), "peritoneal"),
    ],
)
def test_the_kind_of_dialysis(things: tuple[Thing, ...], expected: str) -> None:
    assert assess(*things).modality == expected
