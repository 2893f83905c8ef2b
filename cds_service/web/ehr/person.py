"""Who the chart is about, and the patients to pick from.

What may live here: searching and reading Patients, and their words. Narrative is never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from cds_service.ehr_client import Ehr, EhrError, Resource
from cds_service.web.ehr.rows import has_more, tells_of_error
from cds_service.web.stories import TAG_TOKEN, Story, story_of
from fhir_mappings.fhir_json import as_objects, as_text
from fhir_mappings.patients import patient_name

_MOST_PATIENTS = 100


@dataclass(frozen=True, slots=True)
class PatientHeading:
    """Who the chart is about. `story` is that of a synthetic patient."""

    id: str
    name: str
    sex: str
    born: str
    age: str
    known_as: str = ""
    story: Story | None = None


class FoundPatients(NamedTuple):
    """The first page of patients. `more` says that the FHIR server holds others."""

    people: list[PatientHeading]
    more: bool


def find_patients(ehr: Ehr, name: str, on: date) -> FoundPatients:
    """The synthetic patients of the server or, where there are none, any; EhrError when it cannot be searched."""
    wanted = {"name": name} if name else {}
    tagged = _patients(ehr, {"_tag": TAG_TOKEN, **wanted, "_count": str(_MOST_PATIENTS)}, on)
    return tagged if tagged.people or tagged.more else _patients(ehr, {**wanted, "_count": str(_MOST_PATIENTS)}, on)


def read_person(ehr: Ehr, patient_id: str, on: date) -> PatientHeading:
    """The patient; EhrError when the server does not give it."""
    patient = ehr.read(f"Patient/{patient_id}")
    if patient.get("resourceType") != "Patient":
        raise EhrError("the answer is no Patient", 200)
    return person(patient, on)


def person_without_name(patient_id: str) -> PatientHeading:
    """The heading of a patient who could not be read: of nothing but the id is anything known."""
    return PatientHeading(patient_id, f"{patient_id} (the name could not be read)", "sex not known", "", "")


def person(patient: Resource, on: date) -> PatientHeading:
    """The words for a patient."""
    born = as_text(patient.get("birthDate"))
    identifiers = (as_text(identifier.get("value")) for identifier in as_objects(patient.get("identifier")))
    return PatientHeading(
        id=as_text(patient.get("id")),
        name=patient_name(patient),
        sex=as_text(patient.get("gender")) or "sex not recorded",
        born=born,
        age=_age(born, on),
        known_as=next(filter(None, identifiers), ""),
        story=story_of(patient),
    )


def _patients(ehr: Ehr, query: Mapping[str, str], on: date) -> FoundPatients:
    bundle = ehr.read(f"Patient?{urlencode(query)}")
    if bundle.get("resourceType") != "Bundle" or tells_of_error(bundle):
        raise EhrError("the list of patients could not be read", 200)
    found = (entry.get("resource") for entry in as_objects(bundle.get("entry")))
    people = [
        person(patient, on)
        for patient in found
        if isinstance(patient, dict) and patient.get("resourceType") == "Patient" and patient.get("id")
    ]
    return FoundPatients(people, has_more(bundle))


def _age(born: str, on: date) -> str:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return ""
    return str(on.year - day.year - ((on.month, on.day) < (day.month, day.day)))
