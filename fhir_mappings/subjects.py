"""Whom a resource is about.

What may live here: the patient of a resource, compared with the patient of the request.
"""

from __future__ import annotations

from fhir_mappings.bases import ANYWHERE, Bases
from fhir_mappings.fhir_json import Json, as_object, as_text, is_same_id
from fhir_mappings.letters import is_broken
from fhir_mappings.references import name_of

ANOTHER_PATIENT = "belongs to another patient"
NOBODYS = "it cannot be read whose it is"


def is_about(resource: Json, patient_id: str, bases: Bases = ANYWHERE) -> bool:
    """Does the resource concern this patient? Without a subject it does: it was found under the patient.

    A subject of another type, or of a server that is not the one asked (`bases`), is another one, whatever its id.
    """
    named = _named(resource)
    # As nearly every server writes it; everything else is read part by part.
    if isinstance(named, dict) and named.get("reference") == f"Patient/{patient_id}":
        return True
    reference = as_text(as_object(named).get("reference"))
    if not reference:
        return True
    # "#" alone names something inside this very resource; behind an address it changes nothing.
    subject = name_of(reference.partition("#")[0] or reference)
    return subject.kind in ("", "patient") and is_same_id(subject.identifier, patient_id) and bases.hold(reference)


def is_of_unknown(resource: Json) -> bool:
    """Does the resource name a patient with half a character, so that nobody can tell whose it is?"""
    return is_broken(as_text(as_object(_named(resource)).get("reference")))


def _named(resource: Json) -> object:
    return resource.get("subject") or resource.get("patient")
