"""Collecting the data of one request: usable prefetch, else the FHIR server.

What may live here: per query, where its data come from and whether they are all there. What the data mean is decided
in `fhir_mappings`; whether lacking data allow an answer is decided in `hooks`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.api.drug_reading import DrugReads
from cds_service.api.hook_request import HookRequest
from cds_service.api.look_back import past_look_back
from cds_service.fhir_client import (
    OTHER_PATIENT,
    OTHER_RESOURCES,
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
from fhir_mappings.chart import Gathered, drug_shelf
from fhir_mappings.drug_places import drugs_beside, new_shelf
from fhir_mappings.fhir_json import id_of, is_same_id, resource_key
from fhir_mappings.queries import Query

log = logging.getLogger("cds_service")

NOT_SENT = "not sent along, and no FHIR server was offered"
NOT_A_PATIENT = "the answer was not a Patient"
CUT_SHORT = "only the first page was sent along"


@dataclass(frozen=True)
class Collected:
    """What was collected for a request: one entry per query, and the medications that orders refer to.

    `lost` are the addresses of those that were wanted and could not be had from the server.
    """

    queries: Sequence[Gathered]
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def resources(self, key: str) -> Sequence[Mapping[str, Any]]:
        """The resources of one query."""
        return next((entry.resources for entry in self.queries if entry.query.key == key), ())


Pending = Callable[[], Gathered]


@dataclass(frozen=True)
class Gatherer:
    """Collects for one request. `talk` is its talk with the FHIR server, None where it offers no server."""

    talk: Talk | None
    request: HookRequest
    on: date
    zone: ZoneInfo

    def collect(
        self,
        queries: Sequence[Query],
        drafts: Sequence[Mapping[str, Any]],
        beside: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Collected:
        """Everything the queries ask for. Look-ups run in parallel; a failed look-up is told, not raised.

        `beside` are the Medications and Substances that came along with the drafts, by their address.
        """
        pending = [(query, self._start(query)) for query in queries]
        done: dict[str, Gathered] = {}
        # The active orders first: what they refer to can then be read while the other answers are still under way.
        for query, finish in sorted(pending, key=lambda pair: pair[0].key != "medications"):
            if query.key == "medications":
                done[query.key] = finish()
        came = {**(beside or {}), **drugs_beside(self.request.prefetch.get("medications"))}
        reads = DrugReads(self.talk, drug_shelf(came, [*done.values()]) if self.talk else new_shelf())
        reads.start(drafts, done["medications"].resources if "medications" in done else ())
        for query, finish in pending:
            if query.key not in done:
                done[query.key] = finish()
        reads.finish()
        return Collected([done[query.key] for query in queries], {**came, **reads.read}, reads.lost)

    def _start(self, query: Query) -> Pending:
        prefetch = self.request.prefetch
        if query.key not in prefetch:
            return self._fetch(query, NOT_SENT)
        sent = prefetch[query.key]
        if sent is None:
            return lambda: Gathered(query, ())
        return self._single(query, sent) if query.resource_type == "Patient" else self._bundle(query, sent)

    def _single(self, query: Query, sent: object) -> Pending:
        problem = _patient_problem(sent, self.request.patient_id)
        if problem:
            return self._fetch(query, problem)
        return lambda: Gathered(query, (sent,))

    def _bundle(self, query: Query, sent: Any) -> Pending:
        page = read_page(sent)
        found = page.resources
        problem = page.problem or _other_resources(query, found)
        if problem:
            return self._fetch(query, problem)
        goes_on = next_link(sent) is not None
        if not goes_on and not looks_truncated(sent, page.matches, _asked_for(query)):
            return lambda: Gathered(query, found)
        # A page that reaches past the look-back is all we need, whatever may follow it.
        if past_look_back(query, self.on, self.zone, may_ask=self.talk is not None)(found):
            return lambda: Gathered(query, found)
        if self.talk is None:
            return lambda: _cut(query, found, CUT_SHORT)
        return self._search(query, self.talk, found, first=sent if goes_on else None)

    def _fetch(self, query: Query, otherwise: str) -> Pending:
        """Ask the FHIR server; without a server the query has failed for the reason given."""
        if self.talk is None:
            return lambda: _failed(query, otherwise)
        if query.resource_type == "Patient":
            return self._read_patient(query, self.talk)
        return self._search(query, self.talk)

    def _read_patient(self, query: Query, talk: Talk) -> Pending:
        look_up = talk.read(query.fetch_path(self.request.patient_id, self.on))

        def finish() -> Gathered:
            try:
                patient = talk.answer(look_up)
            except FhirError as error:
                return _failed(query, error.reason)
            problem = _patient_problem(patient, self.request.patient_id)
            return _failed(query, problem) if problem else Gathered(query, (patient,))

        return finish

    def _search(
        self, query: Query, talk: Talk, sent: Sequence[JsonObject] = (), first: Mapping[str, Any] | None = None
    ) -> Pending:
        """Search; `sent` are resources that came along and are kept where the server does not answer with all."""
        past = past_look_back(query, self.on, self.zone)
        look_up = talk.search(query.fetch_path(self.request.patient_id, self.on), past=past, first=first)

        def finish() -> Gathered:
            try:
                result = talk.answer(look_up)
            except FhirError as error:
                return _cut(query, sent, error.reason) if sent else _failed(query, error.reason)
            problem = _other_resources(query, result.resources)
            if problem:
                return _cut(query, sent, problem) if sent else _failed(query, problem)
            if result.complete:
                return Gathered(query, result.resources)
            return _cut(query, _with_the_rest(result.resources, sent), result.reason)

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
        yield Gatherer(talk, request, on, zone)


def _failed(query: Query, reason: str) -> Gathered:
    log.warning("the look-up of %s failed: %s", query.key, reason)
    return Gathered(query, (), failed=reason)


def _cut(query: Query, found: Sequence[JsonObject], reason: str) -> Gathered:
    log.warning("the look-up of %s is incomplete: %s", query.key, reason)
    return Gathered(query, found, complete=False)


def _with_the_rest(found: list[JsonObject], sent: Sequence[JsonObject]) -> list[JsonObject]:
    """What was found, and what was sent along beyond that: a search that broke off may hold less than we had."""
    have = {resource_key(resource) for resource in found}
    return [*found, *(resource for resource in sent if not (key := resource_key(resource)) or key not in have)]


def _other_resources(query: Query, found: Sequence[JsonObject]) -> str:
    """What is wrong with an answer that holds something, but nothing of the type asked for; "" when all is well.

    Included Medications come beside the MedicationRequests that refer to them; alone they are no answer.
    """
    strange = found and not any(resource.get("resourceType") == query.resource_type for resource in found)
    return OTHER_RESOURCES if strange else ""


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
