"""Who the course is about, in the words of the record.

What may live here: the name of a Patient resource for a heading and a list. Nothing that a rule looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhir_mappings.fhir_json import Json, as_objects, as_text

NAMELESS = "patient without a name"
_LAST = ("old", "maiden", "anonymous")


def patient_name(patient: Json) -> str:
    """The name as written, else given names and family name; of several the first that is in use."""
    names = sorted(as_objects(patient.get("name")), key=lambda name: as_text(name.get("use")) in _LAST)
    return next((words for name in names if (words := _words(name))), NAMELESS)


def _words(name: Json) -> str:
    return as_text(name.get("text")) or " ".join([*_texts(name.get("given")), as_text(name.get("family"))]).strip()


def _texts(values: Any) -> Sequence[str]:
    return [text for value in (values if isinstance(values, list) else [values]) if (text := as_text(value))]
