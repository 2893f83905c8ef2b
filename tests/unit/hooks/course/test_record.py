"""What was known on a day: drugs, conditions, procedures and results, cut down to what was there by then."""

from __future__ import annotations

import pytest

from hooks.assessment import Assessment
from hooks.chart import Analyte, Chart, Condition, Medication, Procedure
from hooks.course.evaluation import outcome_of
from hooks.course.record import (
    JUDGED,
    ConditionPeriod,
    End,
    History,
    Known,
    MedicationPeriod,
    ProcedurePeriod,
    known_on,
)
from tests.unit.hooks.builders import (
    LIMITS,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    procedure,
    result,
)

ULCER = condition("skin_ulcer", text="Calf ulcer")
HEALED = condition("skin_ulcer", text="Calf ulcer", past=True)
IRON = drug("iv_iron", name="iron sucrose")


def taken(
    medication: Medication = WARFARIN,
    start: int | None = 100,
    last: int | None = None,
    *,
    known: int | None = None,
    end: End | None = None,
) -> MedicationPeriod:
    """Taken from `start` days ago to `last` days ago; still taken when there is no last day."""
    how = end or (End.ONGOING if last is None else End.KNOWN)
    began, recorded = (None if days is None else ago(days) for days in (start, known))
    return MedicationPeriod(medication, "stopped", began, recorded, how, None if last is None else ago(last))


def known(
    days: int, *periods: MedicationPeriod | ConditionPeriod | ProcedurePeriod, today: Chart | None = None
) -> Known:
    history = History(
        today or chart(),
        conditions=tuple(one for one in periods if isinstance(one, ConditionPeriod)),
        medications=tuple(one for one in periods if isinstance(one, MedicationPeriod)),
        procedures=tuple(one for one in periods if isinstance(one, ProcedurePeriod)),
    )
    return known_on(history, ago(days), ON)


@pytest.mark.parametrize(("days", "there"), [(101, False), (100, True), (50, True), (20, True), (19, False)])
def test_a_drug_counts_from_its_first_to_its_last_day(days: int, there: bool) -> None:
    assert known(days, taken(last=20)).chart.medications == ((WARFARIN,) if there else ())


@pytest.mark.parametrize(("days", "there"), [(81, False), (80, True)])
def test_a_drug_that_was_recorded_later_than_it_began_counts_from_the_recording(days: int, there: bool) -> None:
    assert known(days, taken(known=80)).chart.medications == ((WARFARIN,) if there else ())


@pytest.mark.parametrize(
    ("period", "why"),
    [
        (taken(end=End.UNKNOWN), "warfarin as worded (end not recorded)"),
        (taken(start=None), "warfarin as worded (undated)"),
    ],
)
def test_a_drug_whose_time_is_not_recorded_counts_only_in_the_wide_chart_and_is_named(
    period: MedicationPeriod, why: str
) -> None:
    found = known(50, period)
    assert (found.chart.medications, found.possible.medications, found.unsure) == ((), (WARFARIN,), (why,))


def test_a_drug_of_unknown_end_is_not_there_before_it_began() -> None:
    assert known(101, taken(end=End.UNKNOWN)).possible.medications == ()


def test_a_doubtful_drug_on_which_no_tier_rests_is_not_named() -> None:
    found = known(50, taken(IRON, end=End.UNKNOWN))
    assert (found.possible.medications, found.unsure) == ((IRON,), ())


@pytest.mark.parametrize(("days", "there"), [(61, None), (60, ULCER), (31, ULCER), (30, HEALED)])
def test_a_condition_is_active_from_its_recording_until_the_day_it_was_gone(days: int, there: Condition | None) -> None:
    period = ConditionPeriod(HEALED, ULCER, ago(60), End.KNOWN, ago(30))
    assert known(days, period).chart.conditions == ((there,) if there else ())


def test_an_ongoing_condition_counts_as_it_reads_today() -> None:
    assert known(10, ConditionPeriod(ULCER, ULCER, ago(60))).chart.conditions == (ULCER,)


def test_a_condition_gone_on_an_unknown_day_is_past_for_sure_and_active_perhaps() -> None:
    found = known(10, ConditionPeriod(HEALED, ULCER, ago(60), End.UNKNOWN))
    assert (found.chart.conditions, found.possible.conditions) == ((HEALED,), (ULCER,))
    assert found.unsure == ("Calf ulcer (end not recorded)",)


def test_an_undated_condition_counts_only_perhaps_before_today() -> None:
    found = known(10, ConditionPeriod(ULCER, ULCER, None))
    assert (found.chart.conditions, found.possible.conditions) == ((), (ULCER,))
    assert found.unsure == ("Calf ulcer (undated)",)


def test_a_doubtful_condition_of_no_concern_is_not_named() -> None:
    gout = condition(text="Gout")
    assert known(10, ConditionPeriod(gout, gout, None)).unsure == ()


def test_results_are_those_up_to_the_day() -> None:
    calcium = [result(Analyte.TOTAL_CALCIUM, 9.0, days) for days in (5, 15, 25)]
    found = known(15, today=chart(*calcium))
    assert found.chart.results[Analyte.TOTAL_CALCIUM] == tuple(calcium[1:])


DONE = procedure("haemodialysis_procedure", 20)


@pytest.mark.parametrize(("days", "there"), [(31, ()), (30, (True,)), (21, (True,)), (20, (False,)), (1, (False,))])
def test_a_procedure_is_under_way_from_its_start_and_done_from_its_end(days: int, there: tuple[bool, ...]) -> None:
    found = known(days, ProcedurePeriod(DONE, ago(30))).chart.procedures
    assert tuple(one.ongoing for one in found) == there


def test_a_procedure_that_never_ended_stays_under_way() -> None:
    running = procedure("haemodialysis_procedure", 30, ongoing=True)
    (found,) = known(10, ProcedurePeriod(running, ago(30))).chart.procedures
    assert (found.ongoing, found.on) == (True, ago(30))


def test_an_undated_procedure_shows_nothing_on_any_day() -> None:
    undated: Procedure = procedure("haemodialysis_procedure", None)
    assert known(10, ProcedurePeriod(undated, None)).chart.procedures == ()


def test_today_is_the_chart_of_today_whatever_the_periods_say() -> None:
    today = chart(WARFARIN, ULCER)
    found = known(0, taken(start=None), today=today)
    assert (found.chart, found.possible, found.unsure) == (today, today, ())


# ------------------------------------------------------------------ the drugs on which an outcome can rest
STORIES = (
    (),
    (condition("esrd"),),
    (ON_DIALYSIS,),
    (ON_DIALYSIS, result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP)),
)
CLASSES = [*POLICY.drug_classes, "insulin", "peritoneal_dialysis_fluid", "other"]


@pytest.mark.parametrize("drug_class", CLASSES)
def test_the_judged_classes_are_those_that_change_what_the_rules_say(drug_class: str) -> None:
    taken = drug(drug_class, days=400)
    outcomes = [
        [outcome_of(Assessment(chart(*story, *extra), ON, LIMITS)) for story in STORIES] for extra in ((), (taken,))
    ]
    assert (outcomes[0] != outcomes[1]) is (drug_class in JUDGED)
