"""The patients to choose from on a server that asks for no authorization.

What may live here: that one search. Where an EHR signs people in, it is the EHR that knows the patient.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.fhir_client import FhirError, FhirReader, FhirServer
from fhir_mappings.fhir_json import FHIR_ID, as_text
from fhir_mappings.patients import patient_name

MOST = 100


@dataclass(frozen=True, slots=True)
class Person:
    """What a person is chosen by; `born` is "" where the server does not tell."""

    id: str
    name: str
    born: str


def patients(reader: FhirReader, base: str) -> tuple[list[Person], str]:
    """The first hundred by name, or none and why they could not be read."""
    try:
        with reader.talk(FhirServer(base), reader.deadline()) as talk:
            found = talk.answer(talk.search(f"Patient?_count={MOST}", past=lambda _: True)).resources
    except FhirError as error:
        return [], error.reason
    people = [
        Person(as_text(patient.get("id")), patient_name(patient), as_text(patient.get("birthDate")))
        for patient in found
        if patient.get("resourceType") == "Patient" and FHIR_ID.fullmatch(as_text(patient.get("id")))
    ]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))[:MOST], ""
