"""Collecting the data of one request: usable prefetch, else the FHIR server.

What may live here: per query, where its data come from and whether they are all there. What the data mean is decided
in `fhir_mappings`; whether lacking data allow an answer is decided in `hooks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.bundles import (
    REPORTED_ERROR,
    JsonObject,
    bundle_problem,
    bundle_resources,
    looks_truncated,
    next_link,
    reports_error,
)
from cds_service.fhir_client import Deadline, FhirClient, FhirError, FhirServer, SearchResult, answer_of
from cds_service.hook_request import HookRequest
from fhir_mappings.chart import Gathered, medication_references
from fhir_mappings.pages import ends_before
from fhir_mappings.queries import Query

NOT_SENT = "not sent along, and no FHIR server was offered"
OTHER_PATIENT = "it belongs to another patient"
NOT_A_PATIENT = "the answer was not a Patient"
CUT_SHORT = "only the first page was sent along"


@dataclass(frozen=True)
class Collected:
    """What was collected for a request: one entry per query, and the medications that orders refer to."""

    queries: Sequence[Gathered]
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def resources(self, key: str) -> Sequence[Mapping[str, Any]]:
        """The resources of one query."""
        return next((entry.resources for entry in self.queries if entry.query.key == key), ())


Pending = Callable[[], Gathered]


@dataclass(frozen=True)
class Gatherer:
    """Collects for one request, under one deadline that starts with it."""

    client: FhirClient
    request: HookRequest
    on: date
    zone: ZoneInfo
    deadline: Deadline

    def collect(self, queries: Sequence[Query], drafts: Sequence[Mapping[str, Any]]) -> Collected:
        """Everything the queries ask for. Look-ups run in parallel; a failed one is told, not raised."""
        pending = [(query, self._start(query)) for query in queries]
        done: dict[str, Gathered] = {}
        # The active orders first: what they refer to can then be read while the other answers are still under way.
        for query, finish in sorted(pending, key=lambda pair: pair[0].key != "medications"):
            if query.key == "medications":
                done[query.key] = finish()
        reads = self.start_medications(done["medications"].resources if "medications" in done else (), drafts)
        for query, finish in pending:
            if query.key not in done:
                done[query.key] = finish()
        return Collected([done[query.key] for query in queries], self.finish_medications(reads))

    def start_medications(
        self, active: Sequence[Mapping[str, Any]], drafts: Sequence[Mapping[str, Any]]
    ) -> dict[str, Future[JsonObject]]:
        """Start reading every Medication that is referred to and was not sent along; each once."""
        server = self.request.server
        if server is None:
            return {}
        wanted = medication_references([*active, *drafts], active)
        return {path: self.client.submit_read(server, path, self.deadline) for path in sorted(wanted)}

    def finish_medications(self, reads: Mapping[str, Future[JsonObject]]) -> dict[str, JsonObject]:
        """The Medications that could be read; for the others the order's own words have to do."""
        found: dict[str, JsonObject] = {}
        for path, future in reads.items():
            try:
                found[path] = answer_of(future, self.deadline)
            except FhirError:
                continue
        return found

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
        problem = bundle_problem(sent)
        if problem:
            return self._fetch(query, problem)
        server = self.request.server
        if next_link(sent) is not None:
            if server is None:
                return lambda: Gathered(query, bundle_resources(sent), complete=False)
            return self._search(query, server, "", first=sent)
        found = bundle_resources(sent)
        if looks_truncated(sent, _asked_for(query)) and not self._past(query)(found):
            if server is not None:
                return self._fetch(query, CUT_SHORT)
            return lambda: Gathered(query, found, complete=False)
        return lambda: Gathered(query, found)

    def _fetch(self, query: Query, otherwise: str) -> Pending:
        """Ask the FHIR server; without one the query has failed for the reason given."""
        server = self.request.server
        if server is None:
            return lambda: Gathered(query, (), failed=otherwise)
        path = query.fetch_path(self.request.patient_id, self.on)
        if query.resource_type == "Patient":
            return self._read_patient(query, self.client.submit_read(server, path, self.deadline))
        return self._search(query, server, path)

    def _read_patient(self, query: Query, future: Future[JsonObject]) -> Pending:
        def finish() -> Gathered:
            try:
                patient = answer_of(future, self.deadline)
            except FhirError as error:
                return Gathered(query, (), failed=error.reason)
            problem = _patient_problem(patient, self.request.patient_id)
            return Gathered(query, (), failed=problem) if problem else Gathered(query, (patient,))

        return finish

    def _search(self, query: Query, server: FhirServer, path: str, first: Mapping[str, Any] | None = None) -> Pending:
        future: Future[SearchResult] = self.client.submit_search(
            server, path, self.deadline, past=self._past(query), first=first
        )

        def finish() -> Gathered:
            try:
                result = answer_of(future, self.deadline)
            except FhirError as error:
                if first is not None:
                    return Gathered(query, bundle_resources(first), complete=False)
                return Gathered(query, (), failed=error.reason)
            return Gathered(query, result.resources, complete=result.complete)

        return finish

    def _past(self, query: Query) -> Callable[[Sequence[JsonObject]], bool]:
        """True for a page that ends before the look-back, as far as its dates can be trusted."""
        if query.look_back_days is None:
            return lambda _: False
        oldest = self.on - timedelta(days=query.look_back_days)
        return lambda resources: ends_before(resources, oldest, self.zone)


def _asked_for(query: Query) -> int:
    """How many entries one page of this query asks for."""
    return int(dict(query.params)["_count"])


def _patient_problem(sent: object, patient_id: str) -> str:
    if reports_error(sent):
        return REPORTED_ERROR
    if not isinstance(sent, dict) or sent.get("resourceType") != "Patient":
        return NOT_A_PATIENT
    if sent.get("id") not in (None, patient_id):
        return OTHER_PATIENT
    return ""
