"""A patient's chart as the EHR page shows it.

What may live here: asking for the parts of a chart, and what of them could not be read. What a row says stands in
`rows`, `known` and `results`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cds_service.ehr_client import Ehr, EhrError, Resource
from cds_service.knowledge import Knowledge
from cds_service.web.ehr.known import drug_rows
from cds_service.web.ehr.results import result_rows
from cds_service.web.ehr.rows import ChartRow, condition_row, is_mistaken, order_row, tells_of_error
from fhir_mappings.fhir_json import as_object, as_objects

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class ChartSection:
    """Rows of one kind. `fault` says that some or all could not be read; `more` that not all are here.

    `count` says how many rows there are, and which stand first.
    """

    rows: tuple[ChartRow, ...] = ()
    fault: str = ""
    more: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True)
class ShownChart:
    """All sections of a chart."""

    conditions: ChartSection
    medications: ChartSection
    orders: ChartSection
    results: ChartSection


Found = tuple[Sequence[ChartRow], str]
Reader = Callable[[Resource, Sequence[Mapping[str, Any]]], Found]
"""From a Bundle and the wanted resources in it to rows and their count."""


def read_chart(ehr: Ehr, patient_id: str, knowledge: Knowledge) -> ShownChart:
    """The chart, read in one go; what could not be read says so."""
    mine = {"patient": patient_id, "_count": str(MOST_ROWS)}
    queries: list[tuple[str, Mapping[str, str], Reader]] = [
        ("Condition", mine, _conditions),
        (
            "MedicationRequest",
            {**mine, "status": "active", "_include": "MedicationRequest:medication"},
            lambda bundle, orders: _drugs(bundle, orders, knowledge),
        ),
        ("ServiceRequest", {**mine, "status": "active"}, _orders),
        ("Observation", {**mine, "category": "laboratory", "_sort": "-date"}, _results),
    ]
    with ThreadPoolExecutor(len(queries)) as pool:
        conditions, medications, orders, results = pool.map(lambda query: _section(ehr, *query), queries)
    return ShownChart(conditions, medications, orders, results)


def _section(ehr: Ehr, kind: str, query: Mapping[str, str], reader: Reader) -> ChartSection:
    try:
        bundle = ehr.read(f"{kind}?{urlencode(query)}")
    except EhrError as error:
        return ChartSection(fault=f"could not be read (status {error.status})" if error.status else "could not be read")
    if bundle.get("resourceType") != "Bundle":
        return ChartSection(fault="could not be read (the answer is no Bundle)")
    every = [as_object(entry.get("resource")) for entry in as_objects(bundle.get("entry"))]
    wanted = [one for one in every if one.get("resourceType") == kind and not is_mistaken(one)]
    rows, count = reader(bundle, wanted)
    more = any(link.get("relation") == "next" for link in as_objects(bundle.get("link")))
    fault = "could not be read (the FHIR server tells of an error)" if tells_of_error(bundle) else ""
    return ChartSection(tuple(rows), fault, more, count)


def _conditions(_: Resource, found: Sequence[Mapping[str, Any]]) -> Found:
    rows = sorted(map(condition_row, found), key=lambda row: row.day, reverse=True)
    return rows, f"{_counted(len(rows), 'entry', 'entries')}, newest first"


def _drugs(bundle: Resource, found: Sequence[Mapping[str, Any]], knowledge: Knowledge) -> Found:
    drugs = drug_rows(bundle, found, knowledge)
    parts = [f"{len(drugs.rows)} active"]
    if drugs.judged:
        parts.append(f"{drugs.judged} of them judged by the rules, first")
    if drugs.unread:
        parts.append(f"{drugs.unread} that the rules cannot read")
    return drugs.rows, ", ".join(parts)


def _orders(_: Resource, found: Sequence[Mapping[str, Any]]) -> Found:
    return [order_row(order) for order in found], _counted(len(found), "order", "orders")


def _results(_: Resource, found: Sequence[Mapping[str, Any]]) -> Found:
    return result_rows(found), ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
