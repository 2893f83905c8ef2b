"""The facts of a synthetic patient as FHIR R4 resources, and the drafts of new orders.

What may live here: the shapes of the resources. What a patient has is decided in `population`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from cds_service.demo.patients import TAG, Resource
from cds_service.demo.population import Drug, Entry, Facts, Value
from cds_service.demo.population_numbers import Numbers, numbers

ICD10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
CPT = "http://www.ama-assn.org/go/cpt"
UCUM = "http://unitsofmeasure.org"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

ON_DIALYSIS = Entry("dialysis_condition", "Dependence on renal dialysis", "Z99.2", recorded=800)
SESSIONS = {
    "haemodialysis": (SNOMED, "233575001", "Intermittent hemodialysis"),
    "peritoneal": (SNOMED, "71192002", "Peritoneal dialysis"),
}
SESSION_DAYS = (2, 5, 7, 9, 12, 14)
MONTHLY = {
    "haemodialysis": (CPT, "90960", "ESRD related services"),
    "peritoneal": (CPT, "90966", "ESRD related services"),
}
MONTHLY_DAYS = (15, 46, 76)


def resources(facts: Facts, on: date) -> list[Resource]:
    """Everything that a FHIR server would hold of this patient on this day, the Patient first."""
    return [
        _patient(facts, on),
        *(_condition(facts, on, number, entry) for number, entry in enumerate(_entries(facts))),
        *(_order(facts, on, f"m{number}", drug, "active") for number, drug in enumerate(facts.drugs)),
        *(_procedure(facts, on, number, *done) for number, done in enumerate(_dialysis(facts))),
        *(_observation(facts, on, number, value) for number, value in enumerate(facts.values)),
    ]


def drafts(facts: Facts, on: date, table: Numbers | None = None) -> dict[str, Resource]:
    """One draft of each new order, by the name of its drug."""
    table = table or numbers()
    found = {}
    for name in table["orders"]["drugs"]:
        drug = Drug(name, table["drug"][name]["text"], table["drug"][name]["rxnorm"])
        found[name] = _order(facts, on, f"draft-{name.replace('_', '-')}", drug, "draft")
    return found


def _entries(facts: Facts) -> tuple[Entry, ...]:
    return (ON_DIALYSIS, *facts.entries) if ON_DIALYSIS.name in facts.shown else facts.entries


def _dialysis(facts: Facts) -> Iterator[tuple[tuple[str, str, str], int]]:
    """The (code, days ago) of each session and each month of care that the chart holds."""
    if "dialysis_sessions" in facts.shown:
        yield from ((SESSIONS[facts.modality], days) for days in SESSION_DAYS)
    if "monthly_service" in facts.shown:
        yield from ((MONTHLY[facts.modality], days) for days in MONTHLY_DAYS)


# ------------------------------------------------------------------ shapes
def _patient(facts: Facts, on: date) -> Resource:
    # Half a year is taken off, so that the age holds whatever the day is.
    born = on - timedelta(days=round((facts.age + 0.5) * 365.25))
    return {
        **_head("Patient", facts.patient_id),
        "name": [{"family": "Synthetic", "given": [facts.patient_id]}],
        "gender": facts.sex,
        "birthDate": born.isoformat(),
    }


def _condition(facts: Facts, on: date, number: int, entry: Entry) -> Resource:
    over = entry.resolved is not None
    found: Resource = {
        **_head("Condition", f"{facts.patient_id}-c{number}"),
        "clinicalStatus": _concept("", (CLINICAL, "resolved" if over else "active", "")),
        "verificationStatus": _concept("", (VERIFICATION, "confirmed", "")),
        "code": _concept(entry.text, *([(ICD10_CM, entry.code, entry.text)] if entry.code else [])),
        "subject": _subject(facts),
        "onsetDateTime": _day(on, entry.recorded),
        "recordedDate": _day(on, entry.recorded),
    }
    return found | ({"abatementDateTime": _day(on, entry.resolved)} if entry.resolved is not None else {})


def _order(facts: Facts, on: date, name: str, drug: Drug, status: str) -> Resource:
    return {
        **_head("MedicationRequest", f"{facts.patient_id}-{name}"),
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": _concept(drug.text, *([(RXNORM, drug.rxnorm, drug.text)] if drug.rxnorm else [])),
        "subject": _subject(facts),
        "authoredOn": _day(on, 0 if status == "draft" else 60),
    }


def _procedure(facts: Facts, on: date, number: int, coding: tuple[str, str, str], days: int) -> Resource:
    return {
        **_head("Procedure", f"{facts.patient_id}-p{number}"),
        "status": "completed",
        "code": _concept(coding[2], coding),
        "subject": _subject(facts),
        "performedDateTime": _day(on, days),
    }


def _observation(facts: Facts, on: date, number: int, value: Value) -> Resource:
    quantity = {"value": value.value, "unit": value.unit, "system": UCUM, "code": value.unit}
    return {
        **_head("Observation", f"{facts.patient_id}-o{number}"),
        "status": "final",
        "code": _concept(value.text, (LOINC, value.loinc, value.text)),
        "subject": _subject(facts),
        "effectiveDateTime": _day(on, value.days_ago),
        "valueQuantity": quantity,
    }


def _head(resource_type: str, identifier: str) -> Resource:
    return {"resourceType": resource_type, "id": identifier, "meta": {"tag": [dict(TAG)]}}


def _subject(facts: Facts) -> dict[str, str]:
    return {"reference": f"Patient/{facts.patient_id}"}


def _concept(text: str, *codings: tuple[str, str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"text": text} if text else {}
    if codings:
        found["coding"] = [
            {"system": system, "code": code} | ({"display": display} if display else {})
            for system, code, display in codings
        ]
    return found


def _day(on: date, days_ago: int) -> str:
    return (on - timedelta(days=days_ago)).isoformat()
