"""The patient in words: dialysis, signs, state, indication, drugs; and no markup from the record."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.facts import Facts, exact
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


def test_suspicion_from_one_weak_sign_shows_the_score_that_made_it() -> None:
    words = facts(*scoring(LIMITS.suspected_score, ON_DIALYSIS, ULCER)).calciphylaxis()
    assert f"; risk points {exact(LIMITS.suspected_score)} (heuristic, not validated): " in words


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((), "indication on record: none found"),
        ((condition("mechanical_valve"),), "indication on record: mechanical heart valve on record"),
        (
            (condition("possibly_mechanical_valve"),),
            "indication on record: prosthetic heart valve on record, possibly mechanical",
        ),
        (
            (gap("valve_procedures"),),
            "indication on record: valve procedures could not be read: look for a mechanical valve before any change",
        ),
        ((condition("atrial_fibrillation", text="AF"),), "indication on record: “AF” (undated)"),
    ],
)
def test_the_indication_of_anticoagulation_is_said_or_that_none_was_found(
    things: tuple[Thing, ...], words: str
) -> None:
    assert facts(*things).indication() == words


def test_infection_and_hungry_bone_are_said_only_when_there() -> None:
    assert facts(SEPSIS).infection() == "active infection: “Sepsis” (undated)"
    assert facts(condition("hungry_bone", text="HBS")).hungry_bone() == "hungry bone syndrome: “HBS” (undated)"
    assert (facts().infection(), facts().hungry_bone()) == ("", "")


def test_a_medication_is_worded_as_recorded_with_how_it_was_recognised_and_since_when() -> None:
    assert facts().medication(drug("oral_iron", name="iron", days=2)) == (
        f"iron as worded (RxNorm 1; prescribed {ago(2).isoformat()}, 2 days ago)"
    )
    named = replace(WARFARIN, matches=(replace(WARFARIN.matches[0], how="by name"),))
    assert facts().medication(named) == "warfarin as worded (matched by name)"


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
