"""The way in: everything that was collected for one patient becomes a chart.

What may live here: bringing the readers together; duplicates, other patients' records and gaps. No clinical decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fhir_mappings.conditions import is_cut, is_masked, read_condition
from fhir_mappings.drug_places import DRUG_TYPES, new_shelf, paths_to_read
from fhir_mappings.fhir_json import Json, as_object, as_text, id_of, is_about, is_same_id
from fhir_mappings.labs import ANOTHER_PATIENT, Reading, read_observation
from fhir_mappings.medications import is_active, medication_references, read_medication
from fhir_mappings.patients import birth_day, gender
from fhir_mappings.procedures import read_procedure
from fhir_mappings.queries import Query
from fhir_mappings.reference_ranges import Person
from fhir_mappings.references import Shelf
from fhir_mappings.versions import versions
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte, Chart, Condition, Gap, Medication, Procedure, Result, Unreadable
from hooks.choice import order_of_choice

__all__ = ["ChartContext", "Gathered", "build_chart", "medication_references"]

PARTIAL = "only part of the results could be read"
TOO_LONG = "its text is too long to be read whole"
STRANGERS = "it brought only records of another patient"
OTHER_KIND = "of another kind than asked for"
BESIDE = frozenset({"Medication", "Substance", "OperationOutcome"})
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

    `medications` holds the Medications and Substances that were sent beside the drafts or read separately, by their
    address ("Medication/x", "urn:uuid:…"); `lost` those that were asked for and could not be had. `other_drafts` stand
    beside the judged ones.
    """

    patient_id: str
    on: date
    zone: ZoneInfo
    drafts: Sequence[Mapping[str, Any]] = ()
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    other_drafts: Sequence[Mapping[str, Any]] = ()


def build_chart(gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary) -> Chart:
    """The chart of one patient. Takes any JSON; what cannot be read is listed in the chart, never dropped in silence.

    The rules decide about windows, and about results dated after the day of the call.
    """
    return _Reader(context, vocabulary).read(gathered)


