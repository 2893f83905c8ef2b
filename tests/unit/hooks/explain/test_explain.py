"""What an explanation says of one call: the head, the rows, the answers with their facts, the points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hooks import patient_view
from hooks.assessment import Assessment
from hooks.chart import Analyte, Chart, DrugMatch, Unreadable
from hooks.explain import Explanation, Origin, as_data, explain, nothing_to_judge
from hooks.explain.explanation import Fact, Outcome, Row
from hooks.explain.facts import FactTeller
from hooks.reasons import Reasons
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
    scoring,
    span,
)

CALCIUM_IN_RANGE = result(Analyte.TOTAL_CALCIUM, 9.0, 5)
PHOSPHATE_IN_RANGE = result(Analyte.PHOSPHATE, 4.0, 5)
CHILD = date(ON.year - 16, 1, 1)


def all_read(**values: float) -> tuple[Any, ...]:
    """A usable result of everything that gives points, in range but for the values given."""
    ordinary = {
        "total_calcium": 9.0,
        "phosphate": 4.0,
        "albumin": 4.0,
        "intact_pth": 300,
        "alkaline_phosphatase": 90,
        "body_mass_index": 24,
        "sp_kt_v": 1.5,
    }
    found = [result(Analyte(name), value, 5) for name, value in (ordinary | values).items()]
    return (*found, result(Analyte.DRY_WEIGHT, 80, 100), result(Analyte.DRY_WEIGHT, 80, 5))


def opened(reasons: Reasons, *things: Any, **members: Any) -> Explanation:
    return explain("patient-view", chart(*things, **members), ON, POLICY, reasons)[0]


def ordered(reasons: Reasons, hook: str, order: Any, *things: Any, **members: Any) -> Explanation:
    return explain(hook, chart(*things, drafts=(order,), **members), ON, POLICY, reasons)[0]


def said(facts: tuple[Fact, ...]) -> list[str]:
    return [fact.says for fact in facts]


def answer(explanation: Explanation, name: str) -> tuple[bool | None, list[str]]:
    found = explanation.answers[name]
    return found.met, said(found.facts)


def row(explanation: Explanation, topic: str) -> Row:
    rows = [*explanation.status_rows, *(one for group in explanation.drug_classes for one in group.rows)]
    return next(one for one in rows if one.topic == topic)


# ------------------------------------------------------------------ the head
def test_off_dialysis_the_head_says_so_with_what_came_nearest(reasons: Reasons) -> None:
    old = procedure("haemodialysis_procedure", LIMITS.dialysis_procedure_days + 1, text="Haemodialysis")
    told = opened(reasons, condition("ckd5", text="CKD 5"), old, WARFARIN)
    first = ago(LIMITS.dialysis_procedure_days)
    assert told.headline[0] == "No card comes."
    assert "is not on dialysis" in told.headline[1]
    assert "“CKD 5” (undated)" in told.headline[1]
    assert f"“Haemodialysis” ({old.on}, 91 days ago); sessions count from {first} on" in told.headline[1]
    assert told.headline[2].startswith("vitamin K antagonist, warfarin as worded: no rule holds; ")


def test_with_a_working_transplant_sessions_count_for_fewer_days(reasons: Reasons) -> None:
    recent = procedure("haemodialysis_procedure", LIMITS.dialysis_after_transplant_days + 1)
    told = opened(reasons, condition("transplant", recorded=span(400)), recent)
    first = ago(LIMITS.dialysis_after_transplant_days)
    assert f"sessions count from {first} on" in told.headline[1]
    assert "kidney transplant" in said(told.patient.facts) if told.patient else False


def test_where_dialysis_cannot_be_told_the_head_says_that_and_the_answer_is_open(reasons: Reasons) -> None:
    told = opened(reasons, gap("dialysis_procedures"))
    assert told.headline[1].startswith("Could not be read: dialysis procedures (the server answered 500). ")
    assert "may be on dialysis, which cannot be told" in told.headline[2]
    assert told.answers["on_dialysis"].met is None
    assert told.patient is not None
    assert told.patient.dialysis == "cannot be told"


def test_sessions_that_could_not_be_read_are_counted(reasons: Reasons) -> None:
    made = replace(chart(), unread_sessions=(ago(4), None))
    told, _ = explain("patient-view", made, ON, POLICY, reasons)
    assert "could not be read: 2 sessions that may be dialysis" in answer(told, "on_dialysis")[1]


def test_a_quiet_dialysis_patient_is_told_points_and_drugs(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, drug(name="atorvastatin"))
    needed = int(LIMITS.elevated_risk_score)
    assert told.headline[1:] == (
        "On dialysis, without a skin sign of calciphylaxis; "
        f"risk points 0 so far; 9 factors cannot be told, up to 9 points more, where {needed} are needed.",
        "No drug rule was asked: no active drug is of a class with a rule; there are: atorvastatin as worded.",
    )
    remark = "no rule is about it, or its name is not one that we know"
    assert said(told.other_drugs) == [f"atorvastatin as worded ({remark})"]


def test_of_many_other_drugs_the_head_names_four(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, *(drug(name=f"drug {number}") for number in range(6)))
    assert told.headline[-1].endswith("drug 3 as worded and 2 more.")
    assert len(told.other_drugs) == 6


def test_enough_points_without_a_factor_that_matters_are_told_as_such(reasons: Reasons) -> None:
    four = (condition("diabetes"), condition("liver_disease"), condition("steroid_use"))
    told = opened(reasons, ON_DIALYSIS, *four, *all_read(body_mass_index=LIMITS.obese_body_mass_index), sex="male")
    beside = "risk points 4, where 4 are needed; beside the points a card asks for one of these, and there is none: "
    assert beside in told.headline[1]
    open_ = opened(reasons, *scoring(LIMITS.elevated_risk_score, ON_DIALYSIS))
    assert "whether there is what a card asks for beside the points cannot be told" in open_.headline[1]


def test_a_child_is_asked_nothing(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, CONFIRMED, WARFARIN, born=CHILD)
    assert told.headline == ("No card comes.", "The patient is a child (16 years): no rule is asked.")
    assert {one.outcome for one in told.status_rows} == {Outcome.NOT_ASKED}
    assert {group.not_asked for group in told.drug_classes} == {"the patient is a child"}


def test_the_cards_that_come_are_named_and_so_are_classes_without_one(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, LIVEDO, WARFARIN, drug("nutritional_vitamin_d", name="colecalciferol"))
    assert told.headline[0] == "3 cards come: cua-suspected, vka-cua and vitd-cua."
    one = opened(reasons, ON_DIALYSIS, WARFARIN)
    assert one.headline[0] == "One card comes: vka-dialysis."
    assert [card.indicator.value for card in one.cards] == ["info"]


def test_a_refusal_is_told_and_no_row_has_given_a_card(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, LIVEDO, gap("medications", what="active medications"))
    assert told.headline == (
        "The service would not judge: active medications could not be read (the server answered 500). "
        "This is not an all-clear.",
    )
    assert row(told, "cua-suspected").outcome is Outcome.WITHHELD
    assert Outcome.FIRED not in {one.outcome for one in told.status_rows}


def test_possible_calciphylaxis_at_an_order_hook_is_told(reasons: Reasons) -> None:
    told = ordered(reasons, "order-sign", drug("iv_iron"), ON_DIALYSIS, ULCER)
    assert told.headline[-1].startswith("Calciphylaxis may be possible, no more is shown: skin ulcer: “Calf ulcer”")
    assert (
        "Whether iron-cua holds cannot be told: calciphylaxis is confirmed or suspected: cannot tell"
        in told.headline[1]
    )


def test_a_row_that_holds_and_is_not_shown_is_told_with_the_reason(reasons: Reasons) -> None:
    told = ordered(reasons, "order-sign", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE)
    head = (
        "calcium acetate as worded: calcium-restrict holds, but it is information only, which is not shown at signing. "
    )
    assert head in told.headline[1]
    assert "Whether calcium-low-pth holds cannot be told: " in told.headline[1]
    dropped = row(told, "calcium-restrict")
    assert (dropped.outcome, dropped.indicator) == (Outcome.DROPPED, None)


def test_a_row_that_is_silent_by_intent_is_told_with_what_it_rests_on(reasons: Reasons) -> None:
    low = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low - 0.1, 5)
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, low)
    assert "a rule holds that says nothing by intent (calcium is low: yes, calcium 8.3 mg/dL" in told.headline[1]
    assert row(told, "no card").outcome is Outcome.SILENT
    assert any(one.says.startswith("no card: holds; ") for one in told.silence)


def test_the_nearest_rows_come_first_in_the_head(reasons: Reasons) -> None:
    told = ordered(
        reasons, "order-select", drug("nutritional_vitamin_d"), ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE
    )
    assert "calcium is high: no, calcium 9.0 mg/dL (1.2 mg/dL below 10.2)" in told.headline[1]
    assert "look-up" not in told.headline[1]


def test_a_call_without_a_draft_says_so(reasons: Reasons) -> None:
    told = nothing_to_judge("order-select", ON, "nothing is selected", [Origin("", "drugs", "sent along")])
    assert told.headline == ("No card comes.", "nothing is selected")
    assert [one.what for one in told.origins] == ["drugs"]
    assert told.answers == {}


def test_what_could_not_be_read_is_told_second_whatever_came(reasons: Reasons) -> None:
    unread = Unreadable(Analyte.TOTAL_CALCIUM.value, "no unit", ago(3))
    told = opened(reasons, ON_DIALYSIS, unread, gap("valve_procedures"))
    assert told.headline[1] == (
        "Could not be read: valve procedures (the server answered 500) and "
        f"calcium of {ago(3)} (no unit). What it would have shown is not known."
    )
    made = replace(chart(ON_DIALYSIS), unread_medications=1, unread_conditions=2)
    entries, _ = explain("patient-view", made, ON, POLICY, reasons)
    assert "the drug of 1 active order and 2 entries of the problem list" in entries.headline[1]
    undated = opened(reasons, ON_DIALYSIS, Unreadable(Analyte.INTACT_PTH.value, "no number", None))
    assert "intact PTH (no number)" in undated.headline[1]


def test_at_an_order_hook_the_tier_is_told_and_that_its_card_comes_elsewhere(reasons: Reasons) -> None:
    risky = (ON_DIALYSIS, WARFARIN, result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + 1, 5))
    told = ordered(reasons, "order-select", drug(name="aspirin"), *risky)
    assert "; elevated risk; status cards come only when a chart is opened." in told.headline[-1]
    quiet = ordered(reasons, "order-select", drug(name="aspirin"), ON_DIALYSIS)
    assert quiet.headline[-1].endswith("sign of calciphylaxis; status cards come only when a chart is opened.")
    confirmed = ordered(reasons, "order-sign", drug(name="aspirin"), CONFIRMED)
    assert confirmed.headline[-1].startswith("Calciphylaxis is confirmed or suspected: “Calciphylaxis”")


def test_a_rule_that_cannot_be_told_comes_before_those_that_do_not_hold(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, *all_read()[:3])
    assert ": no rule holds. Whether vitd-low-pth holds cannot be told: " in told.headline[1]


def test_a_rule_that_only_an_exception_keeps_is_named(reasons: Reasons) -> None:
    low = (result(Analyte.INTACT_PTH, 100, 5), result(Analyte.INTACT_PTH, 110, 40))
    things = (ON_DIALYSIS, *low, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, condition("hungry_bone", text="Hungry bone"))
    told = ordered(reasons, "order-sign", CALCIUM_ACETATE, *things)
    assert "calcium-low-pth would hold, but for this: " in told.headline[1]
    assert "yes, “Hungry bone” (undated)" in told.headline[1]


# ------------------------------------------------------------------ rows
def test_the_steps_behind_the_one_that_decides_are_not_asked(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, CONFIRMED)
    assert row(told, "cua-confirmed").outcome is Outcome.FIRED
    assert row(told, "cua-suspected").why == "cua-confirmed goes before it"


def test_a_row_below_one_that_ends_the_search_is_not_reached(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, CONFIRMED, WARFARIN)
    assert row(told, "vka-dialysis").outcome is Outcome.NOT_REACHED


def test_a_row_that_another_one_outranks_names_it(reasons: Reasons) -> None:
    high = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_high, 5)
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, high, PHOSPHATE_IN_RANGE)
    first, second = next(one for one in told.drug_classes if not one.not_asked).rows[3:5]
    assert (first.topic, first.outcome) == ("calcium-hypercalcaemia", Outcome.FIRED)
    assert (second.topic, second.outcome) == ("calcium-hypercalcaemia", Outcome.OUTRANKED)
    assert second.why == "a more urgent or earlier rule of the same card goes before it"


def test_a_drug_that_the_status_card_names_has_no_card_of_its_own(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, ULCER, WARFARIN)
    assert [card.topic for card in told.cards] == ["cua-possible"]
    rows = [one for group in told.drug_classes for one in group.rows if one.topic == "vka-dialysis"]
    assert rows[-1].why == "the status card that is shown names the drug"


def test_a_card_of_its_own_for_what_could_not_be_read_comes_only_alone(reasons: Reasons) -> None:
    unread = gap("calcium", Analyte.TOTAL_CALCIUM)
    assert row(opened(reasons, ON_DIALYSIS, unread), "cua-data-gap").outcome is Outcome.FIRED
    beside = row(opened(reasons, ON_DIALYSIS, LIVEDO, unread), "cua-data-gap")
    assert beside.why == "another card comes, which names what could not be read"
    unknown = ordered(reasons, "order-sign", drug(), ON_DIALYSIS, ULCER, unread)
    assert row(unknown, "cua-data-gap").why == "no draft is of a class with a rule"


def test_a_class_without_a_drug_was_not_asked(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, WARFARIN)
    asked = {group.drug_class: group.not_asked for group in told.drug_classes}
    assert asked["vitamin_k_antagonist"] == ""
    assert asked["iv_iron"] == "no active drug is of this class"
    assert list(asked) == list(POLICY.rules)


# ------------------------------------------------------------------ answers and facts
@pytest.mark.parametrize(
    ("value", "away"),
    [
        (LIMITS.calcium_high - 0.4, "0.4 mg/dL below 10.2"),
        (LIMITS.calcium_high, "exactly at 10.2"),
        (LIMITS.calcium_high + 0.25, "0.2 mg/dL above 10.2"),
        (LIMITS.calcium_high + 0.001, "just above 10.2"),
    ],
)
def test_a_result_says_how_far_it_is_from_the_limit(value: float, away: str, reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, result(Analyte.TOTAL_CALCIUM, value, 5))
    (fact,) = told.answers["calcium_high"].facts
    assert fact.says.endswith(away)
    assert fact.result is not None
    assert (fact.result.value, fact.result.limit) == (round(value, 4), LIMITS.calcium_high)
    assert fact.result.away == round(value - LIMITS.calcium_high, 4)


def test_a_result_carries_its_day_its_code_and_the_value_as_it_was_received(reasons: Reasons) -> None:
    measured = result(Analyte.PHOSPHATE, 6.1, 5, original="1.97 mmol/L")._replace(code="2777-1")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, measured)
    factor = next(one for one in told.score.factors if one.name == "mineral_moderate") if told.score else None
    assert factor is not None
    fact = factor.facts[0]
    assert fact.how == "2777-1"
    assert fact.result is not None
    assert (fact.result.on, fact.result.received) == (ago(5), "1.97 mmol/L")


def test_without_a_result_the_answer_is_open_and_says_what_is_missing(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS)
    assert answer(told, "calcium_high") == (None, ["no result: calcium"])
    assert answer(told, "product_moderate")[0] is None


def test_a_result_that_is_too_old_or_cannot_be_read_is_told(reasons: Reasons) -> None:
    old = result(Analyte.TOTAL_CALCIUM, 11, LIMITS.windows[Analyte.TOTAL_CALCIUM].usable + 1)
    unread = Unreadable(Analyte.PHOSPHATE.value, "no unit", ago(2))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, old, unread)
    assert "calcium: too old" in " ".join(answer(told, "calcium_high")[1])
    assert answer(told, "minerals_unread")[0] is True
    assert any("could not be read: no unit" in line for line in answer(told, "minerals_unread")[1])
    assert any("no unit" in line for line in told.missing)


def test_results_too_far_apart_give_no_product(reasons: Reasons) -> None:
    apart = result(Analyte.PHOSPHATE, 9, 5 + LIMITS.product_pair_days + 1)
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, apart)
    met, facts = answer(told, "product_moderate")
    assert met is None
    assert facts == [f"no product: calcium of {ago(5)} and phosphate of {apart.on} lie 8 days apart, more than 7"]


def test_a_value_that_is_only_a_bound_gives_no_product(reasons: Reasons) -> None:
    bound = result(Analyte.PHOSPHATE, 4, 5, comparator=">")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, bound)
    assert answer(told, "product_moderate")[1] == [
        "no product: calcium or phosphate is known only as above or below a value"
    ]


def test_the_upper_limit_of_pth_is_told_as_reported_or_assumed(reasons: Reasons) -> None:
    reported = result(Analyte.INTACT_PTH, 125, 5, upper_limit=60)
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, reported)
    assert "5 pg/mL above 120; upper limit 60, as reported" in answer(told, "pth_low_for_vitamin_d")[1][0]
    assumed = result(Analyte.INTACT_PTH, 125, 5)
    other = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, assumed)
    assert "upper limit 65, assumed" in answer(other, "pth_low_for_vitamin_d")[1][0]


def test_a_draft_does_not_score_and_the_factor_says_so(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS)
    assert points(told, "calcium_product") == (False, ["a draft order does not count"])


def test_entries_and_drugs_carry_the_code_that_matched(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, LIVEDO, WARFARIN)
    assert told.signs[0].how == "SNOMED CT 1"
    assert "RxNorm 1" in next(group.drugs[0].how for group in told.drug_classes if group.drugs)
    standard = opened(reasons, ON_DIALYSIS, WARFARIN, procedure("antiphospholipid", text="A procedure"))
    met, facts = answer(standard, "vitamin_k_antagonist_standard")
    assert (met, facts) == (True, [f"“A procedure” ({ON}, today; antiphospholipid)"])


def test_an_interacting_or_listed_drug_is_named_with_the_code_that_matched(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CONFIRMED, drug("denosumab", name="denosumab"))
    teller = FactTeller(Assessment(chart(ON_DIALYSIS), ON, LIMITS), POLICY)
    assert teller.facts(DrugMatch("doac", "apixaban", "RxNorm 2")) == (Fact("apixaban", "RxNorm 2"),)
    assert answer(told, "hypocalcaemia_context") == (True, ["denosumab"])


def test_bone_that_is_being_rebuilt_is_shown_by_its_entries(reasons: Reasons) -> None:
    surgery = procedure("parathyroidectomy", 30, text="Parathyroidectomy")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, surgery, procedure("other", 1))
    assert answer(told, "rebuilding_bone") == (True, [f"“Parathyroidectomy” ({ago(30)}, 30 days ago)"])
    running = opened(reasons, ON_DIALYSIS, WARFARIN, procedure("antiphospholipid", 0, ongoing=True, text="P"))
    assert answer(running, "vitamin_k_antagonist_standard")[1] == ["“P” (in progress; antiphospholipid)"]


def test_procedures_and_failed_look_ups_are_facts(reasons: Reasons) -> None:
    valve = procedure("mechanical_valve", None, text="Valve replacement")
    told = opened(reasons, ON_DIALYSIS, WARFARIN, valve, procedure("haemodialysis_procedure", 0, ongoing=True))
    assert answer(told, "mechanical_valve") == (True, ["“Valve replacement” (undated; mechanical valve)"])
    calcium = gap("calcium", Analyte.TOTAL_CALCIUM)
    gone = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, calcium)
    assert "could not be read: calcium (the server answered 500)" in answer(gone, "minerals_unread")[1]


def test_a_no_that_a_failed_look_up_could_turn_is_open(reasons: Reasons) -> None:
    sure = opened(reasons, ON_DIALYSIS, WARFARIN)
    open_ = opened(reasons, ON_DIALYSIS, WARFARIN, gap("valve_procedures"))
    assert sure.answers["mechanical_valve"].met is False
    assert open_.answers["mechanical_valve"].met is None
    assert "could not be read: valve procedures" in " ".join(answer(open_, "mechanical_valve")[1])


def test_what_makes_a_low_calcium_need_treatment_is_named(reasons: Reasons) -> None:
    things = (ON_DIALYSIS, CONFIRMED, drug("calcimimetic", name="cinacalcet"), condition("hungry_bone"))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, *things)
    assert answer(told, "hypocalcaemia_context") == (True, ["hungry bone", "cinacalcet"])


def test_what_could_not_be_read_of_the_chart_is_told(reasons: Reasons) -> None:
    made = replace(chart(ON_DIALYSIS, gap("calcium")), unread_medications=2)
    told, _ = explain("patient-view", made, ON, POLICY, reasons)
    met, facts = answer(told, "not_all_read")
    assert met is True
    assert facts[-1] == "could not be read: the drug of 2 active orders"


def test_the_sepsis_watch_tells_the_results_it_looked_at(reasons: Reasons) -> None:
    cool = result(Analyte.BODY_TEMPERATURE, 37.0, 1)
    told = opened(reasons, ON_DIALYSIS, CONFIRMED, cool)
    assert row(told, "cua-sepsis").kept_by == ("infection_or_abnormal",)
    assert "1 °C below 38" in answer(told, "infection_or_abnormal")[1][0]
    septic = opened(reasons, ON_DIALYSIS, CONFIRMED, condition("sepsis", text="Sepsis"))
    assert row(septic, "cua-sepsis").outcome is Outcome.FIRED
    assert answer(septic, "infection_or_abnormal") == (True, ["“Sepsis” (undated)"])


def test_points_are_told_against_the_score_that_is_needed(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("diabetes"), *all_read(), sex="male")
    assert answer(told, "score_elevated") == (
        False,
        [f"risk points 1, where {LIMITS.elevated_risk_score:.0f} are needed"],
    )


# ------------------------------------------------------------------ a no that is not sure
def test_points_that_cannot_be_told_leave_the_score_open(reasons: Reasons) -> None:
    sure = opened(reasons, ON_DIALYSIS, *all_read(), sex="male")
    assert sure.answers["score_elevated"].met is False
    assert row(sure, "cua-risk-elevated").outcome is Outcome.NOT_MET
    open_ = opened(reasons, ON_DIALYSIS, condition("diabetes"), condition("liver_disease"), sex="female")
    assert open_.answers["score_elevated"].met is None
    assert "8 factors cannot be told, up to 8 points more" in open_.answers["score_elevated"].facts[0].says
    assert row(open_, "cua-risk-elevated").outcome is Outcome.CANNOT_TELL


def test_a_newer_result_that_could_not_be_read_makes_a_no_unsure(reasons: Reasons) -> None:
    unread = Unreadable(Analyte.TOTAL_CALCIUM.value, "no unit", ago(1))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, unread)
    assert told.answers["calcium_high"].met is None
    assert told.answers["on_dialysis"].met is True


@pytest.mark.parametrize(
    ("members", "open_questions"),
    [
        ({}, set()),
        ({"unread_conditions": 1}, {"calciphylaxis_confirmed", "skin_sign", "on_dialysis", "calciphylaxis"}),
        ({"masked_conditions": True}, {"calciphylaxis_confirmed", "skin_sign", "on_dialysis", "calciphylaxis"}),
    ],
)
def test_unread_entries_of_the_problem_list_leave_open_what_they_may_tell(
    members: dict[str, Any], open_questions: set[str], reasons: Reasons
) -> None:
    told, _ = explain("patient-view", replace(chart(*all_read(), sex="male"), **members), ON, POLICY, reasons)
    asked = ("calciphylaxis_confirmed", "skin_sign", "on_dialysis", "calciphylaxis")
    assert {name for name in asked if told.answers[name].met is None} == open_questions


def test_unread_drugs_leave_open_what_they_may_be(reasons: Reasons) -> None:
    made = replace(chart(ON_DIALYSIS), unread_medications=1)
    told, _ = explain("patient-view", made, ON, POLICY, reasons)
    assert points(told, "vitamin_k_antagonist")[0] is None
    assert {group.not_asked for group in told.drug_classes} == {"no active drug that could be read is of this class"}
    assert said(told.other_drugs) == ["1 more could not be read"]
    draft = replace(chart(ON_DIALYSIS, drafts=(drug(),)), unread_drafts=2)
    ordering, _ = explain("order-select", draft, ON, POLICY, reasons)
    assert "the drug of 2 drafts" in ordering.headline[1]
    assert {group.not_asked for group in ordering.drug_classes} == {"no draft that could be read is of this class"}
    lost = opened(reasons, ON_DIALYSIS, LIVEDO, gap("medications"))
    assert {group.not_asked for group in lost.drug_classes} == {"the active medications could not be read"}


def test_whether_calcium_may_be_needed_is_open_without_a_calcium(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED)
    assert told.answers["calcium_may_be_needed"].met is None
    sure = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, CALCIUM_IN_RANGE)
    assert sure.answers["calcium_may_be_needed"].met is False
    vitamin = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CONFIRMED, CALCIUM_IN_RANGE)
    assert vitamin.answers["vitamin_d_may_be_needed"].met is False


def test_minerals_count_once_and_vitamin_d_with_them_only(reasons: Reasons) -> None:
    high = opened(reasons, ON_DIALYSIS, *all_read(total_calcium=11.5, phosphate=6.5))
    assert points(high, "mineral_moderate")[0] is False
    assert points(high, "mineral_moderate")[1][-1] == "not counted beside high minerals"
    unknown = opened(reasons, ON_DIALYSIS, CALCITRIOL)
    assert points(unknown, "active_vitamin_d")[0] is None
    assert points(opened(reasons, ON_DIALYSIS), "active_vitamin_d")[0] is False


def test_the_sepsis_watch_is_asked_for_when_a_chart_is_opened_only(reasons: Reasons) -> None:
    fever = result(Analyte.BODY_TEMPERATURE, 36.8, 1)
    assert any("temperature" in line for line in opened(reasons, ON_DIALYSIS, fever).results)
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, fever)
    assert not any("temperature" in line for line in (*told.results, *told.missing))


def test_advanced_kidney_disease_is_shown_by_what_decides(reasons: Reasons) -> None:
    told = opened(reasons, LIVEDO, procedure("transplant_procedure", 400, text="Transplantation"))
    met, facts = answer(told, "advanced_kidney_disease")
    assert met is True
    assert "“Transplantation”" in facts[0]


def test_of_many_facts_the_rest_is_counted(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, *(condition("foot_ulcer", text=f"Ulcer {number}") for number in range(40)))
    assert said(told.answers["skin_sign"].facts)[-1] == "and 15 more"


def test_only_the_surgery_that_decides_is_shown(reasons: Reasons) -> None:
    things = (procedure("parathyroidectomy", 3000, text="First"), procedure("parathyroidectomy", 10, text="Second"))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, *things)
    assert answer(told, "rebuilding_bone") == (True, [f"“Second” ({ago(10)}, 10 days ago; parathyroidectomy)"])
    none = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, condition("hypoparathyroidism"))
    assert answer(none, "rebuilding_bone") == (False, [])


# ------------------------------------------------------------------ entries that are no sign today
@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (condition("livedo", text="Livedo", past=True), "livedo; not active"),
        (condition("foot_ulcer", text="Ulcer"), "foot or heel ulcer; alone it is no sign"),
        (condition("livedo", recorded=span(181)), "older than 180 days, and not said to be still active"),
        (condition("cellulitis", recorded=span(5)), "two episodes within 180 days make a sign"),
        (condition("calciphylaxis_history", past=True), "past calciphylaxis is no sign"),
        (condition("calciphylaxis_refuted"), "calciphylaxis that was excluded is no sign"),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value,
)
def test_an_entry_that_is_no_sign_today_says_why(entry: Any, why: str, reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, entry)
    met, facts = answer(told, "skin_sign")
    assert met is False
    assert [line for line in facts if line.startswith("no sign today: ") and why in line]


def test_hard_skin_that_is_explained_names_what_explains_it(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("skin_induration"), condition("morphea", text="Morphea"))
    assert "explained by “Morphea” (undated)" in " ".join(answer(told, "skin_sign")[1])


def test_an_entry_that_another_sign_stands_for_is_told_apart_from_signs(reasons: Reasons) -> None:
    things = (condition("skin_texture", text="Texture"), condition("skin_induration", text="Induration"))
    told = opened(reasons, ON_DIALYSIS, *things)
    assert told.answers["skin_sign"].met is True
    assert ["Induration" in line for line in said(told.signs)] == [True]


def test_beside_a_foot_ulcer_a_texture_code_outweighed_by_nothing_counts(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("foot_ulcer"), condition("painful_lesion"))
    assert {fact.says.split(":")[0] for fact in told.signs} == {"painful, violaceous or mottled skin", "skin ulcer"}


# ------------------------------------------------------------------ points
def points(told: Explanation, name: str) -> tuple[bool | None, list[str]]:
    assert told.score is not None
    factor = next(one for one in told.score.factors if one.name == name)
    return factor.met, said(factor.facts)


def test_every_factor_is_told_with_its_points_whether_it_is_met_or_not(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, WARFARIN, condition("diabetes", text="Diabetes"), sex="female")
    assert told.score is not None
    assert told.score.points == sum(one.points for one in told.score.factors if one.met) == 4
    assert points(told, "female") == (True, ["recorded: female"])
    assert points(told, "diabetes") == (True, ["“Diabetes” (undated)"])
    assert points(told, "albumin") == (None, ["no result: albumin"])
    assert points(told, "weight_loss") == (None, ["no two dry weights far enough apart"])
    assert points(told, "past_calciphylaxis") == (False, [])


def test_factors_name_the_results_and_drugs_they_look_at(reasons: Reasons) -> None:
    told = opened(
        reasons,
        ON_DIALYSIS,
        result(Analyte.INTACT_PTH, 300, 5),
        result(Analyte.DRY_WEIGHT, 80, 100),
        result(Analyte.DRY_WEIGHT, 79, 5),
        drug("systemic_corticosteroid", name="prednisolone", days=1),
        CALCITRIOL,
        gap("medications_of_another_kind"),
    )
    assert points(told, "pth")[0] is False
    assert len(points(told, "pth")[1]) == 2
    assert "the limit is 5 %" in points(told, "weight_loss")[1][0]
    assert "prednisolone" in points(told, "corticosteroid")[1][0]
    assert points(told, "female") == (None, ["no sex recorded"])
    assert "calcitriol" in " ".join(points(told, "active_vitamin_d")[1])


def test_a_drug_factor_is_open_where_the_drugs_could_not_be_read(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, replace(gap("medications"), cut=True))
    assert points(told, "vitamin_k_antagonist")[0] is None


# ------------------------------------------------------------------ the record, and the whole as data
def test_every_entry_of_the_problem_list_says_what_it_stands_for(reasons: Reasons) -> None:
    told = opened(reasons, condition(text="Gout"), LIVEDO, condition("diabetes", text="Diabetes", past=True))
    assert said(told.conditions) == [
        "“Livedo racemosa” (undated): stands for livedo",
        "“Diabetes” (undated): stands for diabetes; not active",
        "“Gout” (undated): no code or word of it is one that the rules know",
    ]


def test_of_a_long_problem_list_the_rest_is_counted(reasons: Reasons) -> None:
    told = opened(reasons, *(condition(text=f"Entry {number}") for number in range(43)))
    assert said(told.conditions)[-1] == "and 3 more"


def test_words_of_the_record_are_plain_text(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("livedo", text="*Livedo* <b>[x]</b> & more"))
    assert "“*Livedo* <b>[x]</b> & more”" in said(told.signs)[0]


def test_an_undated_patient_counts_as_adult_and_the_explanation_says_so(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS)
    assert told.patient is not None
    assert told.patient.age == "no usable date of birth: counts as adult"
    aged = opened(reasons, ON_DIALYSIS, born=date(ON.year - 1, ON.month, ON.day))
    assert aged.patient is not None
    assert aged.patient.age == "1 year"


def test_data_leave_out_what_is_empty_and_keep_noughts_and_open_answers(reasons: Reasons) -> None:
    data = as_data(opened(reasons, ON_DIALYSIS))
    assert data["score"]["points"] == 0
    assert data["answers"]["on_dialysis"]["met"] is True
    assert "refused" not in data
    assert data["on"] == ON.isoformat()
    assert {row["outcome"] for row in data["status_rows"]} == {"does not hold", "cannot tell"}
    assert as_data([Outcome.FIRED]) == ["gave its card"]


def test_an_empty_chart_is_explained(reasons: Reasons) -> None:
    told, cards = explain("patient-view", Chart(), ON, POLICY, reasons)
    assert cards == patient_view.advise(Chart(), ON, POLICY) == []
    assert told.tier == "none"
