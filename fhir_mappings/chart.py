"""The way in: everything that was collected for one patient becomes a chart.

What may live here: bringing the readers together; duplicates, other patients' records and gaps. No clinical decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fhir_mappings.conditions import read_condition
from fhir_mappings.fhir_json import Json, as_object, as_text, is_about, resource_key
from fhir_mappings.labs import ANOTHER_PATIENT, read_observation
from fhir_mappings.medications import is_active, medication_references, read_medication, refers_to_drug
from fhir_mappings.patients import birth_day, gender
from fhir_mappings.procedures import read_procedure
from fhir_mappings.queries import Query
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte, Chart, Condition, Gap, Medication, Procedure, Result, Unreadable

__all__ = ["ChartContext", "Gathered", "build_chart", "medication_references"]

PARTIAL = "only part of the results could be read"
OTHER_KIND = "of another kind than asked for"
BESIDE = frozenset({"Medication", "OperationOutcome"})
"""What may stand beside the resources asked for: included drugs, remarks of the server."""
WORDS = {
    "Observation": "result",
    "Condition": "condition",
    "Procedure": "procedure",
    "MedicationRequest": "medication",
    "Patient": "patient",
}
"""What a resource type is called on a card."""


class Gathered(NamedTuple):
    """What was collected for one query.

    `failed` is the reason why nothing could be read (short, without patient data); `complete` is False when a page,
    byte or count limit cut the resources short.
    """

    query: Query
    resources: Sequence[Any]
    complete: bool = True
    failed: str = ""


@dataclass(frozen=True)
class ChartContext:
    """Whose chart, on which day of which clinic; the draft orders to be judged, in their order.

    `medications` holds Medication resources that were read separately, by reference ("Medication/x").
    """

    patient_id: str
    on: date
    zone: ZoneInfo
    drafts: Sequence[Mapping[str, Any]] = ()
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def build_chart(gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary) -> Chart:
    """The chart of one patient. Takes any JSON; what cannot be read is listed in the chart, never dropped in silence.

    The rules decide about windows, and about results dated after the day of the call.
    """
    return _Reader(context, vocabulary).read(gathered)


class _Reader:
    """One reading of everything that was gathered: collects as it goes."""

    def __init__(self, context: ChartContext, vocabulary: Vocabulary) -> None:
        self.context, self.vocabulary = context, vocabulary
        self.seen: dict[str, dict[str, Json]] = {}
        self.unreadable: list[Unreadable] = []
        self.results: dict[Analyte, list[Result]] = {}
        self.conditions: list[Condition] = []
        self.procedures: list[Procedure] = []
        self.patient: Json = {}

    def read(self, gathered: Sequence[Gathered]) -> Chart:
        at_hand = {**self.context.medications, **_included(gathered)}
        active: list[Medication] = []
        unread = 0
        for entry in gathered:
            resources = self._once(entry.resources, entry.query.resource_type)
            match entry.query.resource_type:
                case "Observation":
                    self._observations(resources)
                case "Condition":
                    self._conditions(resources)
                case "Procedure":
                    self._procedures(resources)
                case "MedicationRequest":
                    for resource in resources:
                        if is_active(resource):
                            medication = self._medication(resource, at_hand)
                            active += medication
                            unread += self._unread(resource, medication)
                case "Patient":
                    self._patient(resources)
        # A draft may carry the id of an active order that it changes: both are looked at.
        orders = [order for order in self.context.drafts if isinstance(order, dict)]
        read = [self._medication(order, at_hand) for order in orders]
        drafts = [medication for found in read for medication in found]
        unread_drafts = sum(self._unread(order, found) for order, found in zip(orders, read, strict=True))
        results = {analyte: tuple(sorted(found, key=_newest_first)) for analyte, found in self.results.items()}
        return Chart(
            born=birth_day(self.patient, self.context.zone),
            sex=gender(self.patient),
            conditions=tuple(self.conditions),
            procedures=tuple(self.procedures),
            medications=tuple(active),
            drafts=tuple(drafts),
            unread_medications=unread,
            unread_drafts=unread_drafts,
            results=results,
            unreadable=tuple(self.unreadable),
            gaps=tuple(_gaps(gathered)),
        )

    def _once(self, resources: Sequence[Any], resource_type: str) -> Iterator[Json]:
        """The resources of the type; a resource that came twice counts once, two that only share an id both count."""
        seen = self.seen.setdefault(resource_type, {})
        for resource in resources:
            if not isinstance(resource, dict) or resource.get("resourceType") != resource_type:
                if as_text(as_object(resource).get("resourceType")) not in BESIDE:
                    self.unreadable.append(Unreadable(WORDS.get(resource_type, "other"), OTHER_KIND))
                continue
            identifier = as_text(resource.get("id"))
            if identifier:
                if seen.get(identifier) == resource:
                    continue
                seen[identifier] = resource
            yield resource

    def _unread(self, order: Json, found: list[Medication]) -> bool:
        """Does the order refer to a drug that could not be read?"""
        return not found and refers_to_drug(order) and is_about(order, self.context.patient_id)

    def _is_mine(self, resource: Json, kind: str) -> bool:
        mine = is_about(resource, self.context.patient_id)
        if not mine:
            self.unreadable.append(Unreadable(kind, ANOTHER_PATIENT))
        return mine

    def _observations(self, resources: Iterable[Json]) -> None:
        patient_id, zone, labs = self.context.patient_id, self.context.zone, self.vocabulary.labs
        for resource in resources:
            for found in read_observation(resource, patient_id, zone, labs):
                if isinstance(found, Result):
                    self.results.setdefault(found.analyte, []).append(found)
                else:
                    self.unreadable.append(found)

    def _conditions(self, resources: Iterable[Json]) -> None:
        for resource in resources:
            if self._is_mine(resource, "condition"):
                found = read_condition(resource, self.context.zone, self.vocabulary.conditions)
                self.conditions += [found] if found else []

    def _procedures(self, resources: Iterable[Json]) -> None:
        for resource in resources:
            if self._is_mine(resource, "procedure"):
                found = read_procedure(resource, self.context.zone, self.vocabulary.conditions)
                self.procedures += [found] if found else []

    def _medication(self, resource: Json, at_hand: Mapping[str, Json]) -> list[Medication]:
        if not self._is_mine(resource, "medication"):
            return []
        found = read_medication(resource, at_hand, self.context.zone, self.vocabulary.drugs)
        if isinstance(found, Medication):
            return [found]
        self.unreadable.append(found)
        return []

    def _patient(self, resources: Iterable[Json]) -> None:
        for resource in resources:
            if as_text(resource.get("id")) in ("", self.context.patient_id):
                self.patient = resource
            else:
                self.unreadable.append(Unreadable("patient", ANOTHER_PATIENT))


def _included(gathered: Sequence[Gathered]) -> dict[str, Json]:
    """The Medication resources that came along with the medications."""
    return {
        resource_key(resource): resource
        for entry in gathered
        if entry.query.resource_type == "MedicationRequest"
        for resource in entry.resources
        if isinstance(resource, dict) and resource.get("resourceType") == "Medication"
    }


def _newest_first(result: Result) -> tuple[object, ...]:
    """Newest instant, then the better status; the rest only makes the order independent of what came first."""
    return -result.at, -result.rank, result.value, result.comparator, result.code, result.original


def _gaps(gathered: Sequence[Gathered]) -> Iterator[Gap]:
    """What could not be read. A look-up that failed or was cut short may hide any of its results. Older ones decide
    where two are needed, where a comparator leaves a question open, and over time.
    """
    for entry in gathered:
        if entry.failed or not entry.complete:
            yield Gap(entry.query.key, entry.query.what, entry.failed or PARTIAL, entry.query.analytes)
