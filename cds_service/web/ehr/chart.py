"""A patient's chart as the EHR page shows it, and the list of patients to pick from.

What may live here: reading FHIR resources tolerantly into rows of plain text. Narrative is never used, and nothing is
judged: what a value means is for the cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from cds_service.ehr_client import Ehr, EhrError, Resource
from fhir_mappings.fhir_json import as_object, as_objects, as_text

TAG = "urn:calciphylaxis-cds:demo|synthetic"
_MOST_PATIENTS, _MOST_ROWS = 100, 200
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_DATES = ("effectiveDateTime", "effectiveInstant", "onsetDateTime", "recordedDate", "authoredOn", "issued")


@dataclass(frozen=True, slots=True)
class PatientHeading:
    """Who the chart is about."""

    id: str
    name: str
    sex: str
    born: str
    age: str
    known_as: str = ""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of the chart: what, the value or dosage, since when or of when, and a status worth saying."""

    what: str
    value: str = ""
    day: str = ""
    status: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ChartSection:
    """Rows of one kind. `fault` says that some or all could not be read; `more` that not all are here."""

    rows: tuple[ChartRow, ...] = ()
    fault: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class ShownChart:
    """All sections of a chart."""

    conditions: ChartSection
    medications: ChartSection
    orders: ChartSection
    results: ChartSection


def find_patients(ehr: Ehr, name: str, on: date) -> list[PatientHeading]:
    """The synthetic patients of the server or, where there are none, any; EhrError when it cannot be searched."""
    wanted = {"name": name} if name else {}
    tagged = _patients(ehr, {"_tag": TAG, **wanted, "_count": str(_MOST_PATIENTS)})
    found = tagged or _patients(ehr, {**wanted, "_count": str(_MOST_PATIENTS)})
    return [person(patient, on) for patient in found]


def read_person(ehr: Ehr, patient_id: str, on: date) -> PatientHeading:
    """The patient; EhrError when the server does not give it."""
    patient = ehr.read(f"Patient/{patient_id}")
    if patient.get("resourceType") != "Patient":
        raise EhrError("the answer is no Patient", 200)
    return person(patient, on)


def read_chart(ehr: Ehr, patient_id: str) -> ShownChart:
    """The chart, read in one go; what could not be read says so."""
    mine = {"patient": patient_id, "_count": str(_MOST_ROWS)}
    queries: list[tuple[str, Mapping[str, str]]] = [
        ("Condition", mine),
        ("MedicationRequest", {**mine, "status": "active", "_include": "MedicationRequest:medication"}),
        ("ServiceRequest", {**mine, "status": "active"}),
        ("Observation", {**mine, "category": "laboratory", "_sort": "-date"}),
    ]
    with ThreadPoolExecutor(len(queries)) as pool:
        found = pool.map(lambda query: _section(ehr, *query), queries)
        conditions, medications, orders, results = found
    return ShownChart(conditions, medications, orders, results)


def person(patient: Resource, on: date) -> PatientHeading:
    """The words for a patient."""
    born = as_text(patient.get("birthDate"))
    identifiers = as_objects(patient.get("identifier"))
    return PatientHeading(
        id=as_text(patient.get("id")),
        name=_name(as_objects(patient.get("name"))),
        sex=as_text(patient.get("gender")) or "sex not recorded",
        born=born,
        age=_age(born, on),
        known_as=next(
            (as_text(identifier.get("value")) for identifier in identifiers if as_text(identifier.get("value"))), ""
        ),
    )


def order_row(order: Mapping[str, Any]) -> ChartRow:
    """An order of any kind, signed or not."""
    concept = as_object(order.get("medicationCodeableConcept") or order.get("code"))
    what = _words(concept) or as_text(as_object(order.get("medicationReference")).get("display"))
    description = as_text(order.get("description")) or as_text(order.get("resourceType")) or "order"
    return ChartRow(what or description, _dosage(order), _day(order), as_text(order.get("priority")), _code(concept))


def _section(ehr: Ehr, kind: str, query: Mapping[str, str]) -> ChartSection:
    try:
        bundle = ehr.read(f"{kind}?{urlencode(query)}")
    except EhrError as error:
        return ChartSection(fault=f"could not be read (status {error.status})" if error.status else "could not be read")
    if bundle.get("resourceType") != "Bundle":
        return ChartSection(fault="could not be read (the answer is no Bundle)")
    every = [as_object(entry.get("resource")) for entry in as_objects(bundle.get("entry"))]
    others = {
        f"Medication/{as_text(resource.get('id'))}": resource
        for resource in every
        if resource.get("resourceType") == "Medication"
    }
    rows = [
        row
        for resource in every
        if resource.get("resourceType") == kind
        and (row := _READERS[kind](resource, others))
        and not _is_mistaken(resource)
    ]
    if kind in ("Condition", "Observation"):
        rows.sort(key=lambda row: row.day, reverse=True)
    more = any(link.get("relation") == "next" for link in as_objects(bundle.get("link")))
    fault = "could not be read (the FHIR server tells of an error)" if _tells_of_error(bundle) else ""
    return ChartSection(tuple(rows), fault, more)


