"""A patient's chart as the EHR page shows it.

What may live here: asking for the parts of a chart, and what of them could not be read. What a row says stands in
`rows`, `known` and `results`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from cds_service.ehr_client import Ehr, EhrError, Resource
from cds_service.knowledge import Knowledge
from cds_service.web.ehr.known import drug_rows
from cds_service.web.ehr.person import PatientHeading
from cds_service.web.ehr.results import ResultLine, ResultReader
from cds_service.web.ehr.rows import ChartRow, condition_row, has_more, is_mistaken, order_row, tells_of_error
from fhir_mappings.fhir_json import as_object, as_objects
from fhir_mappings.patients import birth_day
from fhir_mappings.reference_ranges import Person

MOST_ROWS = 500


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ChartSection(Generic[Row]):
    """Rows of one kind. `fault` says that some or all could not be read; `more` that not all are here.

    `count` says how many rows there are, and which stand first.
    """

    rows: tuple[Row, ...] = ()
    fault: str = ""
    more: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True)
class ShownChart:
    """All sections of a chart."""

    conditions: ChartSection[ChartRow]
    medications: ChartSection[ChartRow]
    orders: ChartSection[ChartRow]
    results: ChartSection[ResultLine]


Resources = Sequence[Mapping[str, Any]]
Reader = Callable[[Resource, Resources], tuple[Sequence[Row], str]]
"""From a Bundle and the wanted resources in it to rows and their count."""


def read_chart(ehr: Ehr, patient: PatientHeading, knowledge: Knowledge, today: date) -> ShownChart:
    """The chart, read in one go; what could not be read says so."""
    mine = {"patient": patient.id, "_count": str(MOST_ROWS)}
    active = {**mine, "status": "active"}
    with_drugs = {**active, "_include": "MedicationRequest:medication"}
    laboratory = {**mine, "category": "laboratory", "_sort": "-date"}
    drugs, results = partial(_drugs, knowledge), partial(_results, _reader(patient, knowledge, today))
    entries, others = partial(_conditions, knowledge.zone), partial(_orders, knowledge.zone)
    with ThreadPoolExecutor(4) as pool:
        conditions = pool.submit(_section, ehr, "Condition", mine, entries)
        medications = pool.submit(_section, ehr, "MedicationRequest", with_drugs, drugs)
        orders = pool.submit(_section, ehr, "ServiceRequest", active, others)
        measured = pool.submit(_section, ehr, "Observation", laboratory, results)
        return ShownChart(conditions.result(), medications.result(), orders.result(), measured.result())


def _reader(patient: PatientHeading, knowledge: Knowledge, today: date) -> ResultReader:
    whose = Person(birth_day({"birthDate": patient.born}, knowledge.zone), patient.sex.lower())
    return ResultReader(patient.id, whose, knowledge, today)


def _section(ehr: Ehr, kind: str, query: Mapping[str, str], reader: Reader[Row]) -> ChartSection[Row]:
    try:
        bundle = ehr.read(f"{kind}?{urlencode(query)}")
    except EhrError as error:
        return ChartSection(fault=f"could not be read (status {error.status})" if error.status else "could not be read")
    if bundle.get("resourceType") != "Bundle":
        return ChartSection(fault="could not be read (the answer is no Bundle)")
    every = [as_object(entry.get("resource")) for entry in as_objects(bundle.get("entry"))]
    rows, count = reader(bundle, [one for one in every if one.get("resourceType") == kind])
    fault = "could not be read (the FHIR server tells of an error)" if tells_of_error(bundle) else ""
    return ChartSection(tuple(rows), fault, has_more(bundle), count)


def _conditions(zone: tzinfo, _: Resource, found: Resources) -> tuple[Sequence[ChartRow], str]:
    rows = sorted((condition_row(one, zone) for one in _meant(found)), key=lambda row: row.day, reverse=True)
    return rows, f"{_counted(len(rows), 'entry', 'entries')}, newest first"


def _drugs(knowledge: Knowledge, bundle: Resource, found: Resources) -> tuple[Sequence[ChartRow], str]:
    drugs = drug_rows(bundle, _meant(found), knowledge)
    parts = [f"{len(drugs.rows)} active"]
    if drugs.judged:
        parts.append(f"{drugs.judged} of them judged by the rules, first")
    if drugs.unread:
        parts.append(f"{drugs.unread} that the rules cannot read")
    return drugs.rows, ", ".join(parts)


def _orders(zone: tzinfo, _: Resource, found: Resources) -> tuple[Sequence[ChartRow], str]:
    rows = [order_row(order, zone) for order in _meant(found)]
    return rows, _counted(len(rows), "order", "orders")


def _results(reader: ResultReader, _: Resource, found: Resources) -> tuple[Sequence[ResultLine], str]:
    lines = reader.lines(found)
    every = sum(1 + bool(line.before) + len(line.others) for line in lines)
    return lines, f"{_counted(every, 'result', 'results')} of {_counted(len(lines), 'kind', 'kinds')}, newest first"


def _meant(found: Resources) -> list[Mapping[str, Any]]:
    """Without what was entered in error: a list of what is there now is no place for it."""
    return [resource for resource in found if not is_mistaken(resource)]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
