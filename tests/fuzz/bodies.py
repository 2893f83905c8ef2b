"""Requests as clients send them, with every element that a reader looks at, and secrets planted where no reader may.

What may live here: bodies, ordinary and complete. What is done to them stands in `mutations`. Shapes: the public
sandbox (drafts with objects where R4 wants lists, a Bundle without type), Epic (a reference with a display only, a
warning beside the matches) and Oracle Health (a contained Medication).
"""

from __future__ import annotations

from tests.contract.records import (
    CALCIPHYLAXIS,
    ICD10CM,
    LOINC,
    MECHANICAL_VALVE,
    PATIENT_ID,
    RXNORM,
    SNOMED,
    UCUM,
    Json,
    about,
    bundle,
    days_before,
    failure,
    order,
    procedure,
    result,
)

NAME, ADDRESS, TOKEN, COMMENT, NUMBER = (
    "Quellwasserius",
    "Nachtigallgasse",
    "t0ken-Zeisig-77",
    "Herbstkommentar",
    "88-4711-Q",
)
PLANTED = (NAME, ADDRESS, TOKEN, COMMENT, NUMBER)
"""Of a patient, a token and a clinician's words: no answer and no log line may hold one of them."""

ATC = "http://www.whocc.no/atc"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CLOSED_SERVER = "http://127.0.0.1:9/fhir"

