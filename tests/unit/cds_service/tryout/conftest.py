"""One day, a Maker of requests, and the records of a made-up patient on dialysis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.knowledge import Knowledge
from cds_service.tryout import Choice, Judged, Made, Maker, judge

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MOST = 50_000
Json = dict[str, Any]
Make = Callable[..., Made]
Judge = Callable[[Made], Judged]

SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-01-01"}


def concept(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code}], "text": text or code}


def about(resource: Json, patient: str = "Patient/p1") -> Json:
    return {**resource, "subject": {"reference": patient}}


def condition(id: str, code: str, text: str = "") -> Json:
    status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    made = {"resourceType": "Condition", "id": id, "clinicalStatus": status, "code": concept(SNOMED, code, text)}
    return about(made)


def result(id: str, code: str, value: float, unit: str = "mg/dL", day: str = "2026-02-25", system: str = LOINC) -> Json:
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    return about(
        {
            "resourceType": "Observation",
            "id": id,
            "status": "final",
            "code": concept(system, code),
            "effectiveDateTime": day,
            "valueQuantity": quantity,
        }
    )


def order(id: str, drug: str, status: str = "active") -> Json:
    made = {"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order"}
    return about({**made, "medicationCodeableConcept": {"text": drug}, "authoredOn": "2026-02-01"})


ON_DIALYSIS = condition("c1", "46177005", "End-stage renal disease")
DIALYSIS = about(
    {
        "resourceType": "Procedure",
        "id": "d1",
        "status": "completed",
        "code": concept(SNOMED, "302497006"),
        "performedDateTime": "2026-02-28",
    }
)
HIGH_CALCIUM = result("o1", "17861-6", 10.9)
ALBUMIN = result("o2", "1751-7", 4.0, "g/dL")
RECORD = [PATIENT, ON_DIALYSIS, DIALYSIS, HIGH_CALCIUM, ALBUMIN]


def bundle(*resources: Json, type: str = "collection", **members: Any) -> Json:
    entry = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": type, "entry": entry, **members}


@pytest.fixture(scope="session")
def maker(knowledge: Knowledge) -> Maker:
    return Maker(knowledge)


@pytest.fixture
def make(maker: Maker) -> Make:
    """`make(sent, hook="order-select", drugs=("warfarin",))`"""
    return lambda sent, **chosen: maker.made(sent, Choice(**chosen), NOW)


@pytest.fixture
def judged(knowledge: Knowledge) -> Judge:
    return lambda made: judge(made.body, knowledge, NOW, MOST)


def topics(answer: Judged) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer.cards]
