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


def read(resource: Json) -> Procedure | None:
    return read_procedure(resource, UTC, WORDS)


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
        ({"performedPeriod": {"start": "2026-01-01"}}, date(2026, 1, 1)),
        ({"occurrenceDateTime": "2026-02-27"}, date(2026, 2, 27)),
        ({"occurrencePeriod": {"end": "2026-02-01"}}, date(2026, 2, 1)),
        ({"performedDateTime": "2026-02"}, None),
        ({"performedString": "last week"}, None),
        ({"performedPeriod": "2026-02"}, None),
        ({}, None),
    ],
)
def test_the_day_is_the_end_else_the_date_else_the_start(when: Json, day: date | None) -> None:
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


def test_the_words_and_the_code_are_kept() -> None:
    found = read(procedure() | {"code": concept("HD session", HAEMODIALYSIS)})
    sign = Sign("haemodialysis_procedure", "SNOMED CT 302497006")
    assert found == Procedure("HD session", {"haemodialysis_procedure": sign}, date(2026, 2, 27))
    bare = read(procedure(HAEMODIALYSIS))
    assert bare is not None
    assert bare.text == "SNOMED CT 302497006"
