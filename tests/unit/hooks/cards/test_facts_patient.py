"""The patient in words: dialysis, signs, state, indication, drugs; and no markup from the record."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.facts import Facts
from hooks.cards.result_words import exact
from hooks.chart import Condition, Gap, Medication, Procedure, Result, Unreadable
from tests.unit.hooks.builders import (
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    SEPSIS,
    ULCER,
    WARFARIN,
    ago,
    assess,
    condition,
    drug,
    gap,
    procedure,
    scoring,
    span,
)

Thing = Result | Condition | Procedure | Medication | Gap | Unreadable


def facts(*things: Thing) -> Facts:
    return Facts(assess(*things), POLICY.wording)


# ------------------------------------------------------------------ the patient
@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((ON_DIALYSIS,), "on dialysis (Dependence on renal dialysis)"),
        ((condition("dialysis_status", text=""),), "on dialysis"),
        ((condition("esrd"),), "dialysis status not confirmed (presumed from the ESRD code)"),
        ((condition("graft_failure"),), "dialysis status not confirmed (presumed from the graft failure code)"),
        ((), "not on dialysis: calciphylaxis also occurs without end-stage kidney disease"),
    ],
)
def test_dialysis_is_said_as_it_is_known(things: tuple[Thing, ...], words: str) -> None:
    assert facts(*things).dialysis() == words


def test_only_presumed_dialysis_needs_its_own_sentence() -> None:
    assert facts(ON_DIALYSIS).presumed() == ""
    assert facts(condition("esrd")).presumed().startswith("dialysis status not confirmed")


def test_a_condition_is_quoted_with_its_day() -> None:
    assert facts().condition(condition("diabetes", text="Sugar", recorded=span(3))) == (
        f"“Sugar” ({ago(3).isoformat()}, 3 days ago)"
    )
    assert facts().condition(condition("diabetes", text="Sugar")) == "“Sugar” (undated)"


def test_a_sign_quotes_the_words_that_decided_else_the_entry() -> None:
    worded = condition("skin_induration", text="Leg: woody, hard", words="woody", recorded=span(1))
    quoted = facts(worded)
    assert quoted.sign(quoted.patient.signs.signs[0]) == f"skin induration: “woody” ({ago(1).isoformat()}, 1 day ago)"
    coded = facts(LIVEDO)
    assert coded.sign(coded.patient.signs.signs[0]) == "livedo: “Livedo racemosa” (undated)"


def test_a_provisional_sign_is_named_by_its_recorded_status() -> None:
    provisional = condition("calciphylaxis_provisional", text="Calciphylaxis", verification="differential")
    words = facts(ON_DIALYSIS, provisional)
    assert words.sign(words.patient.signs.signs[0]).startswith("calciphylaxis recorded as differential: ")
    assert words.state() == "suspected calciphylaxis (recorded as differential)"


def test_the_state_of_calciphylaxis_is_said_with_its_reason() -> None:
    assert facts(CONFIRMED).calciphylaxis() == "confirmed calciphylaxis: “Calciphylaxis” (undated)"
    assert facts(ON_DIALYSIS, LIVEDO).calciphylaxis() == "suspected calciphylaxis: livedo: “Livedo racemosa” (undated)"


def test_a_possible_calciphylaxis_is_called_possible_and_off_dialysis_says_that_it_occurs_there_too() -> None:
    assert facts(ON_DIALYSIS, ULCER).state() == "possible calciphylaxis"
    off = facts(LIVEDO, condition("ckd5"))
    assert off.dialysis() == "not on dialysis: calciphylaxis also occurs without dialysis"


def test_an_old_ulcer_says_since_when_it_is_on_the_list() -> None:
    days = LIMITS.sign_days + 1
    old = condition("skin_ulcer", text="Calf ulcer", recorded=span(days))
    sign = replace(facts(ON_DIALYSIS, ULCER).patient.signs.signs[0], condition=old, since=ago(days))
    assert facts().sign(sign) == f"skin ulcer: “Calf ulcer” (on the list since {ago(days).isoformat()}, 181 days ago)"


def test_an_entry_that_was_refuted_says_when_it_was_made_and_that_it_excluded_calciphylaxis() -> None:
    refuted = condition("calciphylaxis", text="Calciphylaxis", recorded=span(10))
    patient = assess(ON_DIALYSIS, ULCER)
    lowered = replace(patient.signs, lowered_by=refuted)
    patient.__dict__["signs"] = lowered
    day = ago(10).isoformat()
    assert Facts(patient, POLICY.wording).excluded() == (
        f"calciphylaxis was excluded on {day}: “Calciphylaxis” (recorded {day}, refuted)"
    )
    assert facts(ON_DIALYSIS, ULCER).excluded() == ""


def test_suspicion_from_one_weak_sign_shows_the_score_that_made_it() -> None:
    words = facts(*scoring(LIMITS.suspected_score, ON_DIALYSIS, ULCER)).calciphylaxis()
    assert f"; risk points {exact(LIMITS.suspected_score)} (heuristic, not validated): " in words


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((), "indication on record: none found"),
        ((condition("mechanical_valve"),), "indication on record: mechanical heart valve on record"),
        (
            (condition("valve_kind_unknown"),),
            "indication on record: possibly mechanical heart valve on record (valve kind not recorded: find out)",
        ),
        (
            (gap("valve_procedures"),),
            "indication on record: valve procedures could not be read: look for a mechanical valve before any change",
        ),
        ((condition("atrial_fibrillation", text="AF"),), "indication on record: atrial fibrillation “AF” (undated)"),
    ],
)
def test_the_indication_of_anticoagulation_is_said_or_that_none_was_found(
    things: tuple[Thing, ...], words: str
) -> None:
    assert facts(*things).indication() == words


@pytest.mark.parametrize("concept", POLICY.wording.indications)
def test_each_indication_is_named_by_its_plain_name_and_only_some_make_the_drug_the_standard(concept: str) -> None:
    entry = POLICY.wording.indications[concept]
    for thing in (condition(concept, text="so worded"), procedure(concept, 3, text="so worded")):
        words = facts(thing)
        assert f"indication on record: {entry.name} “so worded” (" in words.indication()
        assert words.standards() == (entry.name if entry.standard else "")


def test_an_undated_procedure_says_so() -> None:
    assert "“VAD” (undated)" in facts(procedure("ventricular_assist_device", None, text="VAD")).indication()


def test_infection_is_said_only_when_there() -> None:
    assert facts(SEPSIS).infection() == "active infection: “Sepsis” (undated)"
    assert facts().infection() == ""


def test_what_makes_a_low_calcium_need_treatment_is_said_in_the_words_of_the_data_file_and_a_drug_by_its_name() -> None:
    words = facts(condition("hungry_bone", text="HBS"), drug("denosumab", name="denosumab")).low_calcium()
    assert words == (POLICY.wording.low_calcium["hungry_bone"], "denosumab")
    assert facts().low_calcium() == ()


def test_past_calciphylaxis_is_said_with_its_day() -> None:
    past = condition("calciphylaxis_history", text="Healed", past=True, recorded=span(400))
    assert facts(past).past() == f"calciphylaxis in the past: “Healed” ({ago(400).isoformat()}, 1 year ago)"
    assert facts().past() == ""


def test_palliative_care_is_known() -> None:
    assert facts(condition("palliative_care")).palliative()
    assert not facts().palliative()


def test_a_medication_is_worded_as_recorded_with_how_it_was_recognised_and_since_when() -> None:
    assert facts().medication(drug("oral_iron", name="iron", days=2)) == (
        f"iron as worded (RxNorm 1; prescribed {ago(2).isoformat()}, 2 days ago)"
    )
    named = replace(WARFARIN, matches=(replace(WARFARIN.matches[0], how="by name"),))
    assert facts().medication(named) == "warfarin as worded (matched by name)"


def test_the_substance_stands_beside_words_that_do_not_hold_it() -> None:
    branded = replace(WARFARIN, display="Coumadin 5 mg")
    assert facts().medication(branded) == "Coumadin 5 mg (warfarin; RxNorm 1)"
    assert facts(branded).taking("vitamin_k_antagonist") == "Coumadin 5 mg (warfarin)"
    assert facts().medication(replace(WARFARIN, display="WARFARIN 5 mg")) == "WARFARIN 5 mg (RxNorm 1)"


def test_active_drugs_of_some_classes_are_listed_once() -> None:
    both = drug("calcium_product", "nutritional_vitamin_d", name="calcium D")
    assert facts(both, WARFARIN).taking("calcium_product", "nutritional_vitamin_d") == "calcium D as worded"
    assert facts(WARFARIN).taking("calcium_product") == ""


def test_an_active_drug_recognised_by_name_says_so_and_since_when() -> None:
    named = replace(WARFARIN, matches=(replace(WARFARIN.matches[0], how="by name"),), authored=ago(4))
    words = facts(named).taking("vitamin_k_antagonist")
    assert "matched by name" in words
    assert f"{ago(4).isoformat()}, 4 days ago" in words
    assert "matched by name" not in facts(WARFARIN).taking("vitamin_k_antagonist")


# ------------------------------------------------------------------ nothing from the record is markup
@given(st.text(min_size=1))
def test_no_text_of_the_record_brings_html_into_a_fact(text: str) -> None:
    entry = condition("livedo", "atrial_fibrillation", text=text, words=text)
    medication = replace(WARFARIN, display=text)
    words = facts(entry, medication, condition("dialysis_status", text=text))
    shown = [
        words.condition(entry),
        words.sign(words.patient.signs.signs[0]),
        words.indication(),
        words.dialysis(),
        words.medication(medication),
    ]
    assert not set("<>") & set("".join(shown))


def test_a_procedure_is_quoted_as_harmlessly() -> None:
    quoted = facts(procedure("haemodialysis_procedure", 0, text="<b>HD</b>")).dialysis()
    assert "&lt;b&gt;HD&lt;/b&gt;" in quoted
    assert date.fromisoformat(quoted.rsplit(", ", 1)[1][:10]) == ON
