"""The Patient resource: day of birth, administrative gender, and the name for headings and lists.

What may live here: reading the Patient. No rule looks at the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo
from typing import Any

from fhir_mappings.dates import read_span
from fhir_mappings.fhir_json import Json, as_objects, as_text

NAMELESS = "patient without a name"
_LAST = ("old", "maiden", "anonymous")


def birth_day(patient: Json, zone: tzinfo) -> date | None:
    """The earliest possible day of birth: a patient known by year alone is an adult as soon as that may be."""
    span = read_span(patient.get("birthDate"), zone)
    return span.first if span else None


def gender(patient: Json) -> str:
    """The administrative gender in lower case, or ""."""
    return as_text(patient.get("gender")).lower()


def patient_name(patient: Json) -> str:
    """The name as written, else family name and given names; the first of several that is in use."""
    names = sorted(as_objects(patient.get("name")), key=lambda name: as_text(name.get("use")) in _LAST)
    return next((words for name in names if (words := _words(name))), NAMELESS)


def _words(name: Json) -> str:
    both = as_text(name.get("family")), " ".join(_texts(name.get("given")))
    return as_text(name.get("text")) or ", ".join(part for part in both if part)


def _texts(values: Any) -> Sequence[str]:
    return [text for value in (values if isinstance(values, list) else [values]) if (text := as_text(value))]
