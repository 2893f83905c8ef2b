"""A no is told as one only where nothing that is missing or was not read could turn it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.chart import Analyte, Unreadable
from hooks.explain import explain
from hooks.explain.explanation import Outcome
from hooks.reasons import Reasons
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
)
from tests.unit.hooks.explain.told import (
    CALCIUM_IN_RANGE,
    PHOSPHATE_IN_RANGE,
    all_read,
    answer,
    opened,
    ordered,
    points,
    row,
    said,
)


def test_without_a_result_the_answer_is_open_and_says_what_is_missing(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS)
    assert answer(told, "calcium_high") == (None, ["no result: calcium"])
    assert answer(told, "product_moderate")[0] is None


def test_a_no_that_a_failed_look_up_could_turn_is_open(reasons: Reasons) -> None:
    sure = opened(reasons, ON_DIALYSIS, WARFARIN)
    open_ = opened(reasons, ON_DIALYSIS, WARFARIN, gap("valve_procedures"))
    assert sure.answers["mechanical_valve"].met is False
    assert open_.answers["mechanical_valve"].met is None
    assert "could not be read: valve procedures" in " ".join(answer(open_, "mechanical_valve")[1])


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


def test_a_drug_factor_is_open_where_the_drugs_could_not_be_read(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, replace(gap("medications"), cut=True))
    assert points(told, "vitamin_k_antagonist")[0] is None
