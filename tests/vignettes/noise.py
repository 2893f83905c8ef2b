"""What every real record holds beside the point: results, drugs and conditions that no card may come from.

What may live here: things that must change nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cds_service.stories.dialects import DIALECTS, SYSTEMS, Dialect
from cds_service.stories.fhir_writer import Record, write
from cds_service.stories.story import Vignette
from cds_service.stories.subject import SUBJECT

Resource = dict[str, Any]

_RESULTS = (
    ("2823-3", 5.9, "mmol/L", 4),
    ("2951-2", 138, "mmol/L", 4),
    ("718-7", 9.1, "g/dL", 4),
    ("2276-4", 1150, "ng/mL", 30),
    ("2502-3", 18, "%", 30),
    ("3094-0", 71, "mg/dL", 4),
    ("2160-0", 9.8, "mg/dL", 4),
    ("2345-7", 212, "mg/dL", 4),
    ("4548-4", 8.9, "%", 40),
    ("6301-6", 3.9, "{INR}", 6),
    ("8867-4", 104, "/min", 1),
    ("29463-7", 61, "kg", 2),
    ("29463-7", 83, "kg", 120),
    # the name of an analyte of ours, and not that analyte
    ("18281-6", 13.4, "mg/dL", 3),
    ("51950-4", 12.9, "mg/dL", 3),
    ("48617-5", 1.1, "mg/dL", 3),
    ("2778-9", 44, "mg/dL", 3),
    ("32045-7", 31, "pg/mL", 3),
    ("35572-7", 0.4, "1", 3),
    ("18262-6", 171, "mg/dL", 3),
    ("33914-3", 6, "mL/min/{1.73_m2}", 3),
)
_DRUGS = ("atorvastatin calcium 40 mg tablet", "pantoprazole 40 mg", "amlodipine 5 mg", "folic acid 5 mg")
_CONDITIONS = (
    ("I10", "Essential hypertension"),
    ("E78.5", "Hyperlipidaemia"),
    ("D63.1", "Anaemia in CKD"),
    ("N25.81", "Secondary hyperparathyroidism of renal origin"),
    ("L29.8", "Uraemic pruritus"),
)


def noisy(vignette: Vignette, dialect: str) -> Record:
    """The record of a vignette in a dialect, with the irrelevant resources beside it."""
    return write(vignette, DIALECTS[dialect], noise(DIALECTS[dialect], vignette.now))


def noise(dialect: Dialect, now: datetime) -> list[Resource]:
    """The irrelevant resources in a dialect."""
    results = [
        {
            "resourceType": "Observation",
            "id": f"noise-result-{number}",
            "status": "final",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [{"system": SYSTEMS["loinc"], "code": code}]},
            "subject": SUBJECT,
            "effectiveDateTime": dialect.moment(now, days_ago),
            "valueQuantity": {"value": value, "unit": unit, "system": SYSTEMS["ucum"], "code": unit},
        }
        for number, (code, value, unit, days_ago) in enumerate(_RESULTS)
    ]
    drugs = [
        {
            "resourceType": "MedicationRequest",
            "id": f"noise-drug-{number}",
            "status": "active",
            "intent": "order",
            "subject": SUBJECT,
            "medicationCodeableConcept": {"text": text},
            "authoredOn": dialect.moment(now, 200),
        }
        for number, text in enumerate(_DRUGS)
    ]
    conditions = [
        {
            "resourceType": "Condition",
            "id": f"noise-condition-{number}",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"coding": [{"system": SYSTEMS["icd10cm"], "code": code}], "text": text},
            "subject": SUBJECT,
            "recordedDate": dialect.moment(now, 800),
        }
        for number, (code, text) in enumerate(_CONDITIONS)
    ]
    return [*results, *drugs, *conditions]
