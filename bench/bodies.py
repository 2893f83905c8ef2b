"""Realistic request bodies, filled into whatever prefetch keys the service advertises.

What may live here: one invented dialysis patient in the wordy FHIR that EHRs send. The client knows LOINC codes and
the discovery document, nothing else of the service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

Json = dict[str, Any]

PATIENT_ID = "bench-patient-1"
BYTES = 118 * 1024
"""The size of the patient-view body that is aimed at; a few hundred bytes more or less do not matter."""
_SUBJECT = {"reference": f"Patient/{PATIENT_ID}", "display": "Synthetic, Bench"}
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ICD10CM, _SNOMED = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"

# LOINC code, name, value, unit, days ago: twenty that the rules read …
RELEVANT = (
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", 9.9, "mg/dL", 3),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", 9.7, "mg/dL", 33),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", 9.4, "mg/dL", 61),
    ("1994-3", "Calcium.ionized [Moles/volume] in Blood", 1.27, "mmol/L", 40),
    ("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", 6.4, "mg/dL", 3),
    ("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", 6.1, "mg/dL", 33),
    ("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", 5.8, "mg/dL", 61),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", 3.0, "g/dL", 3),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", 3.2, "g/dL", 33),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", 3.4, "g/dL", 61),
    ("2731-8", "Parathyrin.intact [Mass/volume] in Serum or Plasma", 612, "pg/mL", 20),
    ("2731-8", "Parathyrin.intact [Mass/volume] in Serum or Plasma", 540, "pg/mL", 110),
    ("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", 148, "U/L", 20),
    ("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", 139, "U/L", 110),
    ("8310-5", "Body temperature", 36.8, "Cel", 1),
    ("8310-5", "Body temperature", 36.6, "Cel", 2),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", 7.9, "10*3/uL", 3),
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", 14, "mg/L", 3),
    ("39156-5", "Body mass index (BMI) [Ratio]", 36.2, "kg/m2", 10),
    ("39156-5", "Body mass index (BMI) [Ratio]", 36.9, "kg/m2", 100),
)
# … and ten that they do not, each drawn four times.
IRRELEVANT = (
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 5.4, "mmol/L"),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 138, "mmol/L"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 10.4, "g/dL"),
    ("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", 612, "ng/mL"),
    ("2502-3", "Iron saturation [Mass Fraction] in Serum or Plasma", 24, "%"),
    ("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", 58, "mg/dL"),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 7.9, "mg/dL"),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", 161, "mg/dL"),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 7.4, "%"),
    ("6301-6", "INR in Platelet poor plasma by Coagulation assay", 2.6, "{INR}"),
)
# RxNorm code and words.
_DRUGS = (
    ("855332", "warfarin sodium 5 MG Oral Tablet"),
    ("359296", "calcium acetate 667 MG Oral Capsule"),
    ("308867", "calcitriol 0.00025 MG Oral Capsule"),
    ("866924", "metoprolol tartrate 25 MG Oral Tablet"),
    ("617310", "atorvastatin 20 MG Oral Tablet"),
    ("197361", "amlodipine 5 MG Oral Tablet"),
    ("314200", "pantoprazole 40 MG Delayed Release Oral Tablet"),
    ("310436", "gabapentin 100 MG Oral Capsule"),
)
_ORDER = ("359296", "calcium acetate 667 MG Oral Capsule")
# ICD-10-CM code and words.
_CONDITIONS = (
    ("N18.6", "End stage renal disease"),
    ("Z99.2", "Dependence on renal dialysis"),
    ("E11.22", "Type 2 diabetes mellitus with diabetic chronic kidney disease"),
    ("I48.91", "Unspecified atrial fibrillation"),
    ("I10", "Essential (primary) hypertension"),
    ("N25.81", "Secondary hyperparathyroidism of renal origin"),
)


def patient_view_body(service: Mapping[str, Any], now: datetime, months: int = 4) -> bytes:
    """A patient-view request of about 118 KB for this discovered service.

    `months` is how often each of the results that no rule reads was drawn: 8 doubles them, 300 make 5 MB.
    """
    return _encoded(_request(service, now, {}, months))


def order_select_body(service: Mapping[str, Any], now: datetime) -> bytes:
    """An order-select request: the same patient, one calcium acetate picked."""
    draft = {**_medication_request(0, _ORDER, now), "id": "draft-1", "status": "draft"}
    return _encoded(_request(service, now, _drafts(draft)))


def order_sign_body(service: Mapping[str, Any], now: datetime) -> bytes:
    """An order-sign request: the same draft, signed."""
    request = json.loads(order_select_body(service, now))
    del request["context"]["selections"]
    return _encoded(request)


def empty_draft_body(service: Mapping[str, Any], now: datetime) -> bytes:
    """What an EHR sends when the order screen opens: a draft that names no drug, and no prefetch."""
    draft = {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft", "subject": _SUBJECT}
    request = _request(service, now, _drafts(draft))
    del request["prefetch"]
    return _encoded(request)


def _drafts(draft: Json) -> Json:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    return {"draftOrders": bundle, "selections": [f"MedicationRequest/{draft['id']}"]}


def observations(now: datetime, months: int = 4) -> list[Json]:
    """The results, sixty of them in four months, the relevant ones first."""
    others = [(*row, 3 + 30 * turn) for turn in range(months) for row in IRRELEVANT]
    return [_observation(number, row, now) for number, row in enumerate([*RELEVANT, *others])]


def _request(service: Mapping[str, Any], now: datetime, context: Json, months: int = 4) -> Json:
    return {
        "hook": service["hook"],
        "hookInstance": "5d3f7c3e-6f0b-4f4e-9a43-6f3f3e0a7b11",
        "context": {"userId": "Practitioner/bench", "patientId": PATIENT_ID, **context},
        "prefetch": prefetch(service["prefetch"], now, months),
    }


def prefetch(templates: Mapping[str, str], now: datetime, months: int = 4) -> Json:
    """Every advertised key: resources where its search would find them, null where there are none."""
    found: dict[str, list[Json]] = {key: [] for key in templates}
    by_type = {
        "Condition": [_condition(number, row, now) for number, row in enumerate(_CONDITIONS)],
        "MedicationRequest": [_medication_request(number, row, now) for number, row in enumerate(_DRUGS)],
    }
    for key, template in templates.items():
        found[key] = by_type.get(template.split("?")[0], [])
    _sort_in(found, templates, observations(now, months))
    sent: Json = {key: _bundle(resources) if resources else None for key, resources in found.items()}
    for key, template in templates.items():
        if template.startswith("Patient/"):
            sent[key] = _patient(now)
    return sent


def _sort_in(found: Mapping[str, list[Json]], templates: Mapping[str, str], results: Sequence[Json]) -> None:
    """Each result under the key that asks for its code; the others in turn, as from a server that filters loosely."""
    asking = {key: template for key, template in templates.items() if template.startswith("Observation?")}
    turns = cycle(asking)
    for result in results:
        code = result["code"]["coding"][0]["code"]
        key = next((key for key, template in asking.items() if code in template), None)
        found[key or next(turns)].append(result)
    for key in asking:
        found[key].sort(key=lambda result: str(result["effectiveDateTime"]), reverse=True)


def _bundle(resources: Sequence[Json]) -> Json:
    base = "https://ehr.example/fhir/r4"
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "link": [{"relation": "self", "url": f"{base}/{resources[0]['resourceType']}?patient={PATIENT_ID}"}],
        "entry": [
            {
                "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
                "resource": resource,
                "search": {"mode": "match"},
            }
            for resource in resources
        ],
    }


def _moment(now: datetime, days_ago: int) -> str:
    return (now.astimezone(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _meta(now: datetime, kind: str) -> Json:
    profile = f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind}"
    return {"versionId": "3", "lastUpdated": _moment(now, 1), "profile": [profile]}


def _narrative(words: str) -> Json:
    """What EHRs add for readers: generated text that no rule may read."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'}


