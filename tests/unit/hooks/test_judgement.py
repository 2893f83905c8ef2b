"""When a look-up failed: cards where they can be trusted, a refusal where silence could hide a risk."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import ModuleType

import pytest

from hooks import order_select, order_sign, patient_view
from hooks.assessment import Assessment
from hooks.card import Card
from hooks.chart import Analyte, Chart, Condition, Gap, Medication
from hooks.judgement import CannotJudge, judge
from hooks.policy import Policy
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
)

Advise = Callable[[Chart, date, Policy], list[Card]]
NO_PROCEDURES = gap("dialysis_procedures", what="dialysis procedures")
NO_MEDICATIONS = gap("medications", what="active medications")
CHILD = date(ON.year - 10, 1, 1)
ORDER_HOOKS = [order_select.advise, order_sign.advise]


def topics(cards: list[Card]) -> list[tuple[str, str]]:
    return [(card.topic, card.indicator) for card in cards]


def view(patient: Chart) -> list[tuple[str, str]]:
    return topics(patient_view.advise(patient, ON, POLICY))


def select(patient: Chart) -> list[tuple[str, str]]:
    return topics(order_select.advise(patient, ON, POLICY))


def sign(patient: Chart) -> list[tuple[str, str]]:
    return topics(order_sign.advise(patient, ON, POLICY))


# ------------------------------------------------------------------ essential look-ups
@pytest.mark.parametrize("query", ["patient", "conditions"])
def test_without_patient_or_conditions_no_hook_answers(query: str) -> None:
    patient = chart(CONFIRMED, ON_DIALYSIS, gap(query, what=f"the {query}"), drafts=(WARFARIN,))
    for advise in (patient_view.advise, *ORDER_HOOKS):
        with pytest.raises(CannotJudge, match=f"the {query} could not be read.*the server answered 500"):
            advise(patient, ON, POLICY)


RECENT, AFTER_TRANSPLANT = int(LIMITS.dialysis_procedure_days), int(LIMITS.dialysis_after_transplant_days)


def unread(patient: Chart, days: int | None = 5) -> Chart:
    """The chart with a dialysis session of so many days ago that could not be read; None for an unknown day."""
    return replace(patient, unread_sessions=(None if days is None else ago(days),))


@pytest.mark.parametrize("advise", [patient_view.advise, *ORDER_HOOKS])
@pytest.mark.parametrize(
    ("history", "days", "refused"),
    [
        ((), None, True),
        ((), RECENT, True),
        ((), RECENT + 1, False),
        ((condition("transplant"),), None, True),
        ((condition("transplant"),), AFTER_TRANSPLANT, True),
        ((condition("transplant"),), AFTER_TRANSPLANT + 1, False),
    ],
)
def test_an_unread_session_is_a_refusal_where_one_that_was_read_would_have_shown_dialysis(
    history: tuple[Condition, ...], days: int | None, refused: bool, advise: Advise
) -> None:
    patient = chart(WARFARIN, *history, drafts=(WARFARIN,))
    if refused:
        with pytest.raises(CannotJudge, match=r"dialysis procedures could not be read .*not understood"):
            advise(unread(patient, days), ON, POLICY)
    else:
        assert advise(unread(patient, days), ON, POLICY) == advise(patient, ON, POLICY) == []
    if days is not None:
        read = replace(patient, procedures=(procedure("haemodialysis_procedure", days),))
        assert bool(advise(read, ON, POLICY)) is refused


def test_an_unread_session_changes_nothing_where_dialysis_is_shown_or_would_not_have_mattered() -> None:
    assert view(unread(chart())) == []
    known = chart(ON_DIALYSIS, WARFARIN, drafts=(WARFARIN,))
    assert view(unread(known)) == view(known)
    assert sign(unread(known)) == sign(known)


def test_a_card_that_comes_anyway_says_that_dialysis_cannot_be_told_only_while_the_session_matters() -> None:
    for days, topic, words in (
        (RECENT, "cua-confirmed", "dialysis cannot be told"),
        (RECENT + 1, "cua-confirmed-off-dialysis", "not on dialysis"),
    ):
        (card,) = patient_view.advise(unread(chart(CONFIRMED), days), ON, POLICY)
        assert words in card.detail
        assert topic.startswith(card.topic)


@pytest.mark.parametrize("query", ["conditions", "medications"])
def test_a_list_that_was_only_cut_is_no_refusal_where_what_was_read_is_critical(query: str) -> None:
    cut = replace(gap(query, what=f"the {query}"), cut=True)
    urgent = chart(CONFIRMED, ON_DIALYSIS, WARFARIN, cut, drafts=(WARFARIN,))
    cards = patient_view.advise(urgent, ON, POLICY)
    assert ("cua-confirmed", "critical") in topics(cards)
    assert all(f"could not be read: the {query}" in card.detail for card in cards)
    for advise in ORDER_HOOKS:
        assert topics(advise(urgent, ON, POLICY)) == [("vka-cua", "critical")]


CUT = replace(gap("conditions", what="conditions"), cut=True)


def recommended(cards: list[Card]) -> list[str]:
    return [suggestion.label for card in cards for suggestion in card.suggestions if suggestion.recommended]


@pytest.mark.parametrize("advise", ORDER_HOOKS)
def test_where_the_problem_list_was_cut_no_removal_is_recommended_that_the_rest_may_forbid(advise: Advise) -> None:
    cards = advise(chart(CONFIRMED, ON_DIALYSIS, CUT, drafts=(WARFARIN,)), ON, POLICY)
    assert recommended(cards) == ["Refer to cardiology about anticoagulation"]
    assert "whole problem list could not be read: look for a mechanical valve" in cards[0].detail
    cards = advise(chart(CONFIRMED, ON_DIALYSIS, CUT, drafts=(CALCIUM_ACETATE,)), ON, POLICY)
    assert recommended(cards) == ["Order phosphate first: without it no binder can be chosen"]
    assert "the problem list could not be read whole" in cards[0].detail


def test_an_opened_chart_whose_problem_list_was_cut_keeps_the_anticoagulant_until_a_specialist_decides() -> None:
    cards = patient_view.advise(chart(CONFIRMED, ON_DIALYSIS, CUT, WARFARIN), ON, POLICY)
    assert "keep warfarin until a specialist decides" in cards[0].summary
    assert recommended(cards) == [
        "Recheck calcium, albumin, phosphate and PTH",
        "Refer to cardiology about anticoagulation",
    ]


@pytest.mark.parametrize("query", ["conditions", "medications"])
@pytest.mark.parametrize("patient", [chart(), chart(ON_DIALYSIS), chart(ON_DIALYSIS, WARFARIN)])
def test_a_cut_list_is_a_refusal_where_nothing_read_is_critical(query: str, patient: Chart) -> None:
    cut = replace(gap(query, what=f"the {query}"), cut=True)
    with pytest.raises(CannotJudge, match=f"the {query} could not be read"):
        patient_view.advise(replace(patient, gaps=(cut,)), ON, POLICY)


def test_a_cut_list_of_conditions_is_a_refusal_at_the_order_hooks_where_nothing_read_is_critical() -> None:
    cut = replace(gap("conditions", what="conditions"), cut=True)
    for advise in ORDER_HOOKS:
        with pytest.raises(CannotJudge, match="conditions could not be read"):
            advise(chart(ON_DIALYSIS, cut, drafts=(WARFARIN,)), ON, POLICY)


def test_the_refusal_names_the_look_up_and_the_reason() -> None:
    with pytest.raises(CannotJudge) as refusal:
        patient_view.advise(chart(gap("conditions", what="conditions")), ON, POLICY)
    assert (refusal.value.what, refusal.value.reason) == ("conditions", "the server answered 500")


@pytest.mark.parametrize("patient", [chart(CONFIRMED, NO_MEDICATIONS), chart(NO_MEDICATIONS)])
def test_without_active_medications_patient_view_does_not_answer(patient: Chart) -> None:
    with pytest.raises(CannotJudge, match="active medications"):
        patient_view.advise(patient, ON, POLICY)


def test_with_everything_read_nothing_is_refused() -> None:
    assert view(chart()) == []
    assert select(chart(drafts=(WARFARIN,))) == []


# ------------------------------------------------------------------ dialysis procedures
@pytest.mark.parametrize("story", [LIVEDO, WARFARIN])
def test_without_dialysis_procedures_a_sign_or_a_drug_that_dialysis_would_make_matter_is_refused(
    story: Condition | Medication,
) -> None:
    with pytest.raises(CannotJudge, match="dialysis procedures could not be read"):
        view(chart(NO_PROCEDURES, story))


@pytest.mark.parametrize("advise", ORDER_HOOKS)
def test_without_dialysis_procedures_a_draft_that_dialysis_would_make_matter_is_refused(
    advise: Advise,
) -> None:
    with pytest.raises(CannotJudge, match="dialysis procedures could not be read"):
        advise(chart(NO_PROCEDURES, drafts=(WARFARIN,)), ON, POLICY)


def test_without_dialysis_procedures_a_patient_for_whom_dialysis_changes_nothing_is_answered() -> None:
    assert view(chart(NO_PROCEDURES)) == []
    assert view(chart(NO_PROCEDURES, condition("diabetes"), drug())) == []
    assert select(chart(NO_PROCEDURES, drafts=(drug("iv_iron"),))) == []


def test_other_evidence_of_dialysis_makes_the_procedures_dispensable() -> None:
    assert view(chart(NO_PROCEDURES, ON_DIALYSIS, LIVEDO)) == [("cua-suspected", "warning")]
    assert select(chart(NO_PROCEDURES, ON_DIALYSIS, drafts=(WARFARIN,))) == [("vka-dialysis", "warning")]


def test_a_card_off_dialysis_needs_no_procedures_and_says_what_was_not_read() -> None:
    (card,) = patient_view.advise(chart(NO_PROCEDURES, CONFIRMED), ON, POLICY)
    assert card.topic == "cua-confirmed"
    assert "could not be read: dialysis procedures" in card.detail


def test_a_sign_that_is_possible_off_dialysis_does_not_hide_that_dialysis_could_not_be_read() -> None:
    with pytest.raises(CannotJudge, match="dialysis procedures could not be read"):
        view(chart(NO_PROCEDURES, LIVEDO, condition("ckd5")))


# ------------------------------------------------------------------ a transplant that could not be read
NO_SURGERY = gap("surgery_procedures", what="kidney transplant procedures")


@pytest.mark.parametrize("sign", [LIVEDO, condition("painful_lesion"), condition("skin_necrosis")])
def test_without_surgery_procedures_a_sign_that_a_transplant_would_make_matter_is_refused(sign: Condition) -> None:
    assert view(chart(sign)) == []
    assert view(chart(sign, procedure("transplant_procedure", 400))) == [("cua-possible", "info")]
    with pytest.raises(CannotJudge, match="kidney transplant procedures could not be read"):
        view(chart(NO_SURGERY, sign))


@pytest.mark.parametrize("story", [(), (condition("diabetes"),), (condition("skin_ulcer"),), (WARFARIN,)])
def test_without_surgery_procedures_a_patient_for_whom_a_transplant_changes_nothing_is_answered(
    story: tuple[Condition | Medication, ...],
) -> None:
    assert view(chart(NO_SURGERY, *story)) == []
    assert select(chart(NO_SURGERY, *story, drafts=(WARFARIN,))) == []


def test_a_card_that_comes_anyway_names_the_surgery_procedures() -> None:
    for others, topic in ((condition("ckd5"), "cua-possible"), (ON_DIALYSIS, "cua-suspected")):
        (card,) = patient_view.advise(chart(NO_SURGERY, LIVEDO, others), ON, POLICY)
        assert card.topic == topic
        assert "could not be read: kidney transplant procedures" in card.detail


def test_at_the_order_hooks_and_in_a_child_a_transplant_changes_nothing() -> None:
    assert select(chart(NO_SURGERY, LIVEDO, drafts=(WARFARIN,))) == []
    assert view(chart(NO_SURGERY, LIVEDO, born=CHILD)) == []


# ------------------------------------------------------------------ masked conditions
def masked(*things: Condition | Medication, drafts: tuple[Medication, ...] = (), born: date | None = None) -> Chart:
    return replace(chart(*things, drafts=drafts, born=born), masked_conditions=True)


def test_an_entry_that_does_not_tell_what_it_is_may_be_dialysis() -> None:
    for story in ((), (LIVEDO,), (LIVEDO, condition("ckd5"))):
        with pytest.raises(CannotJudge, match="conditions could not be read"):
            view(masked(*story))
    with pytest.raises(CannotJudge, match="conditions could not be read"):
        select(masked(drafts=(WARFARIN,)))


def test_where_dialysis_is_shown_or_does_not_matter_it_changes_nothing() -> None:
    assert view(masked(ON_DIALYSIS)) == []
    assert view(masked(ON_DIALYSIS, LIVEDO)) == [("cua-suspected", "warning")]
    assert view(masked(LIVEDO, born=CHILD)) == []
    assert select(masked(CONFIRMED, drafts=(WARFARIN,))) == [("vka-cua", "critical")]


def test_a_child_is_not_refused_for_dialysis_procedures() -> None:
    assert view(chart(NO_PROCEDURES, LIVEDO, WARFARIN, born=CHILD)) == []


def test_judge_answers_with_what_the_rules_say() -> None:
    asked: list[bool] = []

    def silent(patient: Assessment, _: Policy) -> list[Card]:
        asked.append(bool(patient.dialysis))
        return []

    assert judge(chart(NO_PROCEDURES), ON, POLICY, silent) == []
    assert judge(chart(NO_PROCEDURES, ON_DIALYSIS), ON, POLICY, silent) == []
    assert judge(chart(), ON, POLICY, silent) == []
    assert asked == [False, True, True, False]


# ------------------------------------------------------------------ the data-gap card of patient-view
NO_CALCIUM = gap("calcium", Analyte.TOTAL_CALCIUM, what="calcium results")


def test_a_quiet_dialysis_patient_of_whom_something_could_not_be_read_gets_a_card_instead_of_silence() -> None:
    (card,) = patient_view.advise(chart(ON_DIALYSIS, NO_CALCIUM), ON, POLICY)
    assert (card.topic, card.indicator) == ("cua-data-gap", "info")
    assert card.summary == "Calciphylaxis check incomplete: calcium results could not be read"


def test_a_result_that_is_merely_missing_raises_no_card() -> None:
    assert view(chart(ON_DIALYSIS)) == []


def test_off_dialysis_a_gap_raises_no_card() -> None:
    assert view(chart(NO_CALCIUM)) == []


def test_beside_another_card_the_gap_is_said_there() -> None:
    (card,) = patient_view.advise(chart(ON_DIALYSIS, LIVEDO, NO_CALCIUM), ON, POLICY)
    assert card.topic == "cua-suspected"
    assert "could not be read: calcium results (the server answered 500)" in card.detail


def test_a_child_gets_no_data_gap_card() -> None:
    assert view(chart(ON_DIALYSIS, NO_CALCIUM, born=CHILD)) == []


# ------------------------------------------------------------------ drafts without the active medications
@pytest.mark.parametrize("scope", [CONFIRMED, ON_DIALYSIS])
def test_a_draft_is_judged_without_the_active_medications_where_a_rule_matches(scope: Condition) -> None:
    (card,) = order_select.advise(chart(scope, NO_MEDICATIONS, drafts=(WARFARIN,)), ON, POLICY)
    assert "could not be read: active medications" in card.detail


@pytest.mark.parametrize("advise", ORDER_HOOKS)
@pytest.mark.parametrize("patient", [chart(NO_MEDICATIONS, drafts=(WARFARIN,))])
def test_silence_without_the_active_medications_is_refused(patient: Chart, advise: Advise) -> None:
    with pytest.raises(CannotJudge, match="active medications"):
        advise(patient, ON, POLICY)


def test_information_dropped_at_order_sign_is_no_answer_without_the_active_medications() -> None:
    calm = (result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low), result(Analyte.PHOSPHATE, LIMITS.phosphate_high))
    patient = chart(ON_DIALYSIS, *calm, NO_MEDICATIONS, drafts=(CALCIUM_ACETATE,))
    assert select(patient) == [("calcium-restrict", "info")]
    with pytest.raises(CannotJudge, match="active medications"):
        sign(patient)


@pytest.mark.parametrize("advise", ORDER_HOOKS)
def test_a_child_is_answered_without_the_active_medications(advise: Advise) -> None:
    assert advise(chart(NO_MEDICATIONS, ON_DIALYSIS, drafts=(WARFARIN,), born=CHILD), ON, POLICY) == []


@pytest.mark.parametrize("advise", ORDER_HOOKS)
def test_without_a_draft_there_is_nothing_to_say_and_nothing_to_refuse(advise: Advise) -> None:
    assert advise(chart(CONFIRMED, gap("conditions"), NO_MEDICATIONS), ON, POLICY) == []


# ------------------------------------------------------------------ drafts whose drug could not be read
@pytest.mark.parametrize("advise", ORDER_HOOKS)
@pytest.mark.parametrize("scope", [CONFIRMED, ON_DIALYSIS, condition("esrd")])
def test_an_order_that_could_not_be_read_is_said_where_it_could_matter(scope: Condition, advise: Advise) -> None:
    assert topics(advise(chart(scope, unread_drafts=1), ON, POLICY)) == [("order-data-gap", "info")]


def test_an_order_that_could_not_be_read_stands_after_the_cards_of_the_others() -> None:
    both = chart(CONFIRMED, drafts=(WARFARIN,), unread_drafts=1)
    assert select(both) == [("vka-cua", "critical"), ("order-data-gap", "info")]


def test_out_of_scope_an_order_that_could_not_be_read_raises_nothing() -> None:
    assert select(chart(unread_drafts=1)) == []
    assert select(chart(CONFIRMED, ON_DIALYSIS, unread_drafts=1, born=CHILD)) == []


# ------------------------------------------------------------------ order of the cards
def test_the_most_urgent_card_comes_first_at_every_hook() -> None:
    high = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP)
    iron, calcium = drug("iv_iron"), CALCIUM_ACETATE
    patient = chart(CONFIRMED, ON_DIALYSIS, high, iron, calcium, WARFARIN, drafts=(iron, calcium, WARFARIN))
    for cards in (view(patient), select(patient), sign(patient)):
        urgency = [{"critical": 0, "warning": 1, "info": 2}[indicator] for _, indicator in cards]
        assert urgency == sorted(urgency)
        assert len(urgency) >= 3


def test_a_quiet_dialysis_patient_on_warfarin_gets_one_information() -> None:
    assert view(chart(ON_DIALYSIS, WARFARIN)) == [("vka-dialysis", "info")]


def test_order_hooks_show_no_status_card_and_no_sepsis_watch() -> None:
    patient = chart(CONFIRMED, ON_DIALYSIS, condition("sepsis"), WARFARIN, drafts=(drug("oral_iron"),))
    assert view(patient) == [("cua-confirmed", "critical"), ("cua-sepsis", "critical"), ("vka-cua", "critical")]
    assert select(patient) == sign(patient) == [("iron-cua", "warning")]


def test_active_medications_are_not_judged_at_order_hooks_nor_drafts_at_patient_view() -> None:
    assert select(chart(ON_DIALYSIS, WARFARIN, drafts=(drug("iv_iron"),))) == []
    assert view(chart(ON_DIALYSIS, drafts=(WARFARIN,))) == []


def test_recent_dialysis_alone_is_scope_enough() -> None:
    assert select(chart(procedure("haemodialysis_procedure", 3), drafts=(WARFARIN,))) == [("vka-dialysis", "warning")]


# ------------------------------------------------------------------ the services
@pytest.mark.parametrize("service", [patient_view, order_select, order_sign])
def test_a_service_tells_its_hook_and_describes_itself(service: ModuleType) -> None:
    described = {name: getattr(service, name) for name in ("ID", "HOOK", "TITLE", "DESCRIPTION")}
    assert all(described.values())
    assert described["ID"] == f"calciphylaxis-{described['HOOK']}"


def test_unread_results_alone_are_no_reason_to_refuse_when_dialysis_could_not_be_told() -> None:
    silent = chart(gap("dialysis_procedures"), gap("calcium", Analyte.TOTAL_CALCIUM))
    assert patient_view.advise(silent, ON, POLICY) == []


# ------------------------------------------------------------------ cards that the clinic holds back
PTH_FAILED = gap("pth_alp", Analyte.INTACT_PTH, what="PTH")
VKA = {"vka-dialysis", "vka-cua"}


@pytest.mark.parametrize("failed", [(), (PTH_FAILED,)], ids=["all was read", "a result was not"])
@pytest.mark.parametrize("known", [(ON_DIALYSIS,), (CONFIRMED,)], ids=["dialysis", "calciphylaxis"])
@pytest.mark.parametrize("advise", [patient_view.advise, *ORDER_HOOKS])
def test_without_the_card_that_is_held_back_what_could_not_be_read_is_told(
    advise: Callable[..., list[Card]], known: tuple[Condition, ...], failed: tuple[Gap, ...]
) -> None:
    patient = chart(*known, WARFARIN, *failed, drafts=(WARFARIN,))
    untold = {card.topic for card in advise(patient, ON, POLICY)}
    assert untold & VKA
    gaps = [("cua-data-gap", "info")] if failed else []
    assert topics(advise(patient, ON, POLICY, untold | VKA)) == gaps


def test_another_card_that_is_shown_tells_enough() -> None:
    patient = chart(ON_DIALYSIS, PTH_FAILED, drafts=(WARFARIN, CALCIUM_ACETATE))
    both = select(patient)
    assert both[0] == ("vka-dialysis", "warning")
    assert topics(order_select.advise(patient, ON, POLICY, VKA)) == both[1:]


@pytest.mark.parametrize("advise", ORDER_HOOKS)
def test_without_the_active_drugs_a_card_that_is_held_back_answers_for_nothing(
    advise: Callable[..., list[Card]],
) -> None:
    patient = chart(ON_DIALYSIS, NO_MEDICATIONS, drafts=(WARFARIN,))
    assert advise(patient, ON, POLICY)
    with pytest.raises(CannotJudge):
        advise(patient, ON, POLICY, VKA)


@pytest.mark.parametrize("advise", [patient_view.advise, *ORDER_HOOKS])
@pytest.mark.parametrize("query", ["conditions", "medications"])
def test_a_list_that_was_cut_is_not_judged_by_a_critical_card_that_is_held_back(
    advise: Callable[..., list[Card]], query: str
) -> None:
    cut = replace(gap(query), cut=True)
    patient = chart(CONFIRMED, WARFARIN, cut, drafts=(WARFARIN,))
    untold = {card.topic for card in advise(patient, ON, POLICY)}
    with pytest.raises(CannotJudge):
        advise(patient, ON, POLICY, untold)
