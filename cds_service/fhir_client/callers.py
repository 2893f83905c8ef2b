"""Who calls FHIR servers at the moment: how many places each caller holds, and whether others want some too.

What may live here: counting. A caller is a client, or one server of a client. The time is passed in.
"""

from __future__ import annotations

import math
from collections import Counter

from cds_service.fhir_client.kept_connections import Owner

LATELY_SECONDS = 60.0
"""Who has called within this time may call again at any moment, and is to find a place."""
_Caller = Owner | str


class Callers:
    """The callers of one worker. With `most` places each may hold three quarters of them while others call as well.

    A caller who is alone may hold them all.
    """

    def __init__(self, most: int) -> None:
        self._share = max(1, most - max(1, most // 4))
        self._held: Counter[_Caller] = Counter()
        self._clients, self._servers = _Lately(), _Lately()

    def call(self, owner: Owner, now: float) -> None:
        """A call begins, whether it gets a place or not."""
        self._clients.note(owner.client, now)
        self._servers.note(owner, now)

    def has_share(self, owner: Owner, now: float) -> bool:
        """May this client hold one more place, and for this server?"""
        by_client = self._held[owner.client] < self._share or self._clients.is_alone(owner.client, now)
        return by_client and (self._held[owner] < self._share or self._servers.is_alone(owner, now))

    def take(self, owner: Owner) -> None:
        """One more place is held."""
        self._held.update((owner, owner.client))

    def give_back(self, owner: Owner) -> None:
        """One less; who holds none is forgotten."""
        for caller in (owner, owner.client):
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]


class _Lately:
    """When somebody else than this caller has last called. Two moments are enough for all callers."""

    def __init__(self) -> None:
        self._last: _Caller | None = None
        self._last_at = self._others_at = -math.inf

    def note(self, caller: _Caller, now: float) -> None:
        if caller != self._last:
            self._last, self._others_at = caller, self._last_at
        self._last_at = now

    def is_alone(self, caller: _Caller, now: float) -> bool:
        others_at = self._others_at if caller == self._last else self._last_at
        return now - others_at >= LATELY_SECONDS