def _coded(system: str, code: str, words: str) -> Json:
    local = {"system": "urn:oid:1.2.840.114350.1.13.999.2.7.2", "code": f"L{code.replace('-', '')}", "display": words}
    return {"coding": [{"system": system, "code": code, "display": words}, local], "text": words}


def _observation(number: int, row: tuple[str, str, float, str, int], now: datetime) -> Json:
    code, name, value, unit, days_ago = row
    quantity = {"value": value, "unit": unit, "system": _UCUM, "code": unit}
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": f"bench-result-{number}",
        "meta": _meta(now, "observation-lab"),
        "text": _narrative(f"{name}: {value} {unit}"),
        "identifier": [
            {"use": "official", "system": "urn:oid:1.2.840.114350.1.13.999.2.7.6", "value": f"9{number:09}"}
        ],
        "basedOn": [{"reference": f"ServiceRequest/bench-request-{number}", "display": "Monthly dialysis laboratory"}],
        "status": "final",
        "category": [{"coding": [{"system": system, "code": "laboratory", "display": "Laboratory"}], "text": "Lab"}],
        "code": _coded(_LOINC, code, name),
        "subject": _SUBJECT,
        "encounter": {"reference": f"Encounter/bench-encounter-{days_ago}", "display": "Haemodialysis"},
        "effectiveDateTime": _moment(now, days_ago),
        "issued": _moment(now, days_ago),
        "performer": [{"reference": "Organization/bench-laboratory", "display": "Central laboratory"}],
        "valueQuantity": quantity,
        "referenceRange": [{"low": {"value": value / 2, "unit": unit}, "high": {"value": value * 2, "unit": unit}}],
    }


def _medication_request(number: int, drug: tuple[str, str], now: datetime) -> Json:
    code, name = drug
    return {
        "resourceType": "MedicationRequest",
        "id": f"bench-order-{number}",
        "meta": _meta(now, "medicationrequest"),
        "text": _narrative(name),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _coded(_RXNORM, code, name),
        "subject": _SUBJECT,
        "authoredOn": _moment(now, 60),
        "requester": {"reference": "Practitioner/bench", "display": "Nephrologist"},
        "dosageInstruction": [
            {
                "text": "1 unit twice a day with meals",
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                "route": _coded(_SNOMED, "26643006", "Oral route"),
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
        "dispenseRequest": {"numberOfRepeatsAllowed": 3, "quantity": {"value": 180, "unit": "tablet"}},
    }


def _condition(number: int, row: tuple[str, str], now: datetime) -> Json:
    code, name = row
    base = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "id": f"bench-condition-{number}",
        "meta": _meta(now, "condition-problems-health-concerns"),
        "text": _narrative(name),
        "clinicalStatus": {"coding": [{"system": f"{base}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{base}ver-status", "code": "confirmed"}]},
        "category": [{"coding": [{"system": f"{base}category", "code": "problem-list-item"}]}],
        "code": _coded(_ICD10CM, code, name),
        "subject": _SUBJECT,
        "onsetDateTime": _moment(now, 900),
        "recordedDate": _moment(now, 880),
    }


def _patient(now: datetime) -> Json:
    return {
        "resourceType": "Patient",
        "id": PATIENT_ID,
        "meta": _meta(now, "patient"),
        "active": True,
        "name": [{"use": "official", "family": "Synthetic", "given": ["Bench"]}],
        "gender": "female",
        "birthDate": "1956-04-02",
        "maritalStatus": {"text": "Married"},
    }


def _encoded(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
