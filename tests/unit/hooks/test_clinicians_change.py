"""What a clinician can change in the data files alone, without a line of Python."""

from datetime import timedelta
from typing import Any

from hooks import order_select, patient_view
from hooks.chart import Analyte
from hooks.course import End, History, MedicationPeriod, build_course
from hooks.policy import Role
from hooks.policy_loading import load_policy
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    chart,
    condition,
    data_files,
    drug,
    result,
)

TOMORROW = ON + timedelta(days=1)


def test_a_dated_threshold_changes_the_answer_from_its_day_on_and_not_before() -> None:
    files = data_files()
    lower = LIMITS.calcium_high - 0.3
    known = [entry for entry in files["thresholds"]["calcium_high"]["values"] if entry["since"] <= ON]
    changed = {"since": TOMORROW, "value": lower, "source": "a guideline"}
    files["thresholds"]["calcium_high"]["values"] = [*known, changed]
    policy = load_policy(**files)
    phosphate = result(Analyte.PHOSPHATE, LIMITS.phosphate_high - 1)
    patient = chart(ON_DIALYSIS, result(Analyte.TOTAL_CALCIUM, lower + STEP), phosphate, drafts=(CALCIUM_ACETATE,))
    answers = [[card.topic for card in order_select.advise(patient, day, policy)] for day in (ON, TOMORROW)]
    assert answers == [["calcium-restrict"], ["calcium-hypercalcaemia"]]


def new_class(files: dict[str, dict[str, Any]]) -> None:
    """A drug class of which no Python module knows."""
    files["drug_rules"]["classes"]["moon_dust"] = {
        "name": "moon dust",
        "role": "feeding",
        "phrase": "offending_moon_dust",
        "in_summary": True,
    }
    files["status_cards"]["phrases"]["offending_moon_dust"] = "Sweep up {drugs}."
    files["drug_rules"]["rules"].append(
        {
            "drug_class": "moon_dust",
            "when": ["calciphylaxis"],
            "topic": "moon-dust-cua",
            "indicator": "warning",
            "source": "a case report",
        }
    )
    files["drug_rules"]["texts"]["moon-dust-cua"] = {
        "title": "Moon dust in calciphylaxis",
        "summary": "{drug}: no moon dust in {state_short}",
        "lead": ["**{drug}:** think twice."],
        "evidence": ["One case report."],
        "why": ["drug_lines", "calciphylaxis"],
        "suggest": ["remove"],
        "override": ["data-wrong"],
    }


def test_a_new_drug_class_needs_rows_and_a_text_only() -> None:
    files = data_files()
    new_class(files)
    patient = chart(CONFIRMED, drug("moon_dust"), drafts=(drug("moon_dust"),))
    assert order_select.advise(patient, ON, POLICY) == []
    (card,) = order_select.advise(patient, ON, load_policy(**files))
    assert (card.topic, card.indicator, card.summary) == (
        "moon-dust-cua",
        "warning",
        "Moon dust: no moon dust in confirmed calciphylaxis",
    )
    active = [card.topic for card in patient_view.advise(patient, ON, load_policy(**files))]
    assert active == ["cua-confirmed", "moon-dust-cua"]


def test_a_new_class_that_feeds_calciphylaxis_is_named_on_the_status_card_and_in_the_course() -> None:
    files = data_files()
    new_class(files)
    policy = load_policy(**files)
    dust = drug("moon_dust", name="lunar regolith")
    card = patient_view.advise(chart(ON_DIALYSIS, condition("skin_necrosis"), dust), ON, policy)[0]
    assert "; lunar regolith active" in card.summary
    assert "Sweep up lunar regolith." in card.detail
    taken = MedicationPeriod(dust, "active", ON, ON, End.ONGOING)
    (lane,) = build_course(History(chart(dust), (), (taken,)), ON, ON, policy).drugs
    assert (lane.kind.name, lane.kind.role) == ("moon dust", Role.FEEDING)


def test_wording_and_severity_of_a_card_are_data() -> None:
    files = data_files()
    for row in files["drug_rules"]["rules"]:
        if row.get("topic") == "vka-dialysis":
            row.update(indicator="critical", at_patient_view="warning")
    files["drug_rules"]["texts"]["vka-dialysis"]["summary"] = "Think about {drug}"
    policy = load_policy(**files)
    (ordered,) = order_select.advise(chart(ON_DIALYSIS, drafts=(WARFARIN,)), ON, policy)
    (active,) = patient_view.advise(chart(ON_DIALYSIS, WARFARIN), ON, policy)
    assert (ordered.summary, ordered.indicator, active.indicator) == ("Think about Warfarin", "critical", "warning")


def test_more_points_for_a_factor_change_the_tier_from_their_day_on() -> None:
    files = data_files()
    enough = int(LIMITS.high_risk_score)
    entry = {"since": TOMORROW, "value": enough, "source": "a cohort"}
    files["thresholds"]["points"]["vitamin_k_antagonist"]["values"].append(entry)
    policy = load_policy(**files)
    patient = chart(ON_DIALYSIS, WARFARIN)
    topics = [[card.topic for card in patient_view.advise(patient, day, policy)] for day in (ON, TOMORROW)]
    assert topics == [["vka-dialysis"], ["cua-risk-high"]]
