"""What the status cards say: drugs, steps, caveats and risk factors."""

import pytest

from hooks.cards.facts import Facts, exact
from hooks.cards.status_facts import FACTOR_PLACEHOLDERS, STATUS_PLACEHOLDERS, STATUS_WHY, StatusFacts
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result
from hooks.thresholds import FACTORS
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    STEP,
    ULCER,
    WARFARIN,
    assess,
    condition,
    drug,
    gap,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap
PHRASES = POLICY.status_phrases
CALCIUM, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH
INSULIN = drug("insulin", name="insulin")


def status(*things: Thing, sex: str = "") -> StatusFacts:
    return StatusFacts(Facts(assess(*things, sex=sex), POLICY.wording), PHRASES, POLICY.drug_classes)


@pytest.mark.parametrize("name", [*STATUS_PLACEHOLDERS, *FACTOR_PLACEHOLDERS])
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, WARFARIN)])
def test_every_placeholder_can_be_filled_for_every_patient(name: str, things: tuple[Thing, ...]) -> None:
    make = {**STATUS_PLACEHOLDERS, **FACTOR_PLACEHOLDERS}[name]
    assert isinstance(make(status(*things)), str)


@pytest.mark.parametrize("name", STATUS_WHY)
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, WARFARIN)])
def test_every_fact_leaves_out_what_it_cannot_say(name: str, things: tuple[Thing, ...]) -> None:
    assert all(status(*things).why(name))


# ------------------------------------------------------------------ drugs
def test_the_drugs_that_feed_calciphylaxis_are_named_in_the_summary() -> None:
    assert status().offending_short() == ""
    assert status(INSULIN).offending_short() == ""
    assert status(CALCIUM_ACETATE, WARFARIN).offending_short() == "; warfarin and calcium acetate active"


@pytest.mark.parametrize(("count", "words"), [(3, "a, b and c"), (4, "a, b and 2 more"), (9, "a, b and 7 more")])
def test_more_than_three_are_counted(count: int, words: str) -> None:
    drugs = [drug("calcium_product", name=name) for name in "abcdefghi"[:count]]
    assert status(*drugs).offending_short() == f"; {words} active"


LOW = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_low - STEP)
HIGH_PTH = result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + 1)
PTH_IN_RANGE = result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times)


@pytest.mark.parametrize(
    ("things", "phrase", "name"),
    [
        ((WARFARIN,), "offending_vka", "warfarin"),
        ((WARFARIN, condition("mechanical_valve")), "offending_vka_valve", "warfarin"),
        ((WARFARIN, condition("possibly_mechanical_valve")), "offending_vka_valve", "warfarin"),
        ((WARFARIN, gap("valve_procedures")), "offending_vka_valve", "warfarin"),
        ((CALCIUM_ACETATE,), "offending_calcium", "calcium acetate"),
        ((CALCIUM_ACETATE, LOW), "offending_calcium_needed", "calcium acetate"),
        ((CALCIUM_ACETATE, condition("hungry_bone")), "offending_calcium_needed", "calcium acetate"),
        ((CALCITRIOL,), "offending_vitamin_d", "calcitriol"),
        ((CALCITRIOL, LOW, HIGH_PTH), "offending_vitamin_d_needed", "calcitriol"),
        ((CALCITRIOL, LOW, PTH_IN_RANGE), "offending_vitamin_d", "calcitriol"),
        ((CALCITRIOL, LOW), "offending_vitamin_d", "calcitriol"),
        ((CALCITRIOL, HIGH_PTH), "offending_vitamin_d", "calcitriol"),
    ],
)
def test_what_to_do_about_a_drug_follows_the_exceptions_of_its_own_card(
    things: tuple[Thing, ...], phrase: str, name: str
) -> None:
    assert status(*things).offending() == PHRASES[phrase].format(drugs=name)


def test_every_drug_that_feeds_calciphylaxis_is_named_in_what_to_do() -> None:
    words = status(WARFARIN, CALCIUM_ACETATE, CALCITRIOL, drug("nutritional_vitamin_d", name="cholecalciferol"))
    for name in ("warfarin", "calcium acetate", "calcitriol", "cholecalciferol"):
        assert name in words.offending()
    assert status(INSULIN).offending() == ""
    assert status(CALCITRIOL).why("offending_drugs") == ["active: calcitriol as worded"]
    assert status().why("offending_drugs") == []


def test_anticoagulation_names_the_drug_and_its_indication_or_that_there_is_none() -> None:
    assert status().anticoagulation() == PHRASES["vka_absent"]
    plain_, valve = (
        status(WARFARIN).anticoagulation(),
        status(WARFARIN, condition("mechanical_valve")).anticoagulation(),
    )
    assert "one discussion" in plain_
    assert "none found" in plain_
    assert "do not stop without cardiology" in valve


def test_thiosulfate_that_runs_is_acknowledged_and_not_started_again() -> None:
    running = status(drug("sodium_thiosulfate", name="sodium thiosulfate")).thiosulfate()
    assert "already on it" in running
    assert status(ON_DIALYSIS).thiosulfate() == PHRASES["thiosulfate_absent"]
    assert status().thiosulfate() == PHRASES["thiosulfate_off_dialysis"]


