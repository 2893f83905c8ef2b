"""The sentences at the head of an explanation: what came, what could not be read, what keeps the rules from holding."""

from __future__ import annotations

from dataclasses import replace

from hooks.chart import Analyte, Unreadable
from hooks.explain import Origin, explain, nothing_to_judge
from hooks.explain.explanation import Outcome
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
from tests.unit.hooks.explain.told import (
    CALCIUM_IN_RANGE,
    CHILD,
    PHOSPHATE_IN_RANGE,
    all_read,
    answer,
    opened,
    ordered,
    row,
    said,
)


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
