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
_REFUSED_WHOLLY = "refused in every form"


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

    def wanted_first(self, owner: Owner, paths: tuple[str, ...], name: str) -> tuple[str, ...]:
        """The forms of a search, known by this name: the one that the server answered last time first."""
        known = self.known(owner, name) if len(paths) > 1 else ""
        if known == _REFUSED_WHOLLY:
            return paths[:1]
        place = int(known) if known.isdigit() and int(known) < len(paths) else 0
        return (*paths[place:], *paths[:place])

    def was_answered(self, owner: Owner, paths: tuple[str, ...], name: str, path: str) -> None:
        """Remember a form, but not for longer than it was noted for: then the usual one is tried anew.

        A server that refused every form is asked in the usual one alone for as long, so that it is not asked five times
        as much by every call; what it was seen to answer is not forgotten for that.
        """
        known = self.known(owner, name)
        if not path:
            if not known:
                self.note(owner, name, _REFUSED_WHOLLY)
            return
        place = str(paths.index(path))
        if place != (known or "0"):
            self.note(owner, name, place)