# ------------------------------------------------------------------ caveats
@pytest.mark.parametrize(
    ("things", "phrases"),
    [
        ((condition("skin_induration"),), ["induration_alone"]),
        ((condition("skin_induration"), LIVEDO), []),
        ((condition("skin_texture"),), ["texture"]),
        ((condition("calcium_disorder_unspecific"),), ["unspecific_code"]),
        ((LIVEDO, INSULIN), ["insulin"]),
        ((ULCER, INSULIN), []),
        ((), []),
    ],
)
def test_caveats_say_what_a_sign_may_also_mean(things: tuple[Thing, ...], phrases: list[str]) -> None:
    assert status(ON_DIALYSIS, *things).caveats() == " ".join(PHRASES[name] for name in phrases)


def test_a_provisional_diagnosis_asks_for_confirmation() -> None:
    provisional = condition("calciphylaxis_provisional", verification="unconfirmed")
    assert "recorded as unconfirmed: confirm or exclude it" in status(ON_DIALYSIS, provisional).caveats()


def test_a_confirmed_diagnosis_needs_no_caveat_but_that_of_insulin() -> None:
    signs = (condition("skin_texture"), condition("calcium_disorder_unspecific"))
    assert status(CONFIRMED, *signs).caveats() == ""
    assert status(CONFIRMED, *signs, INSULIN).caveats() == PHRASES["insulin"]


# ------------------------------------------------------------------ minerals and factors
def test_the_mineral_step_shows_everything_that_is_there() -> None:
    assert status().minerals() == "calcium missing; phosphate missing; intact PTH missing"
    full = status(result(CALCIUM, 9), result(PHOSPHATE, 4), result(PTH, 300)).minerals()
    assert full.startswith("calcium 9.0 mg/dL")
    assert "Ca x P 36.0" in full


@pytest.mark.parametrize(
    ("things", "start"),
    [
        ((result(CALCIUM, LIMITS.calcium_high + STEP), result(PHOSPHATE, 1)), "calcium"),
        ((result(CALCIUM, LIMITS.calcium_upper_normal + STEP),), "calcium"),
        ((result(PHOSPHATE, LIMITS.phosphate_high + STEP), result(CALCIUM, 8.5, 30)), "phosphate"),
        ((result(CALCIUM, LIMITS.calcium_low), result(PHOSPHATE, 1)), ""),
        ((), ""),
    ],
)
def test_a_mineral_factor_shows_only_what_crossed_its_threshold(things: tuple[Thing, ...], start: str) -> None:
    words = status(*things).minerals_crossed()
    assert words.startswith(start)
    assert words.count(" mg/dL ") == bool(start)


STORIES: dict[str, tuple[tuple[Thing, ...], str]] = {
    "vitamin_k_antagonist": ((WARFARIN,), "warfarin as worded"),
    "mineral_high": ((result(CALCIUM, LIMITS.calcium_high + 1),), "calcium "),
    "mineral_moderate": ((result(PHOSPHATE, LIMITS.phosphate_high + 1),), "phosphate "),
    "pth": ((result(PTH, LIMITS.pth_low - 1),), "intact PTH "),
    "albumin": (
        (result(Analyte.ALBUMIN, LIMITS.albumin_low - 0.5),),
        f"albumin {LIMITS.albumin_low - 0.5:.1f} g/dL (below {exact(LIMITS.albumin_low)}; ",
    ),
    "alkaline_phosphatase": (
        (result(Analyte.ALKALINE_PHOSPHATASE, 200, upper_limit=120),),
        "alkaline phosphatase 200 U/L (above 120; ",
    ),
    "obesity": (
        (result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index),),
        f"(at or above {exact(LIMITS.obese_body_mass_index)}; ",
    ),
    "diabetes": ((condition("diabetes"),), "diabetes"),
    "calcium_product": ((CALCIUM_ACETATE,), "calcium acetate as worded"),
    "active_vitamin_d": ((CALCITRIOL, result(PHOSPHATE, LIMITS.phosphate_high + 1)), "calcitriol as worded"),
    "corticosteroid": ((drug("systemic_corticosteroid", name="prednisone"),), "prednisone as worded"),
    "liver_or_thrombophilia": ((condition("thrombophilia"),), "liver disease or thrombophilia"),
    "weight_loss": ((result(Analyte.DRY_WEIGHT, 80, 90), result(Analyte.DRY_WEIGHT, 60)), "25.0 %, dry weight 80.0 kg"),
    "dialysis_dose": ((result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - 0.2),), "Kt/V "),
    "past_calciphylaxis": ((condition("calciphylaxis_history", text="Old CUA", past=True),), "“Old CUA” (undated)"),
}


@pytest.mark.parametrize("factor", [name for name in FACTORS if name != "female"])
def test_a_factor_shows_its_facts_and_points(factor: str) -> None:
    things, words = STORIES[factor]
    lines = status(*things).factors()
    points = LIMITS.points[factor]
    assert [line for line in lines if words in line and line.endswith(f" (+{points})")], lines


def test_sex_is_a_factor_without_further_facts() -> None:
    assert status(sex="female").factors() == [f"female sex (+{LIMITS.points['female']})"]


def test_without_a_factor_nothing_is_listed() -> None:
    assert status().factors() == []


def test_a_coded_obesity_and_a_coded_steroid_are_said_to_be_coded() -> None:
    lines = status(condition("obesity", text="Obesity"), condition("steroid_use")).factors()
    assert any("“Obesity” (undated)" in line for line in lines)
    assert any("coded as long-term" in line for line in lines)


def test_an_assumed_upper_limit_of_alkaline_phosphatase_is_shown_as_the_limit() -> None:
    assumed = LIMITS.alkaline_phosphatase_assumed_upper_limit
    (line,) = status(result(Analyte.ALKALINE_PHOSPHATASE, assumed + 10)).factors()
    assert f"(above {exact(assumed)}; " in line
