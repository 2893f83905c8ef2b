"""The way in: everything that was collected for one patient becomes a chart.

What may live here: bringing the readers together; duplicates, other patients' records and gaps. No clinical decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.bases import ANYWHERE, Bases
from fhir_mappings.conditions import is_cut, is_masked, read_condition
from fhir_mappings.drug_places import paths_to_read
from fhir_mappings.fhir_json import Json, as_object, as_text
from fhir_mappings.gathered import Gathered, drug_shelf, gaps, is_patient
from fhir_mappings.labs import ANOTHER_PATIENT, Reading, read_observation
from fhir_mappings.medication_history import HISTORY_TYPES, NO_DATE, is_stopped, may_count, orders_of, read_taken
from fhir_mappings.medications import is_active, read_medication
from fhir_mappings.patients import birth_day, gender
from fhir_mappings.procedures import read_procedure
from fhir_mappings.reference_ranges import Person
from fhir_mappings.references import Name, Shelf, names_of
from fhir_mappings.result_order import in_order, of_one_moment
from fhir_mappings.subjects import is_about
from fhir_mappings.unread_sessions import unread_session
from fhir_mappings.versions import versions
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte, Chart, Condition, Medication, Procedure, Result, Source, Taken, Unreadable

__all__ = ["ChartContext", "Gathered", "build_chart", "drug_shelf"]

TOO_LONG = "its text is too long to be read whole"
OTHER_KIND = "of another kind than asked for"
BESIDE = frozenset({"Medication", "Substance", "OperationOutcome"})
"""What may stand beside the resources asked for: included drugs, remarks of the server."""
WORDS = {
    "Observation": "result",
    "Condition": "condition",
    "Procedure": "procedure",
    "MedicationRequest": "medication",
    **dict.fromkeys(HISTORY_TYPES, "medication history"),
    "Patient": "patient",
}
"""What a resource type is called on a card."""


@dataclass(frozen=True)
class ChartContext:
    """Whose chart, on which day of which clinic; the draft orders to be judged, in their order.

    `medications` holds the Medications and Substances that were sent beside the drafts or read separately, by their
    address ("Medication/x", "urn:uuid:…"); `lost` those that were asked for and could not be had. `other_drafts` stand
    beside the judged ones. `bases` are the addresses of the server that the records are of, `history` entries of the
    medication history that came along unasked.
    """

    patient_id: str
    on: date
    zone: ZoneInfo
    drafts: Sequence[Mapping[str, Any]] = ()
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    other_drafts: Sequence[Mapping[str, Any]] = ()
    bases: Bases = ANYWHERE
    history: Sequence[Mapping[str, Any]] = ()

    def owns(self, resource: Json) -> bool:
        """Is the resource about this patient?"""
        return is_about(resource, self.patient_id, self.bases)


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
        self.unread_sessions: list[date | None] = []
        self.ordered: set[Name] = set()
        self.history: list[Taken] = []
        self.stopped: list[Medication] = []

    def read(self, gathered: Sequence[Gathered]) -> Chart:
        shelf = drug_shelf(self.context.medications, gathered, self.context.bases)
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
                        self.ordered |= {name for name in names_of(resource) if medication}
                        unread += self._unread(resource, shelf, medication)
                case _ if kind in HISTORY_TYPES:
                    self._taken(resources, shelf)
        if self.history:
            self._stopped(kinds.get("MedicationRequest", ()), shelf)
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
            history=tuple(self.history),
            stopped=tuple(self.stopped),
            results={analyte: in_order(found) for analyte, found in self.results.items()},
            shown={analyte: in_order(found) for analyte, found in self.shown.items()},
            unreadable=tuple(self.unreadable),
            gaps=tuple(gaps(gathered, self.context.patient_id, self.context.bases)),
            optional_gaps=tuple(gaps(gathered, self.context.patient_id, self.context.bases, optional=True)),
            masked_conditions=self.masked_conditions,
            unread_sessions=tuple(self.unread_sessions),
        )

    def _beside(self, shelf: Shelf) -> Iterator[Medication]:
        """What is drafted beside the judged orders, where it can be read: nothing of it is offered again."""
        for order in self.context.other_drafts:
            if self.context.owns(order):
                found = read_medication(order, shelf, self.context.zone, self.vocabulary.drugs, draft=True)
                if isinstance(found, Medication):
                    yield found

    def _by_kind(self, gathered: Sequence[Gathered]) -> dict[str, list[Json]]:
        """The resources of the types that were asked for, as they came, and all of the medication history."""
        kinds: dict[str, list[Json]] = {}
        history = [*self.context.history]
        for entry in gathered:
            kind = entry.query.resource_type
            own = kinds.setdefault(kind, [])
            for resource in entry.resources:
                if isinstance(resource, dict) and resource.get("resourceType") == kind:
                    own.append(resource)
                elif isinstance(resource, dict) and resource.get("resourceType") in HISTORY_TYPES:
                    history.append(resource)
                elif as_text(as_object(resource).get("resourceType")) not in BESIDE:
                    self.unreadable.append(Unreadable(WORDS.get(kind, "other"), OTHER_KIND))
        for resource in history:
            kinds.setdefault(as_text(resource.get("resourceType")), []).append(resource)
        return kinds

    def _unread(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Is this an active order of the patient whose drug could not be read, or not all that it leads to?"""
        return self._lost(order, shelf, found) if found else self.context.owns(order)

    def _lost(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Does an order that names no drug of ours lead to something that could not be had?"""
        lost = self.context.lost
        return bool(lost) and not found[0].matches and not lost.isdisjoint(paths_to_read(order, shelf))

    def _is_mine(self, resource: Json, kind: str) -> bool:
        mine = self.context.owns(resource)
        if not mine:
            self.unreadable.append(Unreadable(kind, ANOTHER_PATIENT))
        return mine

    def _observations(self, resources: Iterable[Json]) -> None:
        context, labs = self.context, self.vocabulary.labs
        person = Person(birth_day(self.patient, context.zone), gender(self.patient))
        reading = Reading(context.patient_id, context.zone, labs, context.on, person, context.bases)
        for copies in versions(resources):
            read = [found for copy in copies for found in read_observation(copy, reading)]
            for found in read if len(copies) == 1 else of_one_moment(read):
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
        on, zone, words = self.context.on, self.context.zone, self.vocabulary.conditions
        for resource in (copy for copies in versions(resources) for copy in copies):
            if self._is_mine(resource, "procedure"):
                found = read_procedure(resource, on, zone, words)
                self.procedures += [found] if found else []
                self.unread_sessions += unread_session(resource, found, on, zone, words)

    def _medication(self, resource: Json, shelf: Shelf, *, draft: bool = False) -> list[Medication]:
        if not self._is_mine(resource, "medication"):
            return []
        found = read_medication(resource, shelf, self.context.zone, self.vocabulary.drugs, draft=draft)
        if isinstance(found, Medication):
            return [found]
        self.unreadable.append(found)
        return []

    def _taken(self, resources: Iterable[Json], shelf: Shelf) -> None:
        """The medication history, as far as it names a drug of ours or none that could be read."""
        context = self.context
        for resource in (copy for copies in versions(resources) for copy in copies if may_count(copy)):
            if not self._is_mine(resource, WORDS[as_text(resource["resourceType"])]):
                continue
            entry = read_taken(resource, shelf, context.on, context.zone, self.vocabulary.drugs, context.lost)
            if entry.drug is not None and not entry.drug.matches:
                continue
            if entry.drug is None and not self.ordered.isdisjoint(orders_of(resource)):
                # The order that it carries out names its drug, and was read.
                continue
            self.history.append(entry)
            if entry.on is None and entry.source is not Source.STATEMENT:
                named = f"{NO_DATE} ({entry.drug.display})" if entry.drug else NO_DATE
                self.unreadable.append(Unreadable(WORDS[as_text(resource["resourceType"])], named))

    def _stopped(self, resources: Iterable[Json], shelf: Shelf) -> None:
        """The stopped orders, as far as they can be read: an entry of the history that is older is over."""
        for order in (copy for copies in versions(resources) for copy in copies if is_stopped(copy)):
            if self.context.owns(order):
                found = read_medication(order, shelf, self.context.zone, self.vocabulary.drugs)
                self.stopped += [found] if isinstance(found, Medication) else []

    def _patient(self, resources: Iterable[Json]) -> None:
        for resource in resources:
            if is_patient(resource, self.context.patient_id):
                self.patient = resource
            else:
                self.unreadable.append(Unreadable("patient", ANOTHER_PATIENT))
