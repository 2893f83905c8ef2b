"""What servers said about signing in, kept for a while, so that few servers are asked, and none often.

What may live here: remembering, and bounds on asking. Nobody has signed in yet when a server is asked: a stranger must
not be able to keep every thread of a worker waiting for a slow one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cds_service.bounded_get import Web
from cds_service.web.smart.discovery import DiscoveryProblem, Endpoints, discover

_GOOD_FOR_SECONDS = 300.0
_BAD_FOR_SECONDS = 15.0
_MOST_REMEMBERED = 200
_MOST_AT_ONCE = 3
"""Look-ups of one worker at a time: everybody can start one, and a slow server holds a thread for each."""
_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Told:
    """What a server said, or why it did not, in words; `until` is a moment of the monotonic clock."""

    until: float
    endpoints: Endpoints | None = None
    problem: str = ""


class Discovery:
    """What servers said, remembered for five minutes in one worker, and failures for a quarter of a minute."""

    def __init__(self, web: Web, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._web, self._monotonic = web, monotonic
        self._lock, self._places = threading.Lock(), threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._known: dict[str, _Told] = {}

    def endpoints_of(self, base: str) -> Endpoints | None:
        """The endpoints of the FHIR server with this normal base URL; None: it asks for no authorization at all.

        Raises DiscoveryProblem.
        """
        told = self._cached(base) or self._ask_now(base)
        if told.problem:
            raise DiscoveryProblem(told.problem)
        return told.endpoints

    def _ask_now(self, base: str) -> _Told:
        if not self._places.acquire(timeout=_WAIT_SECONDS):
            raise DiscoveryProblem("too many sign-ins are being prepared at this moment")
        try:
            # Another thread may have asked while this one waited.
            return self._cached(base) or self._fetch_and_cache(base)
        finally:
            self._places.release()

    def _cached(self, base: str) -> _Told | None:
        with self._lock:
            told = self._known.get(base)
        return told if told is not None and self._monotonic() < told.until else None

    def _fetch_and_cache(self, base: str) -> _Told:
        try:
            endpoints, problem, seconds = discover(base, self._web), "", _GOOD_FOR_SECONDS
        except DiscoveryProblem as found:
            endpoints, problem, seconds = None, str(found), _BAD_FOR_SECONDS
        told = _Told(self._monotonic() + seconds, endpoints, problem)
        with self._lock:
            # Taken out first, so that the order of the entries is that of their age.
            self._known.pop(base, None)
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[base] = told
        return told
