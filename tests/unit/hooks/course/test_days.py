"""The days on which something may stop to count because time passed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hooks.course.days import expiries
from hooks.course.record import ConditionPeriod, History, ProcedurePeriod
from tests.unit.hooks.builders import LIMITS, ON, POLICY, ago, chart, condition, procedure, span


def passing(*conditions: ConditionPeriod, procedures: tuple[ProcedurePeriod, ...] = ()) -> dict[int, tuple[str, ...]]:
    found = expiries(History(chart(), conditions, (), procedures), POLICY, ON)
    return {(ON - day).days: names for day, names in found.items()}


@pytest.mark.parametrize("days", [LIMITS.sign_days, LIMITS.cellulitis_days, LIMITS.sepsis_days, LIMITS.bleeding_days])
def test_an_entry_stops_to_count_on_the_day_after_its_window(days: float) -> None:
    entry = condition("sepsis", recorded=span(300))
    assert passing(ConditionPeriod(entry, entry, ago(300)))[300 - int(days) - 1] == ("findings",)


@pytest.mark.parametrize(("concept", "expected"), [("parathyroidectomy", True), ("haemodialysis_procedure", False)])
def test_a_parathyroidectomy_is_recent_until_the_end_of_its_window(concept: str, expected: bool) -> None:
    surgery = procedure(concept, 300)
    day = 300 - int(LIMITS.parathyroidectomy_days) - 1
    found = passing(procedures=(ProcedurePeriod(surgery, ago(300)),))
    assert ("findings" in found[day]) is expected


def test_an_unread_session_begins_and_stops_to_matter_like_one_that_was_read() -> None:
    today = replace(chart(), unread_sessions=(ago(300), None))
    found = {(ON - day).days: names for day, names in expiries(History(today), POLICY, ON).items()}
    days = (0, LIMITS.dialysis_procedure_days + 1, LIMITS.dialysis_after_transplant_days + 1)
    assert {found[300 - int(after)] for after in days} == {("dialysis",)}
