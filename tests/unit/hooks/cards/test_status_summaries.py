"""The summaries of status cards on crowded charts: what has no room is counted, never cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hooks import patient_view
from hooks.assessment import Assessment
from hooks.calciphylaxis_status import calciphylaxis_card
from hooks.card import SUMMARY_LIMIT, Card, Indicator
from hooks.cards import Facts, make_status_card
from hooks.cards.status_facts import StatusFacts
from hooks.chart import Analyte, Condition, Medication, Procedure, Result
from tests.unit.hooks.builders import (
    CONFIRMED,
    LIMITS,
    LIVEDO,
    NECROSIS,
    ON,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    WARFARIN,
    assess,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
)

Thing = Result | Condition | Procedure | Medication
OLD = LIMITS.windows[Analyte.TOTAL_CALCIUM].fresh + 1
PHENPROCOUMON = drug("vitamin_k_antagonist", name="phenprocoumon")
CALCIUM = tuple(drug("calcium_product", name=f"calcium {salt}") for salt in ("carbonate", "acetate", "gluconate"))
VITAMIN_D = tuple(drug("active_vitamin_d", name=name) for name in ("calcitriol", "doxercalciferol"))
FURTHER = (
    drug("nutritional_vitamin_d", name="cholecalciferol"),
    drug("iv_iron", name="ferric carboxymaltose"),
    drug("oral_iron", name="polysaccharide iron complex"),
)
DRUGS = (PHENPROCOUMON, *CALCIUM, *VITAMIN_D, *FURTHER)
MINERALS = (
    result(Analyte.ALBUMIN_CORRECTED_CALCIUM, LIMITS.calcium_high + 1, OLD),
    result(Analyte.PHOSPHATE, LIMITS.phosphate_high + 1, OLD),
    result(Analyte.ALBUMIN, LIMITS.albumin_low - 1, OLD),
    result(Analyte.INTACT_PTH, LIMITS.pth_low - 1),
    result(Analyte.ALKALINE_PHOSPHATASE, 400),
    result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - 0.1),
    result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index + 1),
)
LOW = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_low - 0.1)
PROVISIONAL = condition("calciphylaxis_provisional", verification="differential")
SIGNS = (NECROSIS, LIVEDO, ULCER, PROVISIONAL, *map(condition, ("skin_induration", "painful_lesion", "gangrene")))
WEAK = tuple(map(condition, ("skin_texture", "gangrene_pad", "gangrene_acral", "local_wound")))
STANDARD = condition("antiphospholipid", text="Antiphospholipid syndrome")
POINTS = tuple(map(condition, ("diabetes", "liver_disease", "steroid_use", "calciphylaxis_history")))
CROWDED: dict[str, tuple[str, tuple[Thing, ...]]] = {
    "confirmed": ("cua-confirmed", (CONFIRMED, ON_DIALYSIS, *DRUGS, *MINERALS, *POINTS)),
    "confirmed, kept": ("cua-confirmed", (CONFIRMED, ON_DIALYSIS, STANDARD, *DRUGS, *MINERALS)),
    "confirmed, off dialysis": ("cua-confirmed", (CONFIRMED, STANDARD, *DRUGS, *MINERALS)),
    "confirmed, calcium needed": ("cua-confirmed", (CONFIRMED, ON_DIALYSIS, STANDARD, *DRUGS, LOW)),
    "suspected": ("cua-suspected", (ON_DIALYSIS, *SIGNS, *DRUGS, *MINERALS)),
    "suspected by points": ("cua-suspected", (ON_DIALYSIS, ULCER, *DRUGS, *MINERALS, *POINTS)),
    "possible": ("cua-possible", (ON_DIALYSIS, *WEAK, *DRUGS)),
    "possible, off dialysis": ("cua-possible", (condition("ckd5"), *SIGNS, *DRUGS)),
    "high risk": ("cua-risk-high", (ON_DIALYSIS, *DRUGS, *MINERALS, *POINTS)),
    "elevated risk": ("cua-risk-elevated", (ON_DIALYSIS, WARFARIN, condition("diabetes"), MINERALS[2])),
}


def status_card(patient: Assessment) -> Card:
    card = calciphylaxis_card(patient, POLICY)
    assert card is not None
    return card


@pytest.mark.parametrize("name", CROWDED)
def test_a_crowded_chart_is_summed_up_without_a_cut(name: str) -> None:
    topic, things = CROWDED[name]
    card = status_card(assess(*things, sex="female"))
    assert card.topic == topic
    assert "…" not in card.summary
    assert len(card.summary) < SUMMARY_LIMIT


@pytest.mark.parametrize("text", POLICY.status_texts)
@pytest.mark.parametrize("name", CROWDED)
def test_every_text_fits_every_crowded_chart(text: str, name: str) -> None:
    gaps = [gap(f"look_up_{number}", what=f"results of a long kind {number}") for number in range(9)]
    triggers = tuple((f"temperature 38.{number} °C", "") for number in range(8))
    patient = Assessment(chart(*CROWDED[name][1], *gaps, sex="female"), ON, LIMITS)
    card = make_status_card(text, Indicator.INFO, patient, POLICY, triggers=triggers)
    assert "…" not in card.summary


def test_what_a_clinic_adds_stands_below_the_lead_as_it_was_written_and_is_told_as_its_own() -> None:
    texts = {name: replace(text, added=("Call {us}: 1234.",)) for name, text in POLICY.status_texts.items()}
    patient = Assessment(chart(*CROWDED["confirmed"][1]), ON, LIMITS)
    for policy, told in ((POLICY, False), (replace(POLICY, status_texts=texts), True)):
        lead, _, rest = make_status_card("cua-confirmed", Indicator.INFO, patient, policy).detail.partition("\n\n")
        assert lead.endswith("  \nAdded by this clinic: Call {us}: 1234.") is told
        assert "Call" not in rest


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("confirmed", "high corrected calcium"),
        ("confirmed", f"{OLD} d old"),
        ("confirmed", "stop 5 drugs (high"),
        ("confirmed", "replace phenprocoumon"),
        ("suspected by points", f"{OLD} d old"),
        ("possible", "examine the skin"),
        ("high risk", "phenprocoumon"),
        ("high risk", "more"),
    ],
)
def test_what_decides_stands_in_the_summary(name: str, words: str) -> None:
    assert words in status_card(assess(*CROWDED[name][1], sex="female")).summary


def test_drugs_without_room_are_counted() -> None:
    summary = status_card(assess(*CROWDED["confirmed, kept"][1])).summary
    assert summary.endswith(" d old); 4 more drugs")
    assert "6 drugs to review" in status_card(assess(*CROWDED["suspected by points"][1])).summary


def test_without_any_room_the_shortest_words_are_said() -> None:
    patient = assess(*CROWDED["confirmed, kept"][1])
    words = StatusFacts(Facts(patient, POLICY.wording), POLICY.status_phrases, POLICY.drug_classes, room=0)
    assert words.today().startswith("stop 5 drugs (high")
    assert words.today().endswith("; 4 more drugs")
    suspected = replace(words, facts=Facts(assess(*CROWDED["suspected"][1]), POLICY.wording))
    assert suspected.signs_and_drugs().startswith("skin necrosis")
    assert not suspected.signs_and_drugs().endswith(("active", "to review"))


def test_with_room_the_steps_are_named() -> None:
    summary = status_card(assess(CONFIRMED, ON_DIALYSIS, WARFARIN)).summary
    assert summary == "Calciphylaxis on record: replace warfarin; see to dialysis, wounds, pain, sepsis"


def test_many_failed_look_ups_are_counted() -> None:
    gaps = [gap(f"look_up_{number}", what=f"results of a long kind {number}") for number in range(9)]
    (card,) = patient_view.advise(chart(ON_DIALYSIS, *gaps), ON, POLICY)
    assert card.summary.endswith("more could not be read")


def test_surgery_is_not_told_as_hungry_bone_twice() -> None:
    surgery = procedure("parathyroidectomy", 7)
    things: tuple[Thing, ...] = (CONFIRMED, ON_DIALYSIS, *CALCIUM, condition("hungry_bone"), surgery)
    assert "to be expected" not in status_card(assess(*things)).detail
