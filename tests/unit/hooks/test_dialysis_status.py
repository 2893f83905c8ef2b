"""Scope: who is on maintenance dialysis, who is presumed to be, and in which order the evidence is weighed."""

from dataclasses import replace
from datetime import date

import pytest

from hooks.chart import Condition, Medication, Procedure, Span
from hooks.dialysis_status import (
    DIALYSIS_PROCEDURES,
    MONTHLY_SERVICE,
    Dialysis,
    DialysisStatus,
    dialysis_status,
    may_be_dialysed,
)
from tests.unit.hooks.builders import LIMITS, ON, ON_DIALYSIS, ago, chart, condition, drug, procedure, span

RECENT = int(LIMITS.dialysis_procedure_days)
RECENT_AFTER_TRANSPLANT = int(LIMITS.dialysis_after_transplant_days)
TRANSPLANT = condition("transplant", text="Kidney transplant")
FAILED = condition("graft_failure", text="Kidney transplant failure")
ESRD = condition("esrd", text="End stage renal disease")
UNTREATED = condition("untreated_esrd", text="Untreated")
IN_WORDS = condition("dialysis_in_words", text="Nephropathy, on HD")
END_STAGE_IN_WORDS = condition("esrd_in_words", text="ESRD")
ACUTE = condition("acute_kidney_injury", text="Acute kidney failure")
FLUID = drug("peritoneal_dialysis_fluid", name="icodextrin")


def status(*things: Condition | Procedure | Medication) -> Dialysis:
    return whole(*things).status


def whole(*things: Condition | Procedure | Medication) -> DialysisStatus:
    return dialysis_status(chart(*things), ON, LIMITS)


def test_an_empty_chart_shows_no_dialysis() -> None:
    assert status() is Dialysis.NONE
    assert not whole()


# ------------------------------------------------------------------ direct evidence
def test_dialysis_dependence_shows_dialysis_in_the_words_of_the_record() -> None:
    assert whole(ON_DIALYSIS) == DialysisStatus(Dialysis.ON, "Dependence on renal dialysis")


def test_past_dialysis_dependence_shows_nothing() -> None:
    assert status(condition("dialysis_status", past=True)) is Dialysis.NONE


@pytest.mark.parametrize("concept", [*DIALYSIS_PROCEDURES, MONTHLY_SERVICE])
@pytest.mark.parametrize(
    ("days", "expected"), [(0, Dialysis.ON), (RECENT, Dialysis.ON), (RECENT + 1, Dialysis.NONE), (-1, Dialysis.NONE)]
)
def test_a_maintenance_procedure_counts_within_its_window(concept: str, days: int, expected: Dialysis) -> None:
    assert status(procedure(concept, days)) is expected


def test_a_procedure_still_in_progress_counts_as_today_whenever_it_began() -> None:
    running = procedure("haemodialysis_procedure", RECENT + 200, ongoing=True, text="Haemodialysis")
    assert whole(running).evidence == f"Haemodialysis, {ON.isoformat()}"


def test_an_undated_procedure_shows_nothing() -> None:
    assert status(procedure("haemodialysis_procedure", None)) is Dialysis.NONE


def test_the_newest_procedure_is_named() -> None:
    old = procedure("dialysis_monthly_service", 40, text="monthly service")
    new = procedure("haemodialysis_procedure", 2, text="Haemodialysis")
    assert whole(old, new).evidence == "Haemodialysis, 2026-11-27"


@pytest.mark.parametrize("concept", ["acute_dialysis_procedure", "mechanical_valve"])
def test_other_procedures_show_nothing(concept: str) -> None:
    assert status(procedure(concept)) is Dialysis.NONE


def test_peritoneal_dialysis_fluid_shows_dialysis_and_another_drug_does_not() -> None:
    assert whole(drug("iv_iron"), FLUID) == DialysisStatus(Dialysis.ON, "icodextrin as worded")
    assert status(drug("iv_iron")) is Dialysis.NONE


# ------------------------------------------------------------------ presumed
def test_an_end_stage_code_presumes_dialysis() -> None:
    presumed = whole(ESRD)
    assert (presumed.status, presumed.evidence) == (Dialysis.PRESUMED, "presumed from the ESRD code")
    assert presumed
    assert presumed.presumed


def test_a_graft_failure_code_presumes_dialysis() -> None:
    assert whole(FAILED).evidence == "presumed from the graft failure code"


def test_an_end_stage_code_goes_before_a_graft_failure_code() -> None:
    assert whole(FAILED, ESRD).evidence == "presumed from the ESRD code"