PATIENT: Json = {
    "resourceType": "Patient",
    "id": PATIENT_ID,
    "meta": {"versionId": "3", "lastUpdated": days_before(1)},
    "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NAME}</div>'},
    "identifier": [{"system": "urn:oid:1.2.3", "value": NUMBER}],
    "name": [{"family": NAME, "given": [NAME]}],
    "gender": "female",
    "birthDate": "1956-04-17",
    "deceasedBoolean": False,
    "address": [{"line": [ADDRESS]}],
}
CONDITIONS: list[Json] = [
    {
        **CALCIPHYLAXIS,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}], "text": "confirmed"},
        "category": [{"coding": [{"code": "problem-list-item"}]}],
        "bodySite": [{"text": "left calf"}],
        "onsetDateTime": days_before(90),
        "recordedDate": days_before(80),
        "note": [{"text": f"{NAME} was told"}],
    },
    {
        "resourceType": "Condition",
        "id": "dialysis",
        **about(),
        "code": {"coding": [{"system": ICD10CM, "code": "Z99.2", "display": "Dependence on renal dialysis"}]},
        "onsetPeriod": {"start": "2019-03", "end": "2027"},
    },
    {"resourceType": "Condition", "id": "sign", **about(), "code": {"text": "painful livedo and necrotic ulcer, calf"}},
]
MEDICATIONS: list[Json] = [
    {
        **order("warfarin", "855332", "warfarin 5 mg tablet"),
        "reasonCode": [{"text": "atrial fibrillation"}],
        "dosageInstruction": [{"text": "daily", "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}],
        "extension": [{"url": "https://ehr.example/extension", "valueString": "kept"}],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "calcium",
        "status": "active",
        "intent": "order",
        **about(),
        "authoredOn": "2026-08",
        "medicationReference": {"reference": "Medication/m-1", "display": "calcium acetate 667 mg capsule"},
    },
    {
        "resourceType": "MedicationRequest",
        "id": "calcitriol",
        "status": "active",
        "intent": "order",
        **about(),
        "contained": [
            {"resourceType": "Medication", "id": "in", "code": {"coding": [{"system": ATC, "code": "A11CC04"}]}}
        ],
        "medicationReference": {"reference": "#in"},
    },
]
MEDICATION: Json = {"resourceType": "Medication", "id": "m-1", "code": {"text": "calcium acetate"}}
CALCIUM: Json = {
    **result("calcium", "17861-6", 11.6, "mg/dL"),
    "category": [{"coding": [{"code": "laboratory"}]}],
    "issued": days_before(6),
    "referenceRange": [{"low": {"value": 8.5, "unit": "mg/dL"}, "high": {"value": 10.2, "unit": "mg/dL"}}],
    "interpretation": [{"coding": [{"code": "H"}]}],
}
PANEL: Json = {
    **result("panel", "17861-6", 2.9, "mmol/L", 30),
    "component": [
        {
            "code": {"coding": [{"system": LOINC, "code": "1751-7"}]},
            "valueQuantity": {"value": 3.1, "unit": "g/dL", "system": UCUM, "code": "g/dL", "comparator": "<"},
        }
    ],
}
PREFETCH: Json = {
    "patient": PATIENT,
    "conditions": bundle(*CONDITIONS),
    "medications": bundle(*MEDICATIONS, MEDICATION),
    "dialysis_procedures": bundle({**procedure("session", "302497006"), "performedDateTime": days_before(2)}),
    "valve_procedures": bundle({**MECHANICAL_VALVE, "performedPeriod": {"start": days_before(2000)}}),
    "calcium": bundle(CALCIUM, PANEL, link=[{"relation": "self", "url": "https://ehr.example/fhir/Observation"}]),
    "phosphate_albumin": bundle(result("phosphate", "2777-1", 2.3, "mmol/L"), result("albumin", "1751-7", 2.9, "g/dL")),
    "pth_alp": bundle(result("pth", "2731-8", 640, "pg/mL")),
    "dialysis_dose": bundle(failure("warning"), result("kt-v", "70961-8", 1.1, "1")),
    "weight": bundle(result("weight", "8341-0", 88.5, "kg")),
    "bmi": bundle(result("bmi", "39156-5", 37.1, "kg/m2")),
}
AT_PATIENT_VIEW: Json = {
    "temperature": bundle(result("temperature", "8310-5", 38.9, "Cel", 1)),
    "inflammation": bundle(result("crp", "1988-5", 140, "mg/L", 1)),
}
SANDBOX_DRAFT: Json = {
    "resourceType": "MedicationRequest",
    "id": "request-123",
    "status": "draft",
    "intent": "order",
    **about(),
    "authoredOn": "2026-11-22",
    "category": {"coding": [{"code": "community"}]},
    "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}}],
    "medicationCodeableConcept": {
        "text": "Warfarin Sodium 5 MG Oral Tablet",
        "coding": [{"display": "Warfarin Sodium 5 MG Oral Tablet", "system": RXNORM, "code": "855332"}],
    },
    "reasonCode": {"text": "Calciphylaxis", "coding": [{"system": ICD10CM, "code": "E83.59"}]},
}
EPIC_DRAFT: Json = {
    **SANDBOX_DRAFT,
    "id": "epic-1",
    "priorPrescription": {"reference": "MedicationRequest/warfarin"},
    "reasonReference": [{"reference": "Condition/calciphylaxis"}],
    "medicationReference": {"reference": "Medication/eAbc", "display": "calcium carbonate 500 mg"},
}
del EPIC_DRAFT["medicationCodeableConcept"]
SERVICE_REQUEST: Json = {
    "resourceType": "ServiceRequest",
    "id": "s",
    "status": "draft",
    "code": {"coding": [{"system": SNOMED, "code": "x"}]},
}


def request(hook: str, context: Json, prefetch: Json) -> Json:
    """A whole body. The FHIR server's port is closed, so that nothing but the body decides."""
    return {
        "hook": hook,
        "hookInstance": INSTANCE,
        "fhirServer": CLOSED_SERVER,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-client",
            "patient": PATIENT_ID,
        },
        "extension": {"com.example.timestamp": "2026-11-22"},
        "context": {"userId": "Practitioner/nephrologist-3", "patientId": PATIENT_ID, "encounterId": "e-1", **context},
        "prefetch": prefetch,
    }


def drafts(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


HOOKS: dict[str, Json] = {
    "patient-view": request("patient-view", {}, PREFETCH | AT_PATIENT_VIEW),
    "order-select": request(
        "order-select",
        {
            "selections": ["MedicationRequest/request-123", "MedicationRequest/epic-1"],
            "draftOrders": drafts(SANDBOX_DRAFT, EPIC_DRAFT),
        },
        PREFETCH,
    ),
    "order-sign": request("order-sign", {"draftOrders": drafts(EPIC_DRAFT, SANDBOX_DRAFT, SERVICE_REQUEST)}, PREFETCH),
}
FEEDBACK: Json = {
    "feedback": [
        {
            "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
            "outcome": "accepted",
            "outcomeTimestamp": "2026-11-22T10:05:31Z",
            "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
        },
        {
            "card": "9368d37b-283f-44a0-93ea-547cebab93ed",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-22T10:05:31.123+02:00",
            "overrideReason": {
                "reason": {"code": "d7ecf885", "system": "https://ehr.example/reasons", "display": "shared decision"},
                "userComment": COMMENT,
            },
        },
        {
            "card": "x",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-22T10:05Z",
            "overrideReason": {"reason": {"coding": [{"code": "other"}]}},
        },
    ]
}
