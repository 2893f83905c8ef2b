"""The rest of an explanation: the problem list, whom the rules see, and the whole as plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hooks import patient_view
from hooks.chart import Analyte, Chart, Unreadable
from hooks.explain import as_data, explain
from hooks.explain.explanation import Outcome
from hooks.reasons import Reasons
from tests.unit.hooks.builders import LIMITS, LIVEDO, ON, ON_DIALYSIS, POLICY, chart, condition, gap, result
from tests.unit.hooks.explain.told import answer, opened, said


def test_what_could_not_be_read_of_the_chart_is_told(reasons: Reasons) -> None:
    made = replace(chart(ON_DIALYSIS, gap("calcium")), unread_medications=2)
    told, _ = explain("patient-view", made, ON, POLICY, reasons)
    met, facts = answer(told, "not_all_read")
    assert met is True
    assert facts[-1] == "could not be read: the drug of 2 active orders"


def test_what_was_never_measured_is_no_sign_that_something_was_not_used(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS)
    assert told.missing
    assert not told.unused


@pytest.mark.parametrize(
    "not_used",
    [
        chart(result(Analyte.PHOSPHATE, 4, LIMITS.windows[Analyte.PHOSPHATE].usable + 1)),
        chart(Unreadable("phosphate", "no unit", ON)),
        replace(chart(), shown={Analyte.INTACT_PTH: (result(Analyte.INTACT_PTH, 250),)}),
        chart(gap("bmi")),
        replace(chart(), optional_gaps=(gap("history"),)),
        replace(chart(), unread_medications=1),
        replace(chart(), unread_conditions=1),
        chart(Unreadable("condition", "no code")),
        chart(unread_drafts=1),
    ],
    ids=["too old", "unreadable", "unknown method", "look-up", "history", "drug", "entry", "record", "draft"],
)
def test_that_something_was_there_and_was_not_used_is_told_beside_the_words(not_used: Chart, reasons: Reasons) -> None:
    told, _ = explain("patient-view", not_used, ON, POLICY, reasons)
    assert told.unused


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
