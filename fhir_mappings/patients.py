"""The Patient resource: day of birth and administrative gender.

What may live here: reading the Patient.
"""

from __future__ import annotations

from datetime import date, tzinfo

from fhir_mappings.dates import read_span
from fhir_mappings.fhir_json import Json, as_text


def birth_day(patient: Json, zone: tzinfo) -> date | None:
    """The earliest possible day of birth: a patient known by year alone is an adult as soon as that may be."""
    span = read_span(patient.get("birthDate"), zone)
    return span.first if span else None


def gender(patient: Json) -> str:
    """The administrative gender in lower case, or ""."""
    return as_text(patient.get("gender")).lower()
