"""What an EHR holds of the patient of the contract tests, key by key of the advertised prefetch.

What may live here: FHIR R4 resources and searches as they look on the wire. Nothing is asked and nothing is checked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Record = dict[str, list[Json]]
"""The resources by prefetch key. A key that is absent holds nothing."""

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PATIENT_ID = "kidney-7"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

PATIENT: Json = {
    "resourceType": "Patient",
    "id": PATIENT_ID,
    "name": [{"family": "Zephyrine", "given": ["Ottoline"]}],
    "gender": "male",
    "birthDate": "1956-04-17",
}
CHILD: Json = {**PATIENT, "birthDate": "2015-04-17"}


def about(patient_id: str = PATIENT_ID) -> Json:
    return {"subject": {"reference": f"Patient/{patient_id}"}}


def condition(number: str, text: str, patient_id: str = PATIENT_ID, **coding: str) -> Json:
    code: Json = {"text": text, "coding": [coding]} if coding else {"text": text}
    return {"resourceType": "Condition", "id": number, **about(patient_id), "code": code}


def procedure(number: str, code: str, days_ago: int = 3) -> Json:
    return {
        "resourceType": "Procedure",
        "id": number,
        "status": "completed",
        **about(),
        "code": {"coding": [{"system": SNOMED, "code": code}]},
        "performedDateTime": days_before(days_ago),
    }


def order(number: str, code: str, text: str, status: str = "active", patient_id: str = PATIENT_ID) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": number,
        "status": status,
        "intent": "order",
        **about(patient_id),
        "authoredOn": days_before(40),
        "medicationCodeableConcept": {"text": text, "coding": [{"system": RXNORM, "code": code}]},
    }


def draft(number: str, code: str, text: str) -> Json:
    return order(number, code, text, status="draft")


def result(number: str, loinc: str, value: float, unit: str, days_ago: int = 6, patient_id: str = PATIENT_ID) -> Json:
    return {
        "resourceType": "Observation",
        "id": number,
        "status": "final",
        **about(patient_id),
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "effectiveDateTime": days_before(days_ago),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def days_before(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


ON_DIALYSIS = condition("on-dialysis", "Dependence on renal dialysis", system=ICD10CM, code="Z99.2")
CALCIPHYLAXIS = condition("calciphylaxis", "Calciphylaxis", system=SNOMED, code="237900002")
HAEMODIALYSIS = procedure("session", "302497006")
MECHANICAL_VALVE = procedure("valve", "699347000", days_ago=2000)
WARFARIN = order("warfarin-active", "855332", "warfarin 5 mg tablet")
HIGH_CALCIUM = result("calcium-high", "17861-6", 11.6, "mg/dL")
NORMAL_LABS: Record = {
    "calcium": [result("calcium", "17861-6", 9.2, "mg/dL")],
    "phosphate_albumin": [
        result("phosphate", "2777-1", 4.4, "mg/dL"),
        result("albumin", "1751-7", 4.1, "g/dL"),
    ],
    "pth_alp": [result("pth", "2731-8", 300, "pg/mL")],
    "dialysis_dose": [result("kt-v", "70961-8", 1.6, "1")],
}

WARFARIN_DRAFT = draft("draft-warfarin", "855332", "warfarin 5 mg tablet")
CALCIUM_DRAFT = draft("draft-calcium", "359296", "calcium acetate 667 mg capsule")
CALCITRIOL_DRAFT = draft("draft-calcitriol", "308867", "calcitriol 0.25 microgram capsule")
HARMLESS_DRAFT = draft("draft-paracetamol", "313782", "paracetamol 500 mg tablet")

DIALYSIS: Record = {"conditions": [ON_DIALYSIS], **NORMAL_LABS}
"""On dialysis with everything in range: silence at patient-view."""
CONFIRMED: Record = {"conditions": [ON_DIALYSIS, CALCIPHYLAXIS], "medications": [WARFARIN], **NORMAL_LABS}
"""Calciphylaxis on warfarin: a critical card at patient-view."""


def bundle(*resources: Json, **members: Any) -> Json:
    """A searchset."""
    entry = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(resources), "entry": entry, **members}


def failure(severity: str = "error") -> Json:
    """An OperationOutcome, as an EHR puts it where data should be."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "exception"}]}


def drafts(*orders: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order} for order in orders]}
