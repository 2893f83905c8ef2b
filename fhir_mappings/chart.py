"""The way in: everything that was collected for one patient becomes a chart.

What may live here: bringing the readers together; duplicates, other patients' records and gaps. No clinical decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from fhir_mappings.chart_context import ChartContext
from fhir_mappings.conditions import read_condition
from fhir_mappings.drug_places import paths_to_read
from fhir_mappings.fhir_json import Json, as_text
from fhir_mappings.gathered import Gathered, by_kind, drug_shelf, gaps, is_patient
from fhir_mappings.labs import Reading, read_observation
from fhir_mappings.medication_history import HISTORY_TYPES, NO_DATE, is_stopped, may_count, orders_of, read_taken
from fhir_mappings.medications import is_active, read_medication
from fhir_mappings.patients import birth_day, gender
from fhir_mappings.problem_entries import read_entry
from fhir_mappings.procedures import read_procedure
from fhir_mappings.reference_ranges import Person
from fhir_mappings.references import Name, Shelf, names_of
from fhir_mappings.result_order import in_order, of_one_moment
from fhir_mappings.subjects import ANOTHER_PATIENT, NOBODYS, is_of_unknown
from fhir_mappings.unread_sessions import unread_session
from fhir_mappings.versions import versions
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte, Chart, Condition, Medication, Procedure, Result, Source, Taken, Unreadable

__all__ = ["ChartContext", "Gathered", "build_chart", "drug_shelf"]

OTHER_KIND = "of another kind than asked for"
NO_KIND = "it does not say what kind of record it is"
WORDS = {
    "Observation": "result",
    "Condition": "condition",
    "Procedure": "procedure",
    "MedicationRequest": "medication",
    **dict.fromkeys(HISTORY_TYPES, "medication history"),
    "Patient": "patient",
}
"""What a resource type is called on a card."""
_TYPE = re.compile("[A-Z][A-Za-z]+")


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
        self.unread_conditions = 0
        self.unread_medications = 0
        self.unread_sessions: list[date | None] = []
        self.ordered: set[Name] = set()
        self.history: list[Taken] = []
        self.stopped: list[Medication] = []

    def read(self, gathered: Sequence[Gathered]) -> Chart:
        shelf = drug_shelf(self.context.medications, gathered, self.context.bases)
        active: list[Medication] = []
        kinds, strays = by_kind(gathered, self.context.history)
        for kind, stray in strays:
            self._stray(kind, stray)
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
                        self.unread_medications += self._unread(resource, shelf, medication)
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
            unread_medications=self.unread_medications,
            unread_drafts=unread_drafts,
            unread_conditions=self.unread_conditions,
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

    def _stray(self, kind: str, resource: Json) -> None:
        """What came among the resources of a type and is none. What says no type may be one that cannot be read."""
        said = as_text(resource.get("resourceType"))
        untyped = not _TYPE.fullmatch(said) or said.lower() == kind.lower()
        self.unreadable.append(Unreadable(WORDS.get(kind, "other"), NO_KIND if untyped else OTHER_KIND))
        if untyped and self._may_be_mine(resource):
            self._missed(kind, resource)

    def _missed(self, kind: str, resource: Json) -> None:
        """A record that is there, may be the patient's, and could not be read."""
        match kind:
            case "Condition":
                self.unread_conditions += 1
                self.masked_conditions = True
            case "MedicationRequest":
                self.unread_medications += 1
            case "Procedure":
                on, zone, words = self.context.on, self.context.zone, self.vocabulary.conditions
                self.unread_sessions += unread_session(resource, None, on, zone, words)

    def _unread(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Is this an active order of the patient whose drug could not be read, or not all that it leads to?"""
        return self._lost(order, shelf, found) if found else self._may_be_mine(order)

    def _lost(self, order: Json, shelf: Shelf, found: list[Medication]) -> bool:
        """Does an order that names no drug of ours lead to something that could not be had?"""
        lost = self.context.lost
        return bool(lost) and not found[0].matches and not lost.isdisjoint(paths_to_read(order, shelf))

    def _is_mine(self, resource: Json, kind: str) -> bool:
        mine = self.context.owns(resource)
        if not mine:
            self.unreadable.append(Unreadable(kind, NOBODYS if is_of_unknown(resource) else ANOTHER_PATIENT))
        return mine

    def _may_be_mine(self, resource: Json) -> bool:
        return self.context.owns(resource) or is_of_unknown(resource)

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
            entry = read_entry([copy for copy in copies if self._is_mine(copy, "condition")], on, zone, words)
            self.conditions += entry.conditions
            self.unreadable += [Unreadable("condition", fault) for fault in entry.faults]
            self.unread_conditions += entry.unread
            self.masked_conditions |= entry.masked
            for copy in copies:
                if is_of_unknown(copy) and read_condition(copy, on, zone, words):
                    self._missed("Condition", copy)

    def _procedures(self, resources: Iterable[Json]) -> None:
        on, zone, words = self.context.on, self.context.zone, self.vocabulary.conditions
        for resource in (copy for copies in versions(resources) for copy in copies):
            if self._is_mine(resource, "procedure"):
                found = read_procedure(resource, on, zone, words)
                self.procedures += [found] if found else []
                self.unread_sessions += unread_session(resource, found, on, zone, words)
            elif is_of_unknown(resource):
                self._missed("Procedure", resource)

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
