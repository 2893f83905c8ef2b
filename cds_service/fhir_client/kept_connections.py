"""Connections that are kept open between calls, each set for one client and one server only.

What may live here: which connections are lent to whom, and when they are closed. Nothing is opened here.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.transfer import KEPT_SECONDS

REST_SECONDS = 0.2
"""In our measurements an answer that nobody asked for came within this time of the one before."""
PROVEN_SECONDS = 60.0
_MOST_PROVEN = 1_000
_MOST_CLOSING_SLOWLY = 64


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose connections they are: the client that brings the tokens ("" where callers are not known), the base."""

    client: str
    base: str


@dataclass(frozen=True, slots=True)
class _Idle:
    owner: Owner
    connections: Connections
    count: int
    since: float


class KeptConnections:
    """At most `most` open connections of one worker that nobody uses at the moment, each for `KEPT_SECONDS` at most.

    No thread watches over them: those whose time is up are closed when the next ones are lent or given back.

    A server is proven to a client for a while when connections have rested, brought the next answer, and nothing else
    had come on them. A server that answers too often shows it by then. Until that, what was just used is not used
    again. Once a server is proven, the connections that were used last are lent first, so that the time of the others
    runs out.
    """

    def __init__(self, most: int, make: Callable[[], Connections], clock: Callable[[], float]) -> None:
        self._most, self._make, self._clock = most, make, clock
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        self._proven_until: dict[Owner, float] = {}
        self._is_closed = False
        self._slow = threading.BoundedSemaphore(_MOST_CLOSING_SLOWLY)

    def lend(self, owner: Owner) -> Connections:
        """Connections for this owner alone until they are given back: kept ones that are quiet, else new ones."""
        self._close_old()
        while (idle := self._taken(owner)) is not None:
            connections = idle.connections
            if connections.are_quiet():
                connections.have_rested = self._has_rested(idle)
                connections.may_be_used_again, connections.have_served_again = True, False
                return connections
            self._hang_up(connections)
            self._doubt(owner)
        made = self._make()
        made.may_be_used_again = self._is_proven(owner)
        return made

    def give_back(self, owner: Owner, connections: Connections) -> None:
        """Keep these for the next call, unless none is open or something on them was odd."""
        connections.give_up()
        count = connections.count()
        if not connections.are_trusted:
            self._doubt(owner)
        elif connections.have_rested and connections.have_served_again:
            self._prove(owner)
        with self._lock:
            is_kept = count > 0 and connections.are_trusted and not self._is_closed
            if is_kept:
                self._idle.append(_Idle(owner, connections, count, self._clock()))
        if not is_kept:
            self._hang_up(connections)
        self._close_old()

    def count(self) -> int:
        """How many connections are kept."""
        with self._lock:
            return sum(idle.count for idle in self._idle)

    def close(self) -> None:
        """Close them all; those that are lent are closed when they come back."""
        with self._lock:
            self._is_closed = True
            closing, self._idle = self._idle, []
        for idle in closing:
            self._hang_up(idle.connections)

    def _taken(self, owner: Owner) -> _Idle | None:
        """Those used last where the server is proven, else those that have rested longest, if that is long enough."""
        with self._lock:
            places = [place for place, idle in enumerate(self._idle) if idle.owner == owner]
            if not places:
                return None
            if self._is_proven(owner):
                return self._idle.pop(places[-1])
            return self._idle.pop(places[0]) if self._has_rested(self._idle[places[0]]) else None

    def _has_rested(self, idle: _Idle) -> bool:
        return self._clock() - idle.since >= REST_SECONDS

    def _is_proven(self, owner: Owner) -> bool:
        return self._proven_until.get(owner, -math.inf) > self._clock()

    def _prove(self, owner: Owner) -> None:
        with self._lock:
            self._proven_until.pop(owner, None)
            self._proven_until[owner] = self._clock() + PROVEN_SECONDS
            while len(self._proven_until) > _MOST_PROVEN:
                del self._proven_until[next(iter(self._proven_until))]

    def _doubt(self, owner: Owner) -> None:
        with self._lock:
            self._proven_until.pop(owner, None)

    def _hang_up(self, connections: Connections) -> None:
        """Close these, without waiting where libcurl may still be looking up a name: closing waits for that."""
        if connections.may_look_up_a_name and self._slow.acquire(blocking=False):
            threading.Thread(target=self._hang_up_slowly, args=(connections,), name="fhir-close", daemon=True).start()
        else:
            connections.close()

    def _hang_up_slowly(self, connections: Connections) -> None:
        try:
            connections.close()
        finally:
            self._slow.release()

    def _close_old(self) -> None:
        """Those whose time is up, and the oldest while there are too many."""
        with self._lock:
            oldest = self._clock() - KEPT_SECONDS
            kept = sum(idle.count for idle in self._idle)
            old: list[_Idle] = []
            while self._idle and (self._idle[0].since <= oldest or kept > self._most):
                old.append(self._idle.pop(0))
                kept -= old[-1].count
        for idle in old:
            self._hang_up(idle.connections)
