"""The rules on the days of a history: the real assessment, on what was known by then, whenever something changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hooks.assessment import Assessment, Tier
from hooks.chart import Analyte, Chart, Gap, Result
from hooks.course.evaluation import DIALYSIS_UNREAD, Evaluation, _evaluate, evaluations, outcome_of
from hooks.course.record import ConditionPeriod, End, History, MedicationPeriod, ProcedurePeriod
from hooks.dialysis_status import Dialysis
from hooks.policy_loading import load_policy
from hooks.risk_score import Factor
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    ago,
    chart,
    condition,
    data_files,
    drug,
    gap,
    procedure,
    result,
    span,
)

FIRST = ago(400)
DIALYSIS = ConditionPeriod(ON_DIALYSIS, ON_DIALYSIS, ago(1000))
HARD = condition("skin_induration", text="hard skin", recorded=span(100))
HARD_SKIN = ConditionPeriod(HARD, HARD, ago(100))
HIGH = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP, 200)


def history(
    *things: Result | Gap, conditions: tuple[ConditionPeriod, ...] = (), drugs: tuple[MedicationPeriod, ...] = (),
    procedures: tuple[ProcedurePeriod, ...] = (), born: date | None = None,
) -> History:  # fmt: skip
    """A history whose chart of today holds what is there today."""
    active = tuple(one.medication for one in drugs if one.end is End.ONGOING)
    today = chart(*things, *(one.now for one in conditions), *active, *(one.procedure for one in procedures), born=born)
    return History(today, conditions, drugs, procedures)


def warfarin(start: int = 300, last: int | None = 250, end: End = End.KNOWN) -> MedicationPeriod:
    return MedicationPeriod(WARFARIN, "stopped", ago(start), ago(start), end, None if last is None else ago(last))


def course(record: History) -> dict[int, Evaluation]:
    """The evaluations by days ago."""
    return {(ON - found.on).days: found for found in evaluations(record, FIRST, ON, POLICY)}


def tiers(record: History) -> dict[int, Tier]:
    return {days: found.outcome.tier for days, found in course(record).items()}


def test_an_empty_history_is_evaluated_on_its_first_day_and_today() -> None:
    assert tiers(history()) == {400: Tier.NONE, 0: Tier.NONE}


def test_the_last_evaluation_is_that_of_todays_chart() -> None:
    record = history(HIGH, conditions=(DIALYSIS, HARD_SKIN))
    assert course(record)[0].outcome == outcome_of(Assessment(record.chart, ON, LIMITS))


def test_a_finding_is_not_known_before_it_was_recorded_and_wears_off_with_its_window() -> None:
    old = condition("skin_induration", recorded=span(300))
    found = tiers(history(conditions=(DIALYSIS, ConditionPeriod(old, old, ago(300)))))
    assert found == {
        400: Tier.NONE,
        300: Tier.SUSPECTED,
        300 - int(LIMITS.sign_days) - 1: Tier.NONE,
        0: Tier.NONE,
    }


def test_a_drug_counts_through_its_last_day_and_each_change_says_what_it_was() -> None:
    found = course(history(conditions=(DIALYSIS,), drugs=(warfarin(),)))
    assert {days: (one.outcome.factors, one.because) for days, one in found.items() if days in (300, 249)} == {
        300: ((Factor("vitamin_k_antagonist", LIMITS.points["vitamin_k_antagonist"]),), ("drugs",)),
        249: ((), ("drugs",)),
    }


def test_a_result_counts_from_its_day_until_it_is_too_old() -> None:
    found = course(history(HIGH, conditions=(DIALYSIS,)))
    usable = LIMITS.windows[Analyte.TOTAL_CALCIUM].usable
    assert found[200].because == ("results",)
    assert Factor("mineral_high", LIMITS.points["mineral_high"]) in found[200].outcome.factors
    assert found[200 - usable - 1].because == ()
    assert found[200 - usable - 1].outcome.factors == ()


def test_what_has_no_concept_and_drugs_of_no_class_are_no_change() -> None:
    gout = condition(text="Gout")
    aspirin = MedicationPeriod(drug(name="aspirin"), "active", ago(50), ago(50), End.ONGOING)
    assert set(course(history(conditions=(ConditionPeriod(gout, gout, ago(60)),), drugs=(aspirin,)))) == {400, 0}


def test_a_drug_of_unknown_end_gives_a_second_outcome_that_names_it() -> None:
    high = [result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP, days) for days in (240, 160)]
    found = course(history(*high, conditions=(DIALYSIS,), drugs=(warfarin(last=None, end=End.UNKNOWN),)))[240]
    assert found.otherwise is not None
    assert found.otherwise.points == found.outcome.points + LIMITS.points["vitamin_k_antagonist"]
    assert found.unsure == ("warfarin as worded (end not recorded)",)


def test_doubt_that_changes_nothing_is_not_told() -> None:
    acetate = MedicationPeriod(CALCIUM_ACETATE, "stopped", ago(300), ago(300), End.UNKNOWN)
    sure = MedicationPeriod(CALCIUM_ACETATE, "active", ago(300), ago(300), End.ONGOING)
    found = course(history(conditions=(DIALYSIS,), drugs=(acetate, sure)))[300]
    assert (found.otherwise, found.unsure) == (None, ())


def test_unread_dialysis_procedures_give_the_outcome_as_if_on_dialysis() -> None:
    found = course(history(gap("dialysis_procedures"), conditions=(HARD_SKIN,)))[0]
    assert found.outcome.tier is Tier.NONE
    assert found.otherwise is not None
    assert (found.otherwise.tier, found.unsure) == (Tier.SUSPECTED, (DIALYSIS_UNREAD,))


def test_unread_dialysis_procedures_leave_every_day_open_even_without_another_outcome() -> None:
    found = course(history(gap("dialysis_procedures")))
    assert {one.incomplete and one.dialysis_unread and one.tier_open for one in found.values()} == {True}
    assert not any(one.outside for one in found.values())


@pytest.mark.parametrize("failed", [(), (gap("calcium", Analyte.TOTAL_CALCIUM),)])
def test_an_unread_session_leaves_open_the_days_on_which_it_would_have_mattered(failed: tuple[Gap, ...]) -> None:
    record = history(*failed)
    record = replace(record, chart=replace(record.chart, unread_sessions=(ago(300),)))
    after = 300 - int(LIMITS.dialysis_procedure_days) - 1
    found = course(record)
    assert {days: one.dialysis_unread for days, one in found.items()} == {400: False, 300: True, after: False, 0: False}
    assert {days for days, one in found.items() if not one.outside} == {300}


def test_it_does_so_where_the_tier_is_the_same_on_dialysis_and_other_things_are_open_too() -> None:
    confirmed = ConditionPeriod(CONFIRMED, CONFIRMED, ago(1000))
    record = history(gap("calcium", Analyte.TOTAL_CALCIUM), conditions=(confirmed,))
    found = course(replace(record, chart=replace(record.chart, unread_sessions=(ago(300),))))
    assert {days for days, one in found.items() if one.dialysis_unread} == {300}
    assert {one.incomplete for one in found.values()} == {True}
    assert len(found) == 4


def test_an_unread_session_of_an_unknown_day_leaves_every_day_open() -> None:
    record = history()
    found = course(replace(record, chart=replace(record.chart, unread_sessions=(None,))))
    assert {one.dialysis_unread for one in found.values()} == {True}


def test_doubtful_dialysis_does_not_hide_that_the_procedures_were_not_read() -> None:
    doubtful = ConditionPeriod(ON_DIALYSIS, ON_DIALYSIS, None)
    found = course(history(gap("dialysis_procedures"), conditions=(doubtful, HARD_SKIN)))[100]
    assert found.dialysis_unread
    assert found.otherwise is not None


def test_unread_results_leave_the_tier_open_where_points_would_raise_it() -> None:
    failed = gap("calcium", Analyte.TOTAL_CALCIUM)
    found = course(history(failed, conditions=(DIALYSIS, HARD_SKIN)))
    assert {days: (one.outcome.tier, one.incomplete, one.tier_open) for days, one in found.items()} == {
        400: (Tier.NONE, True, True),
        100: (Tier.SUSPECTED, True, False),
        0: (Tier.SUSPECTED, True, False),
    }


@pytest.mark.parametrize(
    ("sign", "tier", "is_open"),
    [("skin_ulcer", Tier.POSSIBLE, True), ("skin_induration", Tier.SUSPECTED, False)],
)
def test_unread_results_leave_a_possible_calciphylaxis_open_and_a_suspected_one_as_it_is(
    sign: str, tier: Tier, is_open: bool
) -> None:
    found = condition(sign, text=sign, recorded=span(100))
    record = history(
        gap("calcium", Analyte.TOTAL_CALCIUM), conditions=(DIALYSIS, ConditionPeriod(found, found, ago(100)))
    )
    assert [(one.outcome.tier, one.tier_open) for one in course(record).values()][-1] == (tier, is_open)


def test_an_unread_drug_that_is_over_leaves_the_past_open_and_today_as_it_is() -> None:
    record = replace(history(conditions=(DIALYSIS,)), unread_past=1)
    assert {days: one.incomplete for days, one in course(record).items()} == {400: True, 0: False}


def test_an_unread_active_drug_leaves_today_open_too() -> None:
    record = history(conditions=(DIALYSIS,))
    record = replace(record, chart=replace(record.chart, unread_medications=1))
    assert {one.incomplete for one in course(record).values()} == {True}


def test_a_child_is_outside_the_rules_whatever_could_not_be_read() -> None:
    found = course(history(gap("dialysis_procedures"), born=ago(3000)))[0]
    assert (found.outside, found.incomplete, found.dialysis_unread) == (True, False, False)


def test_without_dialysis_the_rules_do_not_apply_and_its_end_is_a_change_of_the_outcome() -> None:
    on_day = procedure("haemodialysis_procedure", 300)
    found = course(history(procedures=(ProcedurePeriod(on_day, ago(300)),)))
    lapsed = 300 - int(LIMITS.dialysis_procedure_days) - 1
    assert {days: (one.outside, one.outcome.dialysis) for days, one in found.items()} == {
        400: (True, Dialysis.NONE),
        300: (False, Dialysis.ON),
        lapsed: (True, Dialysis.NONE),
        0: (True, Dialysis.NONE),
    }
    assert found[lapsed].passed == ("dialysis",)
    assert found[300].passed == ()


def test_confirmed_calciphylaxis_without_dialysis_is_not_outside_the_rules() -> None:
    sure = condition("calciphylaxis", recorded=span(100))
    assert not course(history(conditions=(ConditionPeriod(sure, sure, ago(100)),)))[0].outside


def test_presumed_dialysis_is_told_with_what_it_is_presumed_from() -> None:
    esrd = condition("esrd")
    found = course(history(conditions=(ConditionPeriod(esrd, esrd, ago(1000)),)))[0].outcome
    assert (found.dialysis, found.evidence) == (Dialysis.PRESUMED, "presumed from the ESRD code")


def test_another_treatment_of_the_same_dialysis_is_the_same_outcome() -> None:
    sessions = tuple(ProcedurePeriod(procedure("haemodialysis_procedure", days), ago(days)) for days in (80, 40))
    assert set(course(history(procedures=sessions))) == {400, 80, 0}


def test_what_time_did_is_named() -> None:
    old = condition("skin_induration", recorded=span(300))
    found = course(history(HIGH, conditions=(DIALYSIS, ConditionPeriod(old, old, ago(300)))))
    usable = LIMITS.windows[Analyte.TOTAL_CALCIUM].usable
    assert found[300 - int(LIMITS.sign_days) - 1].passed == ("findings",)
    assert found[200 - usable - 1].passed == ("results",)


@pytest.mark.parametrize("query", ["patient", "conditions", "medications"])
def test_without_what_every_tier_needs_nothing_is_evaluated(query: str) -> None:
    assert evaluations(history(gap(query), conditions=(DIALYSIS,)), FIRST, ON, POLICY) == ()


def test_a_failed_laboratory_look_up_does_not_stop_the_evaluation() -> None:
    assert set(course(history(gap("calcium", Analyte.TOTAL_CALCIUM)))) == {400, 0}


def test_a_child_comes_of_age_on_the_birthday() -> None:
    born = date(ON.year - 18, 6, 1)
    found = tiers(history(conditions=(DIALYSIS, HARD_SKIN), born=born))
    assert found[400] is Tier.CHILD
    assert found[(ON - date(ON.year, 6, 1)).days] is not Tier.CHILD


@pytest.mark.parametrize("born", [date(2008, 2, 29), date(9999, 12, 31)])
def test_odd_days_of_birth_do_no_harm(born: date) -> None:
    assert course(history(born=born))


def test_a_result_at_the_end_of_the_calendar_does_no_harm() -> None:
    late = Result(Analyte.PHOSPHATE, 5.0, "mg/dL", date.max, 0.0)
    assert set(course(history(late))) == {400, 0}


def test_the_thresholds_are_those_of_each_day() -> None:
    files = data_files()
    files["thresholds"]["phosphate_high"]["values"].append({"since": ago(50), "value": 4.0, "source": "this test"})
    policy = load_policy(**files)
    record = history(result(Analyte.PHOSPHATE, 5.0, 80), conditions=(DIALYSIS,))
    found = {(ON - one.on).days: one for one in evaluations(record, FIRST, ON, policy)}
    moderate = Factor("mineral_moderate", LIMITS.points["mineral_moderate"])
    assert moderate not in found[80].outcome.factors
    assert moderate in found[50].outcome.factors


def test_the_points_are_the_sum_of_those_of_the_factors() -> None:
    found = course(history(HIGH, conditions=(DIALYSIS,), drugs=(warfarin(),)))
    assert {len(one.outcome.factors) for one in found.values()} >= {0, 1}
    for one in found.values():
        assert one.outcome.points == sum(factor.points for factor in one.outcome.factors)


def test_between_two_evaluations_nothing_changes_on_any_day() -> None:
    healed = condition("calciphylaxis_history", past=True)
    cellulitis = [condition("cellulitis", onset=span(days), past=True) for days in (330, 290)]
    steroid = MedicationPeriod(drug("systemic_corticosteroid", days=320), "active", ago(320), ago(320), End.ONGOING)
    transplant = condition("transplant", onset=span(900))
    record = history(
        HIGH,
        *(result(Analyte.DRY_WEIGHT, weight, days) for weight, days in ((80, 390), (75, 300), (70, 120))),
        conditions=(
            HARD_SKIN,
            ConditionPeriod(healed, condition("calciphylaxis"), ago(360), End.KNOWN, ago(340)),
            *(ConditionPeriod(one, one, one.onset.first, End.UNKNOWN) for one in cellulitis if one.onset),
            ConditionPeriod(transplant, transplant, ago(900)),
        ),
        drugs=(warfarin(), steroid),
        procedures=(
            ProcedurePeriod(procedure("haemodialysis_procedure", 310), ago(311)),
            ProcedurePeriod(procedure("haemodialysis_procedure", 100), ago(100)),
            ProcedurePeriod(procedure("haemodialysis_procedure", None), None),
        ),
    )
    current: Evaluation | None = None
    known = {found.on: found for found in evaluations(record, FIRST, ON, POLICY)}
    for number in range(400):
        day = FIRST + timedelta(days=number)
        current = known.get(day, current)
        assert current is not None
        found = _evaluate(record, day, ON, POLICY, ())
        assert (found.outcome, found.otherwise) == (current.outcome, current.otherwise), day
    assert len({found.outcome for found in known.values()}) > 5


def test_the_empty_chart_scores_nothing() -> None:
    assert outcome_of(Assessment(Chart(), ON, LIMITS)).points == 0