class _Reader:
    """One reading of everything that was gathered: collects as it goes."""

    def __init__(self, context: ChartContext, vocabulary: Vocabulary) -> None:
        self.context, self.vocabulary = context, vocabulary
        self.unreadable: list[Unreadable] = []
        self.results: dict[Analyte, list[Result]] = {}
        self.shown: dict[Analyte, list[Result]] = {}
        self.conditions: list[Condition] = []
        self.procedures: list[Procedure] = []
        self.patient: Json = {}
        self.masked_conditions = False

    def read(self, gathered: Sequence[Gathered]) -> Chart:
        shelf = drug_shelf(self.context.medications, gathered)
        active: list[Medication] = []
        unread = 0
        kinds = self._by_kind(gathered)
        # The patient first: reference ranges ask for age and sex.
        self._patient(kinds.pop("Patient", ()))
        for kind, resources in kinds.items():
            match kind:
                case "Observation":
                    self._observations(resources)
                case "Condition":
                    self._conditions(resources)
                case "Procedure":
                    self._procedures(resources)
                case "MedicationRequest":
                    for resource in (order for copies in versions(resources) for order in copies if is_active(order)):
                        medication = self._medication(resource, shelf)
                        active += medication
                        unread += self._unread(resource, shelf, medication)
        # A draft may carry the id of an active order that it changes: both are looked at.
        orders = [order for order in self.context.drafts if isinstance(order, dict)]
        read = [self._medication(order, shelf, draft=True) for order in orders]
        drafts = [medication for found in read for medication in found]
        unread_drafts = sum(
            not found or self._lost(order, shelf, found) for order, found in zip(orders, read, strict=True)
        )
        return Chart(
            born=birth_day(self.patient, self.context.zone),
            sex=gender(self.patient),
            conditions=tuple(self.conditions),
            procedures=tuple(self.procedures),
            medications=tuple(active),
            drafts=tuple(drafts),
            other_drafts=tuple(self._beside(shelf)),
            unread_medications=unread,
            unread_drafts=unread_drafts,
            results={analyte: _in_order(found) for analyte, found in self.results.items()},
            shown={analyte: _in_order(found) for analyte, found in self.shown.items()},
            unreadable=tuple(self.unreadable),
            gaps=tuple(_gaps(gathered, self.context.patient_id)),
            masked_conditions=self.masked_conditions,
        )

    def _beside(self, shelf: Shelf) -> Iterator[Medication]:
        """What is drafted beside the judged orders, where it can be read: nothing of it is offered again."""
        for order in self.context.other_drafts:
            if is_about(order, self.context.patient_id):
                found = read_medication(order, shelf, self.context.zone, self.vocabulary.drugs, draft=True)
                if isinstance(found, Medication):
                    yield found

    def _by_kind(self, gathered: Sequence[Gathered]) -> dict[str, list[Json]]:
        """The resources of the types that were asked for, as they came."""
        kinds: dict[str, list[Json]] = {}
        for entry in gathered:
            kind = entry.query.resource_type
            own = kinds.setdefault(kind, [])
            for resource in entry.resources:
                if isinstance(resource, dict) and resource.get("resourceType") == kind:
                    own.append(resource)
                elif as_text(as_object(resource).get("resourceType")) not in BESIDE:
                    self.unreadable.append(Unreadable(WORDS.get(kind, "other"), OTHER_KIND))
        return kinds

    def _unread(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Is this an active order of the patient whose drug could not be read, or not all that it leads to?"""
        return self._lost(order, shelf, found) if found else is_about(order, self.context.patient_id)

    def _lost(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Does an order that names no drug of ours lead to something that could not be had?"""
        lost = self.context.lost
        return bool(lost) and not found[0].matches and not lost.isdisjoint(paths_to_read(order, shelf))

    def _is_mine(self, resource: Json, kind: str) -> bool:
        mine = is_about(resource, self.context.patient_id)
        if not mine:
            self.unreadable.append(Unreadable(kind, ANOTHER_PATIENT))
        return mine

    def _observations(self, resources: Iterable[Json]) -> None:
        context, labs = self.context, self.vocabulary.labs
        person = Person(birth_day(self.patient, context.zone), gender(self.patient))
        reading = Reading(context.patient_id, context.zone, labs, context.on, person)
        for copies in versions(resources):
            read = [found for copy in copies for found in read_observation(copy, reading)]
            for found in read if len(copies) == 1 else _of_one_moment(read):
                if isinstance(found, Unreadable):
                    self.unreadable.append(found)
                else:
                    kind = self.shown if found.code in labs.shown else self.results
                    kind.setdefault(found.analyte, []).append(found)

    def _conditions(self, resources: Iterable[Json]) -> None:
        on, zone, words = self.context.on, self.context.zone, self.vocabulary.conditions
        for copies in versions(resources):
            mine = [copy for copy in copies if self._is_mine(copy, "condition")]
            self.unreadable += [Unreadable("condition", TOO_LONG) for copy in mine if is_cut(copy)]
            found = [condition for copy in mine if (condition := read_condition(copy, on, zone, words))]
            # Of versions of which nobody knows the latest, the active one counts.
            active = [condition for condition in found if condition.active]
            self.conditions += active or found
            telling = any(condition.concepts for condition in found)
            if active and not telling and any(is_masked(copy, words) for copy in mine):
                self.masked_conditions = True

    def _procedures(self, resources: Iterable[Json]) -> None:
        for resource in (copy for copies in versions(resources) for copy in copies):
            if self._is_mine(resource, "procedure"):
                found = read_procedure(resource, self.context.on, self.context.zone, self.vocabulary.conditions)
                self.procedures += [found] if found else []

    def _medication(self, resource: Json, shelf: Shelf, *, draft: bool = False) -> list[Medication]:
        if not self._is_mine(resource, "medication"):
            return []
        found = read_medication(resource, shelf, self.context.zone, self.vocabulary.drugs, draft=draft)
        if isinstance(found, Medication):
            return [found]
        self.unreadable.append(found)
        return []

    def _patient(self, resources: Iterable[Json]) -> None:
        for resource in resources:
            if _is_patient(resource, self.context.patient_id):
                self.patient = resource
            else:
                self.unreadable.append(Unreadable("patient", ANOTHER_PATIENT))


def drug_shelf(medications: Mapping[str, Mapping[str, Any]], gathered: Sequence[Gathered]) -> Shelf:
    """What orders may refer to: what came along with the medications, and what was sent or read apart from them."""
    shelf = new_shelf()
    for entry in gathered:
        if entry.query.resource_type == "MedicationRequest":
            kinds: dict[str, list[Json]] = {}
            for resource in entry.resources:
                if isinstance(resource, dict) and resource.get("resourceType") in DRUG_TYPES:
                    kinds.setdefault(as_text(resource["resourceType"]), []).append(resource)
            for resource in (copy for kind in kinds.values() for copies in versions(kind) for copy in copies):
                shelf.put(resource)
    for address, medication in medications.items():
        shelf.put(medication, address)
    return shelf


def _of_one_moment(read: Iterable[Result | Unreadable]) -> Iterator[Result | Unreadable]:
    """The results of versions of which nobody knows the latest: of one moment and status, so that the rules choose."""
    found = list(read)
    latest: dict[Analyte, Result] = {}
    ranks: dict[Analyte, int] = {}
    for result in found:
        if isinstance(result, Result):
            other = latest.setdefault(result.analyte, result)
            latest[result.analyte] = max(other, result, key=lambda one: one.at)
            ranks[result.analyte] = max(ranks.get(result.analyte, 0), result.rank)
    for result in found:
        if isinstance(result, Result):
            last = latest[result.analyte]
            yield result._replace(on=last.on, at=last.at, timed=last.timed, rank=ranks[result.analyte])
        else:
            yield result


def _in_order(results: Iterable[Result]) -> tuple[Result, ...]:
    """In the order of choice; a result of a day without a time stands at the moment of the latest of its day."""
    found = list(results)
    if not all(result.timed for result in found):
        latest: dict[date, float] = {}
        for result in found:
            if result.timed:
                latest[result.on] = max(result.at, latest.get(result.on, result.at))
        found = [r if r.timed else r._replace(at=latest.get(r.on, r.at)) for r in found]
    return tuple(sorted(found, key=order_of_choice))


def _gaps(gathered: Sequence[Gathered], patient_id: str) -> Iterator[Gap]:
    """What could not be read. A look-up that failed or was cut short may hide any of its results. Older ones decide
    where two are needed, where a comparator leaves a question open, and over time. One that brought nothing but
    another patient's records has failed as well: it is not the same as nothing recorded.
    """
    for entry in gathered:
        reason = entry.failed or ("" if entry.complete else PARTIAL) or _only_strangers(entry, patient_id)
        if reason:
            yield Gap(entry.query.key, entry.query.what, reason, entry.query.analytes)


def _only_strangers(entry: Gathered, patient_id: str) -> str:
    kind = entry.query.resource_type
    own = [item for item in entry.resources if isinstance(item, dict) and item.get("resourceType") == kind]
    mine = _is_patient if kind == "Patient" else is_about
    return STRANGERS if own and not any(mine(resource, patient_id) for resource in own) else ""


def _is_patient(resource: Json, patient_id: str) -> bool:
    identifier = id_of(resource)
    return not identifier or is_same_id(identifier, patient_id)
