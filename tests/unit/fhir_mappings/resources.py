"""Builders of FHIR JSON for the tests of this folder: only what a test says differs from an ordinary resource."""

from __future__ import annotations

from typing import Any

from fhir_mappings.units import Unit

PATIENT = "p1"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CPT = "http://www.ama-assn.org/go/cpt"
ICD10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10_WHO = "http://hl7.org/fhir/sid/icd-10"
ICD10_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD9_CM = "http://hl7.org/fhir/sid/icd-9-cm"
ICD11 = "http://id.who.int/icd/entity"

Json = dict[str, Any]


def concept(text: str = "", *codings: tuple[str, str] | tuple[str, str, str]) -> Json:
    """A CodeableConcept of (system, code[, display]) codings."""
    found: Json = {"text": text} if text else {}
    if codings:
        found["coding"] = [dict(zip(("system", "code", "display"), coding, strict=False)) for coding in codings]
    return found


def from_canonical(unit: Unit, value: float) -> float:
    """A value of the canonical unit in another one, without rounding."""
    return value * unit.divide_by / unit.times + unit.minus


def about() -> Json:
    return {"reference": f"Patient/{PATIENT}"}


def quantity(value: object, unit: str = "mg/dL", **more: Any) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def observation(code: str = "17861-6", value: object = 9.4, unit: str = "mg/dL", **more: Any) -> Json:
    """A final Observation of 1 March 2026; members given as None are left out."""
    found: Json = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept("", (LOINC, code)),
        "subject": about(),
        "effectiveDateTime": "2026-03-01T10:00:00Z",
        "valueQuantity": quantity(value, unit),
        **more,
    }
    return {key: member for key, member in found.items() if member is not None}


def condition(text: str = "", *codings: tuple[str, str] | tuple[str, str, str], **more: Any) -> Json:
    """An active, confirmed Condition; members given as None are left out."""
    found: Json = {
        "resourceType": "Condition",
        "clinicalStatus": concept("", ("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")),
        "verificationStatus": concept("", ("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")),
        "code": concept(text, *codings),
        "subject": about(),
        **more,
    }
    return {key: member for key, member in found.items() if member is not None}


def procedure(*codings: tuple[str, str], **more: Any) -> Json:
    found: Json = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept("", *codings),
        "subject": about(),
        "performedDateTime": "2026-02-27T08:00:00Z",
        **more,
    }
    return {key: member for key, member in found.items() if member is not None}


def prescription(text: str = "", *codings: tuple[str, str] | tuple[str, str, str], **more: Any) -> Json:
    """An active MedicationRequest; members given as None are left out."""
    found: Json = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(text, *codings),
        "subject": about(),
        "authoredOn": "2026-01-15",
        **more,
    }
    return {key: member for key, member in found.items() if member is not None}


def by_route(text: str = "", *codings: tuple[str, str] | tuple[str, str, str]) -> list[Json]:
    """The dosageInstruction of an order by one route."""
    return [{"text": "as directed", "route": concept(text, *codings)}]