@pytest.mark.parametrize("code", [ESRD, FAILED])
def test_untreated_disease_is_not_presumed_to_be_dialysed(code: Condition) -> None:
    untreated = whole(code, UNTREATED)
    assert (untreated.status, untreated.evidence) == (
        Dialysis.NONE,
        "end-stage renal disease recorded as untreated",
    )


@pytest.mark.parametrize("evidence", [ON_DIALYSIS, procedure("haemodialysis_procedure"), FLUID])
def test_direct_evidence_goes_before_an_untreated_code(evidence: Condition | Procedure | Medication) -> None:
    assert status(UNTREATED, ESRD, evidence) is Dialysis.ON


@pytest.mark.parametrize("concept", ["esrd", "graft_failure"])
def test_past_codes_presume_nothing(concept: str) -> None:
    assert status(condition(concept, past=True)) is Dialysis.NONE


def test_direct_evidence_is_not_presumed() -> None:
    assert not whole(ESRD, ON_DIALYSIS).presumed


# ------------------------------------------------------------------ transplant
OLD_SESSION = procedure("haemodialysis_procedure", RECENT_AFTER_TRANSPLANT + 1)


@pytest.mark.parametrize("evidence", [ON_DIALYSIS, ESRD, IN_WORDS, OLD_SESSION])
def test_a_working_transplant_silences(evidence: Condition | Procedure | Medication) -> None:
    assert whole(TRANSPLANT, evidence) == DialysisStatus(Dialysis.NONE, "kidney transplant")


@pytest.mark.parametrize(
    ("days", "expected"), [(RECENT_AFTER_TRANSPLANT, Dialysis.ON), (RECENT_AFTER_TRANSPLANT + 1, Dialysis.NONE)]
)
def test_recent_dialysis_speaks_against_a_working_transplant(days: int, expected: Dialysis) -> None:
    assert status(TRANSPLANT, procedure("haemodialysis_procedure", days)) is expected


def test_a_past_transplant_does_not_silence() -> None:
    assert status(condition("transplant", past=True), ON_DIALYSIS) is Dialysis.ON


# ------------------------------------------------------------------ failed graft
def test_a_graft_failure_code_lifts_the_silence() -> None:
    assert status(TRANSPLANT, FAILED) is Dialysis.PRESUMED
    assert status(TRANSPLANT, FAILED, ON_DIALYSIS) is Dialysis.ON


def test_a_past_graft_failure_code_does_not() -> None:
    assert status(TRANSPLANT, condition("graft_failure", past=True), ON_DIALYSIS) is Dialysis.NONE


def transplanted(onset: Span | None = None, recorded: Span | None = None) -> Condition:
    return condition("transplant", onset=onset, recorded=recorded)


def dialysed(onset: Span | None = None, recorded: Span | None = None) -> Condition:
    return condition("dialysis_status", onset=onset, recorded=recorded)


@pytest.mark.parametrize(
    ("dialysis", "expected"),
    [
        (dialysed(onset=span(99)), Dialysis.ON),
        (dialysed(recorded=span(99)), Dialysis.ON),
        (dialysed(onset=span(500), recorded=span(99)), Dialysis.ON),
        (dialysed(onset=span(99), recorded=span(500)), Dialysis.ON),
        (dialysed(onset=span(100)), Dialysis.NONE),
        (dialysed(onset=span(101), recorded=span(100)), Dialysis.NONE),
        (dialysed(), Dialysis.NONE),
    ],
)
def test_dialysis_dependence_of_a_later_day_than_the_transplant_lifts_the_silence(
    dialysis: Condition, expected: Dialysis
) -> None:
    assert status(transplanted(onset=span(100)), dialysis) is expected


def test_the_recorded_day_dates_a_transplant_only_without_an_onset() -> None:
    dialysis = dialysed(onset=span(99))
    assert status(transplanted(recorded=span(100)), dialysis) is Dialysis.ON
    assert status(transplanted(onset=span(200), recorded=span(50)), dialysis) is Dialysis.ON
    assert status(transplanted(onset=span(50), recorded=span(200)), dialysis) is Dialysis.NONE


def test_an_undated_transplant_silences_whenever_dialysis_was_recorded() -> None:
    assert status(transplanted(), dialysed(onset=span(1), recorded=span(1))) is Dialysis.NONE


