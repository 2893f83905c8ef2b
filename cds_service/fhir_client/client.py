"""Asking the callers' FHIR servers: who may be asked, within which limits, on which connections.

What may live here: one client for a worker, and what outlives a call: kept connections, places, and what servers
refused or wanted.
What the resources mean is decided in `fhir_mappings`. Nothing is logged here: addresses carry patient ids.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.entrance import Entrances
from cds_service.fhir_client.habits import Habits
from cds_service.fhir_client.kept_connections import KeptConnections, Owner
from cds_service.fhir_client.look_up import checked
from cds_service.fhir_client.reader import Talk
from cds_service.fhir_client.refused_talk import RefusedTalk
from cds_service.fhir_client.talk import ServerTalk
from cds_service.fhir_client.terms import Deadline, FhirError, FhirServer, Limits
from cds_service.fhir_client.transfer import network


class FhirClient:
    """Asks FHIR servers. Create it anywhere, use it only after the fork: connections are opened when they are used.

    `is_allowed` decides by base URL which servers we ask, `takes_batches` which get all questions in one request;
    `client_name` tells whose tokens we are sent at the moment: two clients never share a connection.
    `trust_environment` admits proxies and certificate authorities from the environment. `asks_always` is for one who
    wants to see a server fail: it is asked however often it did not answer.
    """

    def __init__(
        self,
        limits: Limits,
        is_allowed: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        trust_environment: bool = False,
        takes_batches: Callable[[str], bool] = lambda base: False,
        client_name: Callable[[], str] = lambda: "",
        asks_always: bool = False,
    ) -> None:
        self._limits = limits
        self._is_allowed = is_allowed
        self._clock = clock
        self._trust_environment = trust_environment
        self._takes_batches = takes_batches
        self._client_name = client_name
        self._asks_always = asks_always
        self._habits, self._entrances = self._memories()
        self._lock = threading.Lock()
        self._kept: KeptConnections | None = None

    def deadline(self) -> Deadline:
        """Start the total deadline of one hook request."""
        seconds = self._limits.deadline_seconds
        return Deadline(self._clock() + seconds, min(0.1, seconds / 5), self._clock)

    def talk(self, server: FhirServer, deadline: Deadline) -> AbstractContextManager[Talk]:
        """See `FhirReader`. All look-ups of one talk share one limit of bytes."""
        try:
            allowed = checked(server, self._is_allowed)
        except FhirError as refusal:
            return RefusedTalk(refusal.reason, deadline)
        entrance = self._entrances.entrance(Owner(self._client_name(), allowed.base))
        in_batches = self._takes_batches(allowed.base)
        return ServerTalk(allowed, deadline, self._connections(), entrance, self._limits, self._habits, in_batches)

    def kept_connections(self) -> int:
        """How many connections are open that no call uses at the moment."""
        kept = self._kept
        return 0 if kept is None else kept.count()

    def close(self) -> None:
        """Close the connections, and forget the servers; those of calls under way are closed when these end."""
        with self._lock:
            kept, self._kept = self._kept, None
            self._habits, self._entrances = self._memories()
        if kept is not None:
            kept.close()

    def _memories(self) -> tuple[Habits, Entrances]:
        """Of servers of which nothing is known yet."""
        return Habits(self._clock), Entrances(self._limits, self._clock, asks_always=self._asks_always)

    def _connections(self) -> KeptConnections:
        with self._lock:
            if self._kept is None:
                reached, most = network(self._trust_environment), self._limits.pool_size
                self._kept = KeptConnections(most, lambda: Connections(reached, most), self._clock)
            return self._kept
