"""A course for the tests of its page: synthetic patients read as from a FHIR server, and a few records of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.web.course.units import RULES, Units
from cds_service.web.course.words import CourseWords
from fhir_mappings.chart import ChartContext, Gathered
from fhir_mappings.course.history import LOOK_BACK_DAYS, course_queries, read_history
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import build_queries
from hooks.course.course import Course, build_course
from hooks.course.record import History
from hooks.policy import Policy

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
FIRST = TODAY - timedelta(days=LOOK_BACK_DAYS)
PATIENTS = {patient.key: patient for patient in load_patients(NOW)}
TWO_YEARS = PATIENTS["two-years-to-calciphylaxis"]
Json = dict[str, Any]


@cache
def policy() -> Policy:
    return default_policy()


_VOCABULARY = default_vocabulary()


def words(on: date = TODAY, units: str = RULES) -> CourseWords:
    return CourseWords(Units(policy().wording, _VOCABULARY.labs, units), on)


_QUERIES = course_queries(build_queries(_VOCABULARY, default_policy()))


def history_of(patient_id: str, resources: list[Json], *failed: str) -> History:
    """The history as it would be fetched; `failed` names the searches that brought nothing but an error."""
    seen: set[str] = set()
    gathered = []
    for query in _QUERIES:
        if query.key in failed:
            gathered.append(Gathered(query, (), failed="the FHIR server answered 500"))
            continue
        # All observations come with the first search for them: the server decides which search brings which.
        mine = [] if query.resource_type in seen else [r for r in resources if r["resourceType"] == query.resource_type]
        seen.add(query.resource_type)
        gathered.append(Gathered(query, mine))
    apart = {
        f"Medication/{resource['id']}": resource for resource in resources if resource["resourceType"] == "Medication"
    }
    return read_history(gathered, ChartContext(patient_id, TODAY, ZoneInfo("UTC"), medications=apart), _VOCABULARY)


def course_of(patient: SyntheticPatient, *failed: str) -> Course:
    return build_course(history_of(patient.patient_id, list(patient.resources), *failed), FIRST, TODAY, policy())


@cache
def two_years() -> Course:
    return course_of(TWO_YEARS)


@cache
def nothing() -> Course:
    """The course of a patient of whom only the Patient is on record."""
    return build_course(history_of("p1", [{"resourceType": "Patient", "id": "p1"}]), FIRST, TODAY, policy())