def test_of_several_transplants_the_latest_counts() -> None:
    first, second = transplanted(onset=span(4000)), transplanted(onset=span(100))
    assert status(first, second, dialysed(onset=span(2000))) is Dialysis.NONE
    assert status(first, second, dialysed(onset=span(99))) is Dialysis.ON


def test_past_dialysis_dependence_does_not_show_a_failed_graft() -> None:
    later = condition("dialysis_status", onset=span(1), past=True)
    assert status(transplanted(onset=span(100)), later, ESRD) is Dialysis.NONE


MARCH = Span(date(2025, 3, 1), date(2025, 3, 31))


@pytest.mark.parametrize(
    ("transplant", "dialysis", "expected"),
    [
        (MARCH, Span(date(2025, 4, 1), date(2025, 4, 1)), Dialysis.ON),
        (MARCH, Span(date(2025, 3, 31), date(2025, 3, 31)), Dialysis.NONE),
        (MARCH, MARCH, Dialysis.NONE),
        (Span(date(2025, 2, 28), date(2025, 2, 28)), MARCH, Dialysis.ON),
        (Span(date(2025, 3, 1), date(2025, 3, 1)), MARCH, Dialysis.ON),
        (Span(date(2025, 3, 31), date(2025, 3, 31)), MARCH, Dialysis.NONE),
        (Span(ON, ON), Span(date(ON.year, 1, 1), date(ON.year, 12, 31)), Dialysis.NONE),
        (span(1), Span(date(ON.year, 1, 1), date(ON.year, 12, 31)), Dialysis.ON),
        (Span(date(2025, 1, 1), date(2025, 12, 31)), Span(date(2026, 1, 1), date(2026, 12, 31)), Dialysis.ON),
    ],
)
def test_a_month_or_a_year_stands_for_its_last_day_at_most_today(
    transplant: Span, dialysis: Span, expected: Dialysis
) -> None:
    assert status(transplanted(onset=transplant), dialysed(onset=dialysis)) is expected


def test_a_failed_graft_alone_with_untreated_disease_shows_nothing() -> None:
    assert status(TRANSPLANT, FAILED, UNTREATED) is Dialysis.NONE


# ------------------------------------------------------------------ transplant as a procedure, fluid, words
OPERATION = procedure("transplant_procedure", 100, text="Transplant of kidney")


def test_a_completed_transplant_procedure_silences_like_a_condition() -> None:
    assert whole(OPERATION, ESRD) == DialysisStatus(Dialysis.NONE, "kidney transplant")
    assert status(procedure("transplant_procedure", None), ON_DIALYSIS) is Dialysis.NONE


def test_its_day_is_the_day_of_the_transplant() -> None:
    assert status(OPERATION, dialysed(onset=span(99))) is Dialysis.ON
    assert status(OPERATION, dialysed(onset=span(100))) is Dialysis.NONE
    assert status(OPERATION, transplanted(onset=span(50)), dialysed(onset=span(60))) is Dialysis.NONE
    assert status(procedure("transplant_procedure", None), dialysed(onset=span(1))) is Dialysis.NONE


@pytest.mark.parametrize("transplant", [TRANSPLANT, OPERATION])
def test_an_active_dialysis_fluid_lifts_a_transplant(transplant: Condition | Procedure) -> None:
    assert whole(transplant, FLUID) == DialysisStatus(Dialysis.ON, "icodextrin as worded")


@pytest.mark.parametrize(
    ("days", "expected"), [(RECENT_AFTER_TRANSPLANT, Dialysis.ON), (RECENT_AFTER_TRANSPLANT + 1, Dialysis.NONE)]
)
def test_a_recent_monthly_service_lifts_a_transplant(days: int, expected: Dialysis) -> None:
    assert status(TRANSPLANT, procedure(MONTHLY_SERVICE, days)) is expected


def test_words_of_dialysis_later_than_the_transplant_lift_it_and_presume_dialysis() -> None:
    later, before = (condition("dialysis_in_words", recorded=span(days)) for days in (99, 100))
    assert whole(transplanted(onset=span(100)), later).evidence == "read from words"
    assert status(transplanted(onset=span(100)), before) is Dialysis.NONE


# ------------------------------------------------------------------ words
@pytest.mark.parametrize("words", [IN_WORDS, END_STAGE_IN_WORDS])
def test_words_presume_dialysis(words: Condition) -> None:
    assert whole(words) == DialysisStatus(Dialysis.PRESUMED, "read from words")
    assert status(condition(*words.concepts, past=True)) is Dialysis.NONE


