"""Scopes: what is asked of the EHR, and what it granted.

What may live here: reading and writing scopes in both of their forms ("patient/Observation.rs" of SMART 2,
"patient/Observation.read" of SMART 1), and a FHIR client that keeps to what was granted. A server may answer a search
that was not granted with an empty Bundle; so what was not granted is not asked for, and said to be unread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from cds_service.fhir_client import Deadline, FhirClient, FhirError, FhirServer, JsonObject, Past, SearchResult

DEFAULT = (
    "launch patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/MedicationRequest.rs "
    "patient/Medication.rs patient/Procedure.rs"
)
"""Read and search for what the rules look at, of one patient; nothing to write, no refresh token, no identity."""

NOT_GRANTED = "the EHR did not grant reading this"
PARTLY_GRANTED = "the EHR granted reading some of this only"

_CLINICAL = re.compile(r"(patient|user|system)/([A-Za-z]+|\*)\.(read|write|\*|c?r?u?d?s?)(\?.+)?")
_IS_COMPLETE = re.compile(r"read|\*|c?ru?d?s")


def requested(scopes: str, *, standalone: bool, speaks_v2: bool) -> str:
    """The `scope` to ask for: `launch/patient` where no EHR opened us, and the older form where only that is known."""
    words = [word for word in scopes.split() if word not in ("launch", "launch/patient")]
    words.insert(0, "launch/patient" if standalone else "launch")
    return " ".join(words if speaks_v2 else [_in_v1(word) for word in words])


def _in_v1(scope: str) -> str:
    return re.sub(r"\.(rs|r|s)$", ".read", scope) if _CLINICAL.fullmatch(scope) else scope


@dataclass(frozen=True, slots=True)
class Grants:
    """What may be read: types wholly and types in part ("*" for all). `anything` where there is no authorization."""

    wholly: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    anything: bool = False

    def problem(self, resource_type: str) -> str | None:
        """Why resources of this type cannot be read, or not all of them; None where they can."""
        named = {resource_type, "*"}
        if self.anything or named & self.wholly:
            return None
        return PARTLY_GRANTED if named & self.partly else NOT_GRANTED


def granted(scope: str) -> Grants:
    """The grants in the `scope` of a token response. One narrowed by a query ("…rs?category=…") is in part."""
    wholly, partly = set(), set()
    for found in filter(None, map(_CLINICAL.fullmatch, scope.split())):
        _, resource_type, verbs, query = found.groups()
        if query is None and _IS_COMPLETE.fullmatch(verbs):
            wholly.add(resource_type)
        elif verbs != "write" and {"r", "s"} & set(verbs):
            partly.add(resource_type)
    return Grants(frozenset(wholly), frozenset(partly))


class GrantedClient(FhirClient):
    """The FHIR client of the service, for one session: it reads only what was granted."""

    def __init__(self, inner: FhirClient, grants: Grants) -> None:
        # Threads, sockets and limits stay those of the service's own client; nothing of the base class is used.
        self._inner, self._grants = inner, grants

    def deadline(self) -> Deadline:
        """See FhirClient."""
        return self._inner.deadline()

    def submit_read(self, server: FhirServer, path: str, deadline: Deadline) -> Future[JsonObject]:
        """See FhirClient. A single resource of a type granted in part is asked for: the server says no, if it must."""
        if self._grants.problem(_type_in(path)) == NOT_GRANTED:
            return _failed(NOT_GRANTED)
        return self._inner.submit_read(server, path, deadline)

    def submit_search(
        self,
        server: FhirServer,
        path_and_query: str,
        deadline: Deadline,
        *,
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> Future[SearchResult]:
        """See FhirClient. Of a type granted in part the result is incomplete."""
        problem = self._grants.problem(_type_in(path_and_query))
        if problem == NOT_GRANTED:
            return _failed(NOT_GRANTED)
        found = self._inner.submit_search(server, path_and_query, deadline, past=past, first=first)
        return found if problem is None else _changed(found, _incomplete)

    def close(self) -> None:
        """The inner client belongs to the service."""


def _type_in(path_and_query: str) -> str:
    return path_and_query.strip("/").split("?")[0].split("/")[0]


def _failed(reason: str) -> Future[Any]:
    failed: Future[Any] = Future()
    failed.set_exception(FhirError(reason))
    return failed


def _incomplete(result: SearchResult) -> SearchResult:
    return SearchResult(result.resources, False, result.reason or PARTLY_GRANTED)


def _changed(before: Future[SearchResult], change: Callable[[SearchResult], SearchResult]) -> Future[SearchResult]:
    after: Future[SearchResult] = Future()

    def pass_on(done: Future[SearchResult]) -> None:
        if done.cancelled():
            after.cancel()
        # Whoever asked may have given up since: then there is nobody to tell.
        if not after.set_running_or_notify_cancel():
            return
        if (error := done.exception()) is not None:
            after.set_exception(error)
        else:
            after.set_result(change(done.result()))

    before.add_done_callback(pass_on)
    return after
