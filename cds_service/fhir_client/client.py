"""Asking the caller's FHIR server: one pooled session per worker, the token, one total deadline, parallel look-ups.

What may live here: GET requests and batches of them to a FHIR server that is allowed, on open connections where there
are any and else in threads. What the resources mean is decided in `fhir_mappings`. Nothing is logged here: addresses
carry patient ids.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from cds_service.fhir_client.batch import RefusingServers
from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.conversation import Conversation
from cds_service.fhir_client.look_up import checked
from cds_service.fhir_client.session import Session, new_session
from cds_service.fhir_client.terms import Deadline, FhirError, FhirServer, Limits, Past, SearchResult, answer_of
from cds_service.fhir_client.transport import Transport

__all__ = [
    "Deadline",
    "FhirClient",
    "FhirError",
    "FhirServer",
    "Limits",
    "Past",
    "SearchResult",
    "answer_of",
    "new_session",
]


class FhirClient:
    """Asks FHIR servers in parallel. Create it anywhere, use it only after the fork: threads and sockets come lazily.

    `is_allowed` decides by base URL whom we talk to, `takes_batches` who is asked for everything in one request;
    `trust_environment` admits proxies and certificate authorities from the environment. Every `submit_…` returns at
    once; failures and refusals come out of `answer_of` as FhirError.
    """

    def __init__(
        self,
        limits: Limits,
        is_allowed: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        trust_environment: bool = False,
        takes_batches: Callable[[str], bool] = lambda base: False,
    ) -> None:
        self._limits = limits
        self._is_allowed = is_allowed
        self._clock = clock
        self._trust_environment = trust_environment
        self._takes_batches = takes_batches
        self._refusing = RefusingServers(clock)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._session: Session | None = None

    def deadline(self) -> Deadline:
        """Start the total deadline of one hook request."""
        seconds = self._limits.deadline_seconds
        return Deadline(self._clock() + seconds, min(0.1, seconds / 5), self._clock)

    def submit_read(self, server: FhirServer, path: str, deadline: Deadline) -> Future[JsonObject]:
        """Read one resource: `path` is its type and id ("Patient/1"), relative to the base."""
        try:
            return self._talk(server, deadline).read(path)
        except FhirError as refusal:
            return _refused(refusal)

    def submit_search(
        self,
        server: FhirServer,
        path_and_query: str,
        deadline: Deadline,
        *,
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> Future[SearchResult]:
        """Search ("Observation?patient=1&…") and follow the next links.

        `past` sees the resources of each page; True means that the rest is older than we look back, and the result is
        complete. `first` is a first page that the client sent along: it is not asked for again, its resources come
        first in the result, and only its further pages are fetched (`path_and_query` may then be empty). A failure
        before there is a first page raises; a later one, or a limit, makes the result incomplete.
        """
        try:
            return self._talk(server, deadline).search(path_and_query, past, first)
        except FhirError as refusal:
            return _refused(refusal)

    def _talk(self, server: FhirServer, deadline: Deadline) -> Conversation:
        """The conversation with this server that ends with this deadline. FhirError when it must not be contacted."""
        talk = deadline.talks.get(server)
        if isinstance(talk, Conversation):
            return talk
        allowed = checked(server, self._is_allowed)
        refusing = self._refusing if self._takes_batches(allowed.base) else None
        with self._lock:
            if self._threads is None or self._session is None:
                self._threads = ThreadPoolExecutor(self._limits.pool_size, "fhir")
                self._session = new_session(self._limits.pool_size, self._trust_environment)
            line = Transport(allowed, deadline, self._session, self._threads, self._limits.max_bytes)
        deadline.talks[server] = talk = Conversation(line, self._limits.max_pages, refusing)
        return talk

    def close(self) -> None:
        """Let go of threads and connections; calls under way end by their own deadline."""
        with self._lock:
            threads, self._threads = self._threads, None
            session, self._session = self._session, None
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)
        if session is not None:
            session.close()


def _refused(refusal: FhirError) -> Future[Any]:
    refused: Future[Any] = Future()
    refused.set_exception(refusal)
    return refused