def test_codes_go_before_words() -> None:
    assert whole(IN_WORDS, ESRD).evidence == "presumed from the ESRD code"
    assert status(IN_WORDS, ON_DIALYSIS) is Dialysis.ON


def test_untreated_disease_takes_back_the_end_stage_words_and_not_those_of_dialysis() -> None:
    assert status(END_STAGE_IN_WORDS, UNTREATED) is Dialysis.NONE
    assert whole(IN_WORDS, ESRD, UNTREATED).evidence == "read from words"


@pytest.mark.parametrize("concept", ["esrd_taken_back", "ckd4", "ckd5", "history_of_dialysis", "acute_kidney_injury"])
def test_these_alone_show_nothing(concept: str) -> None:
    assert status(condition(concept)) is Dialysis.NONE


# ------------------------------------------------------------------ acute kidney injury
@pytest.mark.parametrize("concept", DIALYSIS_PROCEDURES)
def test_sessions_alone_in_acute_kidney_injury_only_presume_dialysis(concept: str) -> None:
    assert whole(procedure(concept, 5), ACUTE) == DialysisStatus(Dialysis.PRESUMED, "acute kidney injury on record")
    assert status(procedure(concept, RECENT + 1), ACUTE) is Dialysis.NONE
    assert status(procedure(concept, 5), condition("acute_kidney_injury", past=True)) is Dialysis.ON


@pytest.mark.parametrize("more", [ON_DIALYSIS, ESRD, END_STAGE_IN_WORDS, FAILED, procedure(MONTHLY_SERVICE, 40), FLUID])
def test_other_evidence_beside_them_shows_dialysis(more: Condition | Procedure | Medication) -> None:
    assert status(procedure("haemodialysis_procedure", 5), ACUTE, more) is Dialysis.ON


def test_words_of_dialysis_do_not_confirm_it_beside_acute_kidney_injury() -> None:
    assert whole(procedure("haemodialysis_procedure", 5), ACUTE, IN_WORDS).evidence == "acute kidney injury on record"


def test_a_failed_graft_beside_acute_kidney_injury_shows_dialysis() -> None:
    sessions = procedure("haemodialysis_procedure", 5)
    assert status(sessions, ACUTE, transplanted(onset=span(100)), condition("dialysis_in_words", onset=span(9))) is (
        Dialysis.ON
    )


def test_sessions_in_acute_kidney_injury_lift_a_transplant_and_presume_dialysis() -> None:
    assert whole(TRANSPLANT, procedure("haemodialysis_procedure", 5), ACUTE).evidence == "acute kidney injury on record"
    assert status(TRANSPLANT, procedure("haemodialysis_procedure", 5), ACUTE, FLUID) is Dialysis.ON
    monthly = procedure(MONTHLY_SERVICE, 20)
    assert status(TRANSPLANT, procedure("haemodialysis_procedure", 5), ACUTE, monthly) is Dialysis.ON


# ------------------------------------------------------------------ sessions that could not be read
def may_be(*things: Condition | Procedure, unread: tuple[int | None, ...]) -> bool:
    days = tuple(None if days is None else ago(days) for days in unread)
    return may_be_dialysed(replace(chart(*things), unread_sessions=days), ON, LIMITS)


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (RECENT, True), (RECENT + 1, False)])
def test_an_unread_session_matters_within_the_window_of_one_that_was_read(days: int, expected: bool) -> None:
    assert may_be(unread=(days,)) is expected
    assert may_be(ESRD, TRANSPLANT, FAILED, unread=(days,)) is expected
    assert may_be(unread=(RECENT + 1, days, -1)) is expected


@pytest.mark.parametrize("transplant", [TRANSPLANT, OPERATION])
@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, False), (0, True), (RECENT_AFTER_TRANSPLANT, True), (RECENT_AFTER_TRANSPLANT + 1, False)],
)
def test_with_a_working_transplant_it_matters_within_the_shorter_window(
    days: int, expected: bool, transplant: Condition | Procedure
) -> None:
    assert may_be(transplant, unread=(days,)) is expected


def test_dialysis_later_than_the_transplant_gives_back_the_longer_window() -> None:
    for days, expected in ((99, True), (100, False)):
        later = condition("dialysis_in_words", onset=span(days))
        assert may_be(transplanted(onset=span(100)), later, unread=(RECENT,)) is expected


def test_a_session_of_an_unknown_day_matters_always_and_none_never() -> None:
    for things in ((), (TRANSPLANT,), (ESRD,)):
        assert may_be(*things, unread=(None,))
        assert not may_be(*things, unread=())
