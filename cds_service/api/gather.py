"""Collecting the data of one request: usable prefetch, else the FHIR server.

What may live here: per query, where its data come from and whether they are all there. What the data mean is decided
in `fhir_mappings`; whether lacking data allow an answer is decided in `hooks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.api.drug_reading import DrugReads
from cds_service.api.hook_request import HookRequest
from cds_service.api.look_back import past_look_back
from cds_service.api.prefetch_shapes import as_patient, as_searchset
from cds_service.api.searches import Pending, Searches, cut, failed, other_resources
from cds_service.fhir_client import (
    OTHER_PATIENT,
    REPORTED_ERROR,
    Deadline,
    FhirError,
    FhirReader,
    JsonObject,
    Talk,
    looks_truncated,
    next_link,
    read_page,
    reports_error,
)
from cds_service.metrics import DATA
from fhir_mappings.bases import ANYWHERE, Bases, bases_named
from fhir_mappings.drug_places import drugs_beside, new_shelf
from fhir_mappings.fhir_json import id_of, is_same_id
from fhir_mappings.gathered import Gathered, drug_shelf
from fhir_mappings.medication_history import HISTORY_TYPES, came_along, sent_under_other_keys
from fhir_mappings.queries import Query

NOT_SENT = "not sent along, and no FHIR server was offered"
NO_SERVER = "no FHIR server"
NOT_A_PATIENT = "the answer was not a Patient"
CUT_SHORT = "only the first page was sent along"


@dataclass(frozen=True)
class Collected:
    """What was collected for a request: one entry per query, and the medications that orders refer to.

    `lost` are the addresses of those that were wanted and could not be had from the server, `bases` what the server is
    called. `history` are entries of the medication history that the client sent along under keys of its own. `asked`
    are the keys of the queries that the server was asked, each with whether it went on from what was sent along.
    """

    queries: Sequence[Gathered]
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    bases: Bases = ANYWHERE
    history: Sequence[Mapping[str, Any]] = ()
    asked: Mapping[str, bool] = field(default_factory=dict)

    def resources(self, key: str) -> Sequence[Mapping[str, Any]]:
        """The resources of one query."""
        return next((entry.resources for entry in self.queries if entry.query.key == key), ())


@dataclass(frozen=True)
class Gatherer:
    """Collects for one request. `searches` are those on the FHIR server, None where none is offered."""

    searches: Searches | None
    request: HookRequest
    on: date
    zone: ZoneInfo
    _names: set[str] = field(default_factory=set)
    _asked: dict[str, bool] = field(default_factory=dict)

    @property
    def talk(self) -> Talk | None:
        """The talk with the FHIR server."""
        return None if self.searches is None else self.searches.talk

    @property
    def base(self) -> str:
        """The address of the server, "" without one."""
        return self.request.server.base.rstrip("/") if self.request.server else ""

    def collect(
        self,
        queries: Sequence[Query],
        drafts: Sequence[Mapping[str, Any]],
        beside: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Collected:
        """Everything the queries ask for. Look-ups run in parallel; a failed look-up is told, not raised.

        `beside` are the Medications and Substances that came along with the drafts, by their address.
        """
        self._names.update(bases_named(self.request.draft_orders, "MedicationRequest"))
        pending = [(query, self._start(query)) for query in queries]
        done: dict[str, Gathered] = {}
        # The active orders first: what they refer to can then be read while the other answers are still under way.
        for query, finish in sorted(pending, key=lambda pair: pair[0].key != "medications"):
            if query.key == "medications":
                done[query.key] = finish()
        own = sent_under_other_keys(self.request.prefetch, (query.key for query in queries if not query.optional))
        came = {**(beside or {})}
        for sent in (self.request.prefetch.get("medications"), *own.values()):
            came |= drugs_beside(_searchset(sent))
        reads = DrugReads(self.talk, drug_shelf(came, [*done.values()], self._bases()) if self.talk else new_shelf())
        reads.start(drafts, done["medications"].resources if "medications" in done else ())
        for query, finish in pending:
            if query.key not in done and not query.optional:
                done[query.key] = finish()
        if self.searches is not None:
            done |= self.searches.in_other_form(done)
        reads.finish()
        # What nothing rests on is waited for last.
        done |= {query.key: finish() for query, finish in pending if query.optional}
        unasked = [entry for key, sent in own.items() if key not in done for entry in came_along(_searchset(sent))]
        reads.go_on([*unasked, *_taken(done.values())], [entry for entry in done.values() if entry.query.optional])
        drugs = {**came, **reads.addressed(self.base)}
        found = [done[query.key] for query in queries]
        self._count(found)
        return Collected(found, drugs, reads.lost, self._bases(), unasked, self._asked)

    def _count(self, found: Iterable[Gathered]) -> None:
        for entry in found:
            key = entry.query.key
            read = "failed" if entry.failed else "whole" if entry.complete else "part"
            DATA.count(key, self._came(key), read)

    def _came(self, key: str) -> str:
        if key in self._asked:
            return "sent-and-fetched" if self._asked[key] else "fetched"
        if key not in self.request.prefetch:
            return "absent"
        return "null" if self.request.prefetch[key] is None else "sent"

    def fetch(self, query: Query) -> Gathered:
        """What the server has for one more query, which is not advertised."""
        return self._fetch(query, NO_SERVER)()

    def _bases(self) -> Bases:
        """What the server is called by the client, and calls itself in what was read so far."""
        return Bases(self.base, self._names | (self.searches.names if self.searches else set()))

    def _start(self, query: Query) -> Pending:
        prefetch = self.request.prefetch
        if query.key not in prefetch:
            return self._fetch(query, NOT_SENT)
        sent = prefetch[query.key]
        if sent is None:
            return lambda: Gathered(query, ())
        return self._single(query, sent) if query.resource_type == "Patient" else self._bundle(query, sent)

    def _single(self, query: Query, wrapped: object) -> Pending:
        try:
            sent = as_patient(wrapped, self.request.patient_id)
        except FhirError as error:
            return self._fetch(query, error.reason)
        problem = _patient_problem(sent, self.request.patient_id)
        if problem:
            return self._fetch(query, problem)
        return lambda: Gathered(query, (sent,))

    def _bundle(self, query: Query, wrapped: object) -> Pending:
        try:
            sent: Any = as_searchset(wrapped)
        except FhirError as error:
            return self._fetch(query, error.reason)
        page = read_page(sent)
        self._names.update(bases_named(sent, query.resource_type))
        found = page.resources
        problem = page.problem or other_resources(query, found)
        if problem:
            return self._fetch(query, problem)
        goes_on = next_link(sent) is not None
        if not goes_on and not looks_truncated(sent, page, _asked_for(query)):
            return lambda: Gathered(query, found)
        # A page that reaches past the look-back is all we need, whatever may follow it.
        if past_look_back(query, self.on, self.zone)(found):
            return lambda: Gathered(query, found)
        if self.searches is None:
            return lambda: cut(query, found, CUT_SHORT)
        self._asked[query.key] = True
        return self.searches.start(query, found, first=sent if goes_on else None)

    def _fetch(self, query: Query, otherwise: str) -> Pending:
        """Ask the FHIR server; without a server the query has failed for the reason given."""
        if self.searches is None:
            return lambda: failed(query, otherwise)
        self._asked[query.key] = False
        if query.resource_type == "Patient":
            return self._read_patient(query, self.searches.talk)
        return self.searches.start(query)

    def _read_patient(self, query: Query, talk: Talk) -> Pending:
        look_up = talk.read(query.fetch_path(self.request.patient_id, self.on))

        def finish() -> Gathered:
            try:
                patient = talk.answer(look_up)
            except FhirError as error:
                return failed(query, error.reason)
            problem = _patient_problem(patient, self.request.patient_id)
            return failed(query, problem) if problem else Gathered(query, (patient,))

        return finish


@contextmanager
def gathering(
    reader: FhirReader, request: HookRequest, on: date, zone: ZoneInfo, deadline: Deadline
) -> Iterator[Gatherer]:
    """A gatherer for this request. An answer that nobody asked for by the end of the block is not waited for."""
    if request.server is None:
        yield Gatherer(None, request, on, zone)
        return
    with reader.talk(request.server, deadline) as talk:
        searches = Searches(talk, request.patient_id, on, zone, _credential(request.server.token))
        yield Gatherer(searches, request, on, zone)


def _credential(token: str | None) -> str:
    """What stands for a token in memory."""
    return hashlib.sha256((token or "").encode()).hexdigest()[:16]


def _taken(gathered: Iterable[Gathered]) -> list[JsonObject]:
    """The entries of the medication history, whatever was asked for when they came."""
    # Not by a function: most of what is looked through are results.
    return [one for entry in gathered for one in entry.resources if one.get("resourceType") in HISTORY_TYPES]


def _searchset(sent: object) -> object:
    """The searchset in prefetched data, None where it cannot be had."""
    try:
        return as_searchset(sent)
    except FhirError:
        return None


def _asked_for(query: Query) -> int:
    """How many entries one page of this query asks for."""
    return int(dict(query.params)["_count"])


def _patient_problem(sent: object, patient_id: str) -> str:
    if reports_error(sent):
        return REPORTED_ERROR
    if not isinstance(sent, dict) or sent.get("resourceType") != "Patient":
        return NOT_A_PATIENT
    identifier = id_of(sent)
    return "" if not identifier or is_same_id(identifier, patient_id) else OTHER_PATIENT
