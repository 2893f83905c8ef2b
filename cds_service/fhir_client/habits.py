"""What servers refused or wanted lately, so that the next call need not find it out again.

What may live here: a small memory with an end. Nothing of a patient and no token goes in: who asked which server, and
words of our own about how to ask there. What one client was refused says nothing about another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from cds_service.fhir_client.kept_connections import Owner

KEPT_FOR_SECONDS = 300.0
"""For so long we ask as the server wanted it last time; then it is tried anew."""
_MOST_KEPT = 4_096


class Habits:
    """Notes about servers: a few thousand, each for some minutes. When there are too many, the first is forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._notes: dict[tuple[Owner, str], tuple[float, str]] = {}

    def __len__(self) -> int:
        return len(self._notes)

    def note(self, owner: Owner, about: str, what: str) -> None:
        """From now on `what` is known `about` this server to this client."""
        with self._lock:
            self._notes.pop((owner, about), None)
            self._notes[owner, about] = self._clock() + KEPT_FOR_SECONDS, what
            while len(self._notes) > _MOST_KEPT:
                del self._notes[next(iter(self._notes))]

    def known(self, owner: Owner, about: str) -> str:
        """What was noted about it, "" when nothing was, or too long ago."""
        with self._lock:
            until, what = self._notes.get((owner, about), (0.0, ""))
        return what if until > self._clock() else ""
