"""When something began and ended: what a prescription, a condition or a procedure says of it, and what it does not."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.course.periods import (
    CHANGED,
    DOSAGE,
    UNTOLD,
    condition_period,
    medication_period,
    procedure_period,
    was_taken,
)
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Medication
from hooks.course.record import ConditionPeriod, End, MedicationPeriod
from tests.unit.fhir_mappings.resources import CPT, SNOMED, concept, condition, prescription, procedure

TODAY = date(2026, 3, 2)
UTC = ZoneInfo("UTC")
DRUG = Medication("MedicationRequest/1", "warfarin", (), date(2026, 1, 10))


def dosage(**repeat: Any) -> list[dict[str, Any]]:
    return [{"timing": {"repeat": repeat}}]


def span(start: str | None, end: str | None) -> dict[str, str]:
    return {name: value for name, value in (("start", start), ("end", end)) if value}


def read(**more: Any) -> MedicationPeriod:
    return medication_period(prescription("warfarin", authoredOn="2026-01-10", **more), DRUG, TODAY, UTC)


def ends(found: MedicationPeriod) -> tuple[End, date | None, str]:
    return found.end, found.last, found.end_from


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error"])
def test_orders_that_were_never_carried_out_exposed_nobody(status: str) -> None:
    assert not was_taken(prescription("warfarin", status=status))


@pytest.mark.parametrize("status", ["active", "on-hold", "stopped", "completed", "unknown", None])
def test_every_other_status_may_have(status: str | None) -> None:
    assert was_taken(prescription("warfarin", status=status))


def test_an_order_not_to_give_a_drug_exposed_nobody() -> None:
    assert not was_taken(prescription("warfarin", doNotPerform=True))


@pytest.mark.parametrize("status", ["active", None])
def test_an_active_prescription_goes_on_whatever_its_dosage_period_says(status: str | None) -> None:
    found = read(status=status, dosageInstruction=dosage(boundsPeriod=span("2026-01-12", "2026-02-01")))
    assert (found.status, *ends(found)) == ("active", End.ONGOING, None, "")
    assert (found.start, found.known) == (date(2026, 1, 12), date(2026, 1, 10))


def test_a_prescription_begins_with_its_first_dosage_else_its_validity_else_when_it_was_written() -> None:
    validity = {"validityPeriod": span("2026-01-20", None)}
    two = [*dosage(boundsPeriod=span("2026-02-01", None)), *dosage(boundsPeriod=span("2026-01-15", None))]
    assert read(dosageInstruction=two, dispenseRequest=validity).start == date(2026, 1, 15)
    assert read(dispenseRequest=validity).start == date(2026, 1, 20)
    assert read().start == date(2026, 1, 10)


def test_a_completed_prescription_ends_with_its_last_dosage() -> None:
    two = [
        *dosage(boundsPeriod=span("2026-01-10", "2026-02-10")),
        *dosage(boundsPeriod=span("2026-01-10", "2026-02-20")),
    ]
    assert ends(read(status="completed", dosageInstruction=two)) == (End.KNOWN, date(2026, 2, 20), DOSAGE)


@pytest.mark.parametrize("status", ["stopped", "on-hold", "unknown"])
def test_what_did_not_run_to_its_end_did_not_keep_to_its_plan(status: str) -> None:
    found = read(status=status, dosageInstruction=dosage(boundsPeriod=span("2026-01-10", "2026-02-10")))
    assert ends(found) == (End.UNKNOWN, None, f"dosage planned to 2026-02-10, {UNTOLD}")


def test_a_dosage_without_an_end_leaves_the_end_open() -> None:
    two = [*dosage(boundsPeriod=span("2026-01-10", "2026-02-10")), *dosage(boundsPeriod=span("2026-02-11", None))]
    assert ends(read(status="completed", dosageInstruction=two)) == (End.UNKNOWN, None, "")


@pytest.mark.parametrize(
    ("duration", "last"),
    [
        ({"value": 10, "code": "d"}, date(2026, 1, 19)),
        ({"value": 2, "unit": "wk"}, date(2026, 1, 23)),
        ({"value": 1, "code": "mo"}, date(2026, 2, 8)),
    ],
)
def test_a_length_of_time_counts_from_the_prescription(duration: dict[str, Any], last: date) -> None:
    found = read(status="completed", dosageInstruction=dosage(boundsDuration=duration))
    assert (found.start, found.last) == (date(2026, 1, 10), last)


@pytest.mark.parametrize(
    "duration",
    [{"value": True, "code": "d"}, {"value": "7", "code": "d"}, {"value": 7, "code": "h"}, {"code": "d"}],
)
def test_a_length_that_cannot_be_read_leaves_the_end_open(duration: dict[str, Any]) -> None:
    assert read(status="completed", dosageInstruction=dosage(boundsDuration=duration)).end is End.UNKNOWN


@pytest.mark.parametrize("value", [0, -3, 1e9, float("nan")])
def test_a_length_out_of_all_proportion_leaves_the_end_open(value: float) -> None:
    duration = {"value": value, "code": "d"}
    assert read(status="completed", dosageInstruction=dosage(boundsDuration=duration)).end is End.UNKNOWN


def test_the_longest_length_stays_within_the_calendar() -> None:
    duration = {"value": 99_999, "code": "a"}
    assert read(status="completed", dosageInstruction=dosage(boundsDuration=duration)).end is End.UNKNOWN


def test_a_length_without_a_day_to_count_from_leaves_the_end_open() -> None:
    request = prescription(
        "warfarin", status="completed", dosageInstruction=dosage(boundsDuration={"value": 7, "code": "d"})
    )
    request.pop("authoredOn", None)
    assert medication_period(request, DRUG, TODAY, UTC).end is End.UNKNOWN


def test_a_range_of_lengths_says_no_end() -> None:
    found = read(status="completed", dosageInstruction=dosage(boundsRange={"high": {"value": 7, "code": "d"}}))
    assert found.end is End.UNKNOWN


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_the_validity_bounds_dispensing_and_says_nothing_of_the_end_of_taking(status: str) -> None:
    validity = {"validityPeriod": span("2026-01-10", "2026-02-05")}
    assert ends(read(status=status, dispenseRequest=validity)) == (
        End.UNKNOWN,
        None,
        f"prescription valid to 2026-02-05, {UNTOLD}",
    )


def test_a_plan_beyond_today_does_not_say_when_it_was_given_up() -> None:
    found = read(status="completed", dosageInstruction=dosage(boundsPeriod=span("2026-01-10", "2026-06-01")))
    assert ends(found) == (End.UNKNOWN, None, f"dosage planned to 2026-06-01, {UNTOLD}")


def test_a_prescription_that_says_nothing_of_its_end_has_an_unknown_one() -> None:
    assert ends(read(status="completed")) == (End.UNKNOWN, None, "")


def test_a_pause_is_not_planned_in_the_dosage() -> None:
    found = read(status="on-hold", dosageInstruction=dosage(boundsPeriod=span("2026-01-10", "2026-02-01")))
    assert found.end is End.UNKNOWN


@pytest.mark.parametrize("status", ["on-hold", "stopped"])
def test_the_day_of_the_status_change_decides_where_it_is_recorded(status: str) -> None:
    found = read(status=status, statusChanged="2026-02-14T10:00:00Z")
    assert ends(found) == (End.KNOWN, date(2026, 2, 14), CHANGED)


# ------------------------------------------------------------------ conditions
def entry(vocabulary: Vocabulary, **more: Any) -> ConditionPeriod:
    found = condition_period(condition("Livedo", (SNOMED, "238772004"), **more), TODAY, UTC, vocabulary.conditions)
    assert found is not None
    return found


def clinical(code: str) -> dict[str, Any]:
    return concept("", ("http://terminology.hl7.org/CodeSystem/condition-clinical", code))


def test_a_condition_is_known_from_its_recording_else_from_its_onset(vocabulary: Vocabulary) -> None:
    both = entry(vocabulary, onsetDateTime="2026-01-01", recordedDate="2026-02-01")
    assert both.known == date(2026, 2, 1)
    assert entry(vocabulary, onsetDateTime="2026-01").known == date(2026, 1, 31)
    assert entry(vocabulary).known is None


def test_a_year_that_is_not_over_counts_as_today(vocabulary: Vocabulary) -> None:
    assert entry(vocabulary, recordedDate="2026").known == TODAY


def test_an_active_condition_has_no_end_even_with_an_abatement(vocabulary: Vocabulary) -> None:
    found = entry(vocabulary, recordedDate="2026-01-01", abatementDateTime="2026-02-01")
    assert (found.end, found.gone) == (End.ONGOING, None)


@pytest.mark.parametrize(
    "abatement",
    [{"abatementDateTime": "2026-02-01"}, {"abatementPeriod": {"start": "2026-01-20", "end": "2026-02-01"}}],
)
def test_a_resolved_condition_is_gone_from_its_abatement(vocabulary: Vocabulary, abatement: dict[str, Any]) -> None:
    found = entry(vocabulary, clinicalStatus=clinical("resolved"), recordedDate="2026-01-01", **abatement)
    assert (found.end, found.gone) == (End.KNOWN, date(2026, 2, 1))
    assert (found.now.active, found.then.active) == (False, True)


def test_a_condition_recorded_after_it_was_gone_is_known_from_then(vocabulary: Vocabulary) -> None:
    past = {"clinicalStatus": clinical("resolved"), "abatementDateTime": "2026-01-05"}
    assert entry(vocabulary, recordedDate="2026-02-01", **past).known == date(2026, 1, 5)
    assert entry(vocabulary, **past).known is None


def test_a_resolved_condition_without_an_abatement_ended_on_an_unknown_day(vocabulary: Vocabulary) -> None:
    found = entry(vocabulary, clinicalStatus=clinical("resolved"), abatementString="in spring")
    assert (found.end, found.gone) == (End.UNKNOWN, None)


def test_resolved_calciphylaxis_reads_as_calciphylaxis_while_it_was_there(vocabulary: Vocabulary) -> None:
    resource = condition("Calciphylaxis", (SNOMED, "237900002"), clinicalStatus=clinical("resolved"))
    found = condition_period(resource, TODAY, UTC, vocabulary.conditions)
    assert found is not None
    assert ("calciphylaxis_history" in found.now.concepts, "calciphylaxis" in found.then.concepts) == (True, True)


def test_a_refuted_condition_never_was(vocabulary: Vocabulary) -> None:
    refuted = condition("Livedo", (SNOMED, "238772004"), verificationStatus=concept("", ("x", "refuted")))
    assert condition_period(refuted, TODAY, UTC, vocabulary.conditions) is None


# ------------------------------------------------------------------ procedures
@pytest.mark.parametrize(
    ("when", "start"),
    [
        ({"performedPeriod": {"start": "2026-02-01", "end": "2026-02-03"}}, date(2026, 2, 1)),
        ({"performedDateTime": "2026-02-05"}, date(2026, 2, 5)),
        ({"performedDateTime": None}, None),
    ],
)
def test_a_procedure_begins_with_its_period_else_on_its_day(
    vocabulary: Vocabulary, when: dict[str, Any], start: date | None
) -> None:
    resource = procedure((SNOMED, "302497006"), **({"performedDateTime": None} | when))
    found = procedure_period(resource, TODAY, UTC, vocabulary.conditions)
    assert found is not None
    assert found.start == start


def test_a_procedure_of_no_interest_is_none(vocabulary: Vocabulary) -> None:
    assert procedure_period(procedure((CPT, "00000")), TODAY, UTC, vocabulary.conditions) is None
