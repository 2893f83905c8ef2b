"""Connections that are kept open between calls, each set for one client and one server only.

What may live here: which connections are lent to whom, and when they are closed. Nothing is opened here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cds_service.fhir_client.connections import Connections


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose connections they are: the client that brings the tokens ("" where callers are not told apart), the base."""

    client: str
    base: str


@dataclass(frozen=True, slots=True)
class _Idle:
    owner: Owner
    connections: Connections
    count: int
    since: float


class KeptConnections:
    """At most `most` open connections of one worker that nobody uses at the moment, each for `seconds` at most.

    No thread watches over them: those whose time is up are closed when the next ones are lent or given back. The ones
    used last are lent first, so that the others can come to the end of their time.
    """

    def __init__(self, most: int, seconds: float, make: Callable[[], Connections], clock: Callable[[], float]) -> None:
        self._most, self._seconds, self._make, self._clock = most, seconds, make, clock
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        self._is_closed = False

    def lend(self, owner: Owner) -> Connections:
        """Connections for this owner alone until they are given back: kept ones that are quiet, else new ones."""
        self._close_old()
        while (kept := self._taken(owner)) is not None:
            if kept.are_quiet():
                return kept
            kept.close()
        return self._make()

    def give_back(self, owner: Owner, connections: Connections) -> None:
        """Keep these for the next call, unless something on them was odd."""
        connections.give_up()
        with self._lock:
            is_kept = connections.are_trusted and not self._is_closed
            if is_kept:
                self._idle.append(_Idle(owner, connections, connections.count(), self._clock()))
        if not is_kept:
            connections.close()
        self._close_old()

    def count(self) -> int:
        """How many connections are kept."""
        with self._lock:
            return sum(one.count for one in self._idle)

    def close(self) -> None:
        """Close them all; those that are lent are closed when they come back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.connections.close()

    def _taken(self, owner: Owner) -> Connections | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place].owner == owner:
                    return self._idle.pop(place).connections
        return None

    def _close_old(self) -> None:
        """Those whose time is up, and the oldest while there are too many."""
        with self._lock:
            oldest = self._clock() - self._seconds
            kept = sum(one.count for one in self._idle)
            old: list[_Idle] = []
            while self._idle and (self._idle[0].since <= oldest or kept > self._most):
                old.append(self._idle.pop(0))
                kept -= old[-1].count
        for one in old:
            one.connections.close()
