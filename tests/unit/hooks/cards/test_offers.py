"""Suggestions: which are offered, in which order of actions, what is left out and why, and what is recommended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hooks.card import Propose, Remove
from hooks.cards import Facts, Offering
from hooks.cards.offers import Offer
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    assess,
    condition,
    drug,
    gap,
    procedure,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap
LABEL = {"drug": "warfarin"}
PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_high)
LOW_PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_too_low_for_binder - STEP)
BINDERS = ("sevelamer", "lanthanum", "sucroferric")


def offer(
    *names: str,
    things: tuple[Thing, ...] = (CONFIRMED, ON_DIALYSIS),
    orders: tuple[Medication, ...] = (WARFARIN,),
    draft: bool = True,
    in_doubt: bool = False,
) -> Offer:
    facts = Facts(assess(*things), POLICY.wording)
    return Offering(facts, orders, draft=draft, in_doubt=in_doubt, labels=LABEL).offer(names)


def labels(*names: str, orders: tuple[Medication, ...] = (WARFARIN,), draft: bool = True) -> list[str]:
    return [suggestion.label for suggestion in offer(*names, orders=orders, draft=draft).suggestions]


# ------------------------------------------------------------------ orders
def test_a_suggestion_names_its_drug() -> None:
    assert labels("remove") == ["Remove warfarin"]


def test_what_removes_an_order_needs_one_with_an_address_and_the_card_says_so() -> None:
    nameless = Medication("", "warfarin 5 mg")
    assert labels("remove", "cardiology", orders=(nameless,)) == labels("cardiology")
    assert offer("remove", orders=(nameless,)).remarks == (POLICY.wording.no_address,)
    assert labels("remove", orders=(nameless, CALCIUM_ACETATE)) == ["Remove warfarin"]


def test_without_an_order_nothing_is_removed_and_nothing_is_said() -> None:
    assert offer("remove", orders=()) == Offer()


def test_what_is_meant_for_drafts_is_not_offered_for_an_active_prescription() -> None:
    assert len(labels("reconsider_anticoagulant_draft", draft=True)) == 1
    assert labels("reconsider_anticoagulant_draft", draft=False) == []
    assert len(labels("remove", draft=False)) == 1


def test_what_is_meant_for_active_prescriptions_is_not_offered_for_a_draft() -> None:
    assert labels("replace_anticoagulant", draft=True) == []
    assert labels("replace_anticoagulant", draft=False) == ["After that discussion: stop warfarin"]


def test_an_action_on_an_order_says_what_it_does() -> None:
    [drafted], [active] = (offer("remove", draft=draft).suggestions for draft in (True, False))
    assert drafted.actions[0].description == "Delete the draft order: warfarin as worded"
    assert active.actions[0].description == "Stop the active prescription: warfarin as worded"


def test_an_order_without_words_is_named_by_its_reference() -> None:
    [made] = offer("remove", orders=(Medication("MedicationRequest/7", ""),)).suggestions
    assert made.actions[0].description == "Delete the draft order: MedicationRequest/7"


# ------------------------------------------------------------------ replacements
@pytest.mark.parametrize("name", [*BINDERS, *(f"{binder}_and_recheck" for binder in BINDERS), "apixaban_option"])
def test_a_replacement_creates_first_and_then_removes(name: str) -> None:
    [made] = offer(name, things=(ON_DIALYSIS, PHOSPHATE)).suggestions
    kinds = [type(action) for action in made.actions]
    assert kinds[:2] == [Propose, Remove]
    assert "in place of" in made.label


def test_every_packaged_suggestion_that_replaces_creates_before_it_removes() -> None:
    for name, text in POLICY.wording.suggestions.items():
        if text.drug:
            assert text.actions[:2] == (text.actions[0], "remove"), name
            assert text.actions[0] != "remove", name


# ------------------------------------------------------------------ what is left out
def test_a_binder_is_offered_from_the_limit_of_phosphate_on() -> None:
    enough = result(Analyte.PHOSPHATE, LIMITS.phosphate_too_low_for_binder)
    assert len(offer(*BINDERS, things=(ON_DIALYSIS, enough)).suggestions) == 3
    refused = offer(*BINDERS, things=(ON_DIALYSIS, LOW_PHOSPHATE))
    assert refused.suggestions == ()
    [remark] = refused.remarks
    assert "too low" in remark
    assert "phosphate 3.5" in remark or "phosphate 3.4" in remark


def test_without_a_phosphate_it_is_ordered_first_and_no_binder_is_offered() -> None:
    made = offer("order_phosphate", *BINDERS, things=(ON_DIALYSIS,))
    assert [suggestion.label for suggestion in made.suggestions] == [
        "Order phosphate first: without it no binder can be chosen"
    ]
    assert made.suggestions[0].recommended
    assert made.remarks == ("No binder without calcium offered: phosphate missing, order it first",)


def test_with_an_obstructed_bowel_no_binder_is_offered() -> None:
    made = offer(*BINDERS, things=(ON_DIALYSIS, PHOSPHATE, condition("bowel_obstruction")))
    assert made == Offer(remarks=("No binder without calcium offered: bowel obstruction on record",))


def test_a_binder_that_is_active_is_not_offered_again() -> None:
    sevelamer = drug("non_calcium_binder", name="sevelamer")
    made = offer(*BINDERS, things=(ON_DIALYSIS, PHOSPHATE, sevelamer))
    assert [suggestion.label.split()[1] for suggestion in made.suggestions] == ["lanthanum", "sucroferric"]
    assert made.remarks == ("sevelamer not offered: already active or drafted",)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (procedure("mechanical_valve", None), "mechanical valve"),
        (condition("valve_kind_unknown"), "valve kind not recorded"),
        (condition("antiphospholipid"), "antiphospholipid syndrome"),
        (condition("mitral_stenosis"), "mitral stenosis"),
        (condition("ventricular_assist_device"), "ventricular assist device"),
        (procedure("ventricular_assist_device", None), "ventricular assist device"),
        (condition("liver_failure"), "liver failure"),
        (condition("pregnancy"), "pregnancy"),
        (condition("recent_bleeding"), "recent bleeding"),
        (
            drug("apixaban_interaction", name="rifampicin"),
            "interacting drug active or drafted (rifampicin)",
        ),
        (drug("doac", name="apixaban"), "apixaban active or drafted"),
    ],
)
def test_apixaban_is_not_offered_against_a_fact_on_record(thing: Thing, words: str) -> None:
    made = offer("apixaban_discussion", "apixaban_option", things=(ON_DIALYSIS, thing))
    assert made == Offer(remarks=(f"apixaban not offered: {words}",))


def test_where_apixaban_is_offered_its_dose_and_bleeding_are_named() -> None:
    [remark] = offer("apixaban_discussion", things=(ON_DIALYSIS,)).remarks
    assert "2.5 mg" in remark
    assert "transfused" in remark


def test_with_cirrhosis_alone_a_specialist_is_asked_in_place_of_a_draft() -> None:
    names = ("apixaban_option", "apixaban_discussion", "apixaban_specialist")
    [made] = offer(*names, things=(ON_DIALYSIS, condition("cirrhosis"))).suggestions
    assert "specialist" in made.label


def test_what_forbids_apixaban_is_said_also_beside_cirrhosis() -> None:
    made = offer("apixaban_discussion", things=(ON_DIALYSIS, condition("cirrhosis"), condition("antiphospholipid")))
    assert made == Offer(remarks=("apixaban not offered: antiphospholipid syndrome",))


@pytest.mark.parametrize("query", ["valve_procedures", "surgery_procedures", "procedures", "medications"])
def test_nothing_is_offered_that_a_failed_look_up_might_forbid(query: str) -> None:
    things = (ON_DIALYSIS, PHOSPHATE, CALCIUM, HIGH_PTH, gap(query))
    made = offer("apixaban_discussion", "calcimimetic", *(BINDERS if query == "medications" else ()), things=things)
    assert made.suggestions == ()
    assert all("could not be read" in remark for remark in made.remarks)


def test_a_draft_of_apixaban_beside_an_active_antagonist_orders_an_inr_and_says_when_to_start() -> None:
    [alone] = offer("apixaban_option", things=(ON_DIALYSIS,)).suggestions
    [beside] = offer("apixaban_option", things=(ON_DIALYSIS, WARFARIN)).suggestions
    inr = Propose("inr", POLICY.wording.actions["inr"])
    assert alone.actions[0] == beside.actions[0] == Propose("apixaban", POLICY.wording.actions["apixaban"])
    assert (inr in alone.actions, inr in beside.actions) == (False, True)
    assert "start only when INR is below 2.0" in beside.label
    assert "INR" not in alone.label


def test_with_a_vitamin_k_antagonist_active_an_inr_is_ordered_too() -> None:
    [alone] = offer("apixaban_discussion", things=(ON_DIALYSIS,)).suggestions
    [beside] = offer("apixaban_discussion", things=(ON_DIALYSIS, WARFARIN)).suggestions
    assert [action.template for action in alone.actions if isinstance(action, Propose)] == ["apixaban_discussion"]
    templates = [action.template for action in beside.actions if isinstance(action, Propose)]
    assert templates == ["apixaban_discussion", "inr"]
    assert "start only when INR is below 2.0" in beside.label


HIGH_PTH = result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + 1)
CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low)


@pytest.mark.parametrize(
    ("things", "remark"),
    [
        ((ON_DIALYSIS, HIGH_PTH, CALCIUM), None),
        ((ON_DIALYSIS, HIGH_PTH), "calcimimetic not offered: calcium missing"),
        (
            (ON_DIALYSIS, HIGH_PTH, result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low - STEP)),
            "calcimimetic not offered: calcium low",
        ),
        (
            (ON_DIALYSIS, HIGH_PTH, CALCIUM, procedure("parathyroidectomy", 10)),
            "calcimimetic not offered: recent parathyroidectomy",
        ),
        (
            (ON_DIALYSIS, HIGH_PTH, CALCIUM, drug("calcimimetic", name="cinacalcet")),
            "calcimimetic not offered: one is active or drafted",
        ),
    ],
)
def test_a_calcimimetic_is_discussed_with_high_pth_and_nothing_against_it(
    things: tuple[Thing, ...], remark: str | None
) -> None:
    made = offer("calcimimetic", things=things)
    assert (len(made.suggestions), made.remarks) == ((1, ()) if remark is None else (0, (remark,)))


@pytest.mark.parametrize(
    "things",
    [(HIGH_PTH, CALCIUM), (ON_DIALYSIS, CALCIUM), (ON_DIALYSIS, HIGH_PTH._replace(value=HIGH_PTH.value - 1), CALCIUM)],
)
def test_off_dialysis_or_without_a_high_pth_no_calcimimetic_is_named(things: tuple[Thing, ...]) -> None:
    assert offer("calcimimetic", things=things) == Offer()


# ------------------------------------------------------------------ what is recommended
def test_a_removal_in_doubt_is_offered_and_the_recheck_is_recommended_instead() -> None:
    names = ("remove_and_recheck", "recheck_minerals")
    certain, doubtful = offer(*names).suggestions, offer(*names, in_doubt=True).suggestions
    assert [suggestion.recommended for suggestion in certain] == [True, False]
    assert [suggestion.recommended for suggestion in doubtful] == [False, True]


def test_at_most_one_suggestion_is_recommended() -> None:
    made = offer("remove_and_recheck", "cardiology", "recheck_pth").suggestions
    assert [suggestion.recommended for suggestion in made] == [True, False, False]


def test_the_recheck_orders_an_ionised_calcium_where_the_correction_decides() -> None:
    total = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high)
    corrected = (ON_DIALYSIS, total, result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1))
    for things, ordered in (((ON_DIALYSIS, total), False), (corrected, True)):
        [made] = offer("recheck_minerals", things=things).suggestions
        templates = {action.template for action in made.actions if isinstance(action, Propose)}
        assert templates >= {"calcium", "albumin", "phosphate", "intact_pth"}
        assert ("ionised_calcium" in templates) is ordered


def test_an_order_drafted_beside_the_judged_ones_counts_as_listed() -> None:
    patient = assess(ON_DIALYSIS, PHOSPHATE)
    chart = replace(patient.chart, other_drafts=(drug("non_calcium_binder", name="sevelamer"),))
    facts = Facts(replace(patient, chart=chart), POLICY.wording)
    assert Offering(facts, (CALCIUM_ACETATE,), labels=LABEL).offer(["sevelamer"]).suggestions == ()
