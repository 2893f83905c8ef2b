"""Procedures: which count, on which day, and which are running."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.procedures import read_procedure
from hooks.chart import Procedure, Sign
from tests.unit.fhir_mappings.resources import CPT, SNOMED, Json, concept, procedure

UTC = ZoneInfo("UTC")
WORDS = default_vocabulary().conditions
HAEMODIALYSIS = (SNOMED, "302497006")
ON = date(2026, 3, 1)


def read(resource: Json) -> Procedure | None:
    return read_procedure(resource, ON, UTC, WORDS)


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ((SNOMED, "302497006"), "haemodialysis_procedure"),
        ((SNOMED, "233586004"), "haemodialysis_procedure"),
        ((CPT, "90935"), "haemodialysis_procedure"),
        ((CPT, "90999"), "haemodialysis_procedure"),
        ((SNOMED, "71192002"), "peritoneal_dialysis_procedure"),
        ((SNOMED, "428648006"), "peritoneal_dialysis_procedure"),
        ((CPT, "90960"), "dialysis_monthly_service"),
        ((CPT, "90970"), "dialysis_monthly_service"),
        ((SNOMED, "431339008"), "mechanical_valve"),
        ((SNOMED, "108241001"), "dialysis_procedure"),
        ((SNOMED, "265764009"), "dialysis_procedure"),
        ((SNOMED, "70536003"), "transplant_procedure"),
        ((SNOMED, "175901007"), "transplant_procedure"),
        ((CPT, "60500"), "parathyroidectomy"),
        ((CPT, "60512"), "parathyroidectomy"),
        ((SNOMED, "12330002"), "parathyroidectomy"),
        ((SNOMED, "232967006"), "ventricular_assist_device"),
        ((CPT, "33979"), "ventricular_assist_device"),
    ],
)
def test_a_procedure_stands_for_its_concept(coding: tuple[str, str], expected: str) -> None:
    found = read(procedure(coding))
    assert found is not None
    assert list(found.concepts) == [expected]


@pytest.mark.parametrize(
    "coding",
    [
        (CPT, "90945"),
        (CPT, "90947"),
        (SNOMED, "233580005"),
        (SNOMED, "708932005"),
        (SNOMED, "233578004"),
        (SNOMED, "46177005"),
        ("urn:local", "90935"),
    ],
)
def test_continuous_emergency_and_other_treatment_is_nothing(coding: tuple[str, str]) -> None:
    assert read(procedure(coding)) is None


@pytest.mark.parametrize(
    "status", ["preparation", "not-done", "on-hold", "stopped", "entered-in-error", "unknown", None, ["completed"]]
)
def test_only_completed_and_running_procedures_count(status: object) -> None:
    assert read(procedure(HAEMODIALYSIS) | {"status": status}) is None


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ({"performedDateTime": "2026-02-27T08:00:00Z"}, date(2026, 2, 27)),
        ({"performedPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}, date(2026, 2, 1)),
        ({"performedPeriod": {"start": "2026-01-01", "end": "2027-02-01"}}, ON),
        ({"performedPeriod": {"start": "2026-04-01", "end": "2027-02-01"}}, date(2026, 4, 1)),
        ({"performedPeriod": {"start": "2026-01-01"}}, date(2026, 1, 1)),
        ({"performedPeriod": {"start": "2026-01-01"}, "performedDateTime": "2026-02-01"}, date(2026, 1, 1)),
        ({"occurrenceDateTime": "2026-02-27"}, date(2026, 2, 27)),
        ({"occurrencePeriod": {"end": "2026-02-01"}}, date(2026, 2, 1)),
        ({"performedDateTime": "2026-02"}, date(2026, 2, 28)),
        ({"performedDateTime": "2025"}, date(2025, 12, 31)),
        ({"performedDateTime": "2026"}, ON),
        ({"performedDateTime": "2026-03-02"}, ON),
        ({"performedDateTime": "2026-03-02T08:00:00Z"}, date(2026, 3, 2)),
        ({"performedDateTime": "2026-03-03"}, date(2026, 3, 3)),
        ({"performedDateTime": "2027"}, date(2027, 12, 31)),
        ({"performedPeriod": {"start": "2026-03-02", "end": "2026-03-02"}}, ON),
        ({"performedString": "last week"}, None),
        ({"performedPeriod": "2026-02"}, None),
        ({}, None),
    ],
)
def test_the_day_is_the_end_else_the_start_else_the_date(when: Json, day: date | None) -> None:
    found = read(procedure(HAEMODIALYSIS, performedDateTime=None) | when)
    assert found is not None
    assert found.on == day


@pytest.mark.parametrize(
    ("status", "period", "ongoing"),
    [
        ("in-progress", {"start": "2025-01-01"}, True),
        ("in-progress", None, True),
        ("in-progress", {"start": "2025-01-01", "end": "2025-02-01"}, False),
        ("completed", {"start": "2025-01-01"}, False),
    ],
)
def test_a_running_procedure_without_an_end_is_ongoing(status: str, period: Json | None, ongoing: bool) -> None:
    found = read(procedure(HAEMODIALYSIS, status=status, performedPeriod=period, performedDateTime=None))
    assert found is not None
    assert found.ongoing is ongoing


@pytest.mark.parametrize("status", ["Completed", "IN-PROGRESS"])
def test_the_letter_case_of_a_status_makes_no_difference(status: str) -> None:
    assert read(procedure(HAEMODIALYSIS, status=status)) is not None


@pytest.mark.parametrize(("status", "counts"), [("completed", True), ("in-progress", False)])
@pytest.mark.parametrize("coding", [(SNOMED, "70536003"), (SNOMED, "431339008")])
def test_a_transplant_or_a_valve_is_there_once_the_operation_is_over(
    coding: tuple[str, str], status: str, counts: bool
) -> None:
    assert (read(procedure(coding, status=status)) is not None) is counts


def test_home_dialysis_services_are_also_evidence_of_peritoneal_dialysis() -> None:
    found = read(procedure((CPT, "90966")))
    assert found is not None
    assert set(found.concepts) == {"dialysis_monthly_service", "peritoneal_evidence"}


def test_the_words_and_the_code_are_kept() -> None:
    found = read(procedure() | {"code": concept("HD session", HAEMODIALYSIS)})
    sign = Sign("haemodialysis_procedure", "SNOMED CT 302497006")
    assert found == Procedure("HD session", {"haemodialysis_procedure": sign}, date(2026, 2, 27))
    bare = read(procedure(HAEMODIALYSIS))
    assert bare is not None
    assert bare.text == "SNOMED CT 302497006"


@pytest.mark.parametrize("text", ["Mechanical\u200bvalve", "MECHANICAL_VALVE"])
def test_what_stands_between_two_words_does_not_hide_them(text: str) -> None:
    found = read(procedure(code={"text": text}))
    assert found is not None
    assert (found.text, list(found.concepts)) == (text, ["mechanical_valve"])