def _tells_of_error(bundle: Mapping[str, Any]) -> bool:
    """Does a search answer say that it is not complete?"""
    entries = [as_object(entry.get("resource")) for entry in as_objects(bundle.get("entry"))]
    outcomes = [entry for entry in entries if entry.get("resourceType") == "OperationOutcome"]
    issues = [issue for outcome in outcomes for issue in as_objects(outcome.get("issue"))]
    return any(issue.get("severity") in ("error", "fatal") for issue in issues)


def _condition(condition: Mapping[str, Any], _: Mapping[str, Any]) -> ChartRow:
    concept = as_object(condition.get("code"))
    states = [_first_code(condition.get("clinicalStatus")), _first_code(condition.get("verificationStatus"))]
    told = ", ".join(state for state in states if state not in ("", "active", "confirmed"))
    return ChartRow(_words(concept) or "condition without a name", "", _day(condition), told, _code(concept))


def _medication(order: Mapping[str, Any], others: Mapping[str, Any]) -> ChartRow:
    link = as_object(order.get("medicationReference"))
    row = order_row(order)
    named = as_object(others.get(as_text(link.get("reference"))))
    local = [drug for drug in as_objects(order.get("contained")) if f"#{drug.get('id')}" == link.get("reference")]
    concept = as_object((local[0] if local else named).get("code"))
    return ChartRow(_words(concept), row.value, row.day, row.status, _code(concept)) if concept else row


def _service(order: Mapping[str, Any], _: Mapping[str, Any]) -> ChartRow:
    return order_row(order)


def _result(result: Mapping[str, Any], _: Mapping[str, Any]) -> ChartRow:
    concept = as_object(result.get("code"))
    status = as_text(result.get("status"))
    told = "" if status == "final" else status
    flags = [_first_code(flag) for flag in as_objects(result.get("interpretation"))]
    return ChartRow(_words(concept) or "result without a name", _value(result), _day(result), told or " ".join(flags))


_READERS = {
    "Condition": _condition,
    "MedicationRequest": _medication,
    "ServiceRequest": _service,
    "Observation": _result,
}


def _value(result: Mapping[str, Any]) -> str:
    quantity = as_object(result.get("valueQuantity"))
    if quantity:
        unit = as_text(quantity.get("unit")) or as_text(quantity.get("code"))
        number = f"{as_text(quantity.get('comparator'))}{quantity.get('value', '')}"
        # "1" is how UCUM writes that there is no unit.
        return number if unit in ("", "1") else f"{number} {unit}"
    if as_text(result.get("valueString")):
        return as_text(result.get("valueString"))
    missing = _words(as_object(result.get("dataAbsentReason")))
    return _words(as_object(result.get("valueCodeableConcept"))) or (f"no value: {missing}" if missing else "no value")


def _patients(ehr: Ehr, query: Mapping[str, str]) -> list[Resource]:
    bundle = ehr.read(f"Patient?{urlencode(query)}")
    if bundle.get("resourceType") != "Bundle" or _tells_of_error(bundle):
        raise EhrError("the list of patients could not be read", 200)
    found = (entry.get("resource") for entry in as_objects(bundle.get("entry")))
    return [
        patient
        for patient in found
        if isinstance(patient, dict) and patient.get("resourceType") == "Patient" and patient.get("id")
    ]


def _name(names: Iterable[Mapping[str, Any]]) -> str:
    for name in names:
        given = [part for part in name.get("given") or () if isinstance(part, str)]
        both = ", ".join(part for part in (as_text(name.get("family")), " ".join(given)) if part)
        whole = as_text(name.get("text")) or both
        if whole:
            return whole
    return "(no name)"


def _age(born: str, on: date) -> str:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return ""
    return str(on.year - day.year - ((on.month, on.day) < (day.month, day.day)))


def _is_mistaken(resource: Mapping[str, Any]) -> bool:
    return "entered-in-error" in (resource.get("status"), _first_code(resource.get("verificationStatus")))


def _words(concept: Mapping[str, Any]) -> str:
    displays = [as_text(coding.get("display")) for coding in as_objects(concept.get("coding"))]
    return as_text(concept.get("text")) or next((display for display in displays if display), "") or _code(concept)


def _code(concept: Mapping[str, Any]) -> str:
    return next((as_text(coding.get("code")) for coding in as_objects(concept.get("coding"))), "")


def _first_code(concept: Any) -> str:
    return _code(as_object(concept))


def _day(resource: Mapping[str, Any]) -> str:
    period = as_object(resource.get("effectivePeriod"))
    days = (as_text(resource.get(name)) for name in _DATES)
    found = next((day for day in days if day), as_text(period.get("start")))
    match = _DAY.match(found)
    return match[0] if match else ""


def _dosage(order: Mapping[str, Any]) -> str:
    told = []
    for dosage in as_objects(order.get("dosageInstruction")):
        words = as_text(dosage.get("text"))
        route = _words(as_object(dosage.get("route")))
        told.append(", ".join(part for part in (words, "" if route in words else route) if part))
    return "; ".join(part for part in told if part)
