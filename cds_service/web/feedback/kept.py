"""What took long to count, kept for some minutes, and counted by one at a time.

What may live here: how long, how much of it, and who waits. The process that counts is the one that answers cards, and
what it counts grows with the log: whoever looks at the page again and again must not take its time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_QUICK_SECONDS = 0.5
"""What takes less of a processor is counted anew each time."""
_WAITED_SECONDS = 3.0
"""So long a busy machine may hold up what takes little by itself; from then on it is a server that counts long."""
_SHARE = 0.02
"""So much of the time of one core may go into it, until the longest time for which anything is kept."""
_LONGEST_SECONDS = 300.0
_STALE_SECONDS = 3600.0
"""So old may be what others get while it is counted anew."""
_WAIT_SECONDS = 10.0
_MOST_WAITING = 2
"""All other threads of the worker are there for cards."""
_MOST = 24


class Busy(Exception):
    """Somebody else's counts are made just now, and took too long to wait for."""


class _Made(NamedTuple):
    what: object
    at: float
    keep_seconds: float


class Kept:
    """For one worker. Create it anywhere; it needs no thread."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
        *,
        most: int = _MOST,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> None:
        """`clock` gives monotonic seconds, `worked` those that this thread has worked; `most` answers are kept."""
        self._clock, self._worked, self._most, self._wait_seconds = clock, worked, most, wait_seconds
        self._making, self._made = threading.Lock(), dict[Hashable, _Made]()
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was kept under this key, or what `make` gives; its errors are raised and not kept.

        Raises:
            Busy: others are at it, and nothing is kept.
        """
        if (found := self._kept(key)) is not None:
            return found.what  # type: ignore[return-value]
        older = self._made.get(key)
        is_good_enough = older is not None and self._clock() - older.at < _STALE_SECONDS
        if not self._has_its_turn(0 if is_good_enough else self._wait_seconds):
            if is_good_enough and older is not None:
                return older.what  # type: ignore[return-value]
            raise Busy
        try:
            # Whoever was first may have made it while we waited.
            if (found := self._kept(key)) is not None:
                return found.what  # type: ignore[return-value]
            return self._make(key, make)
        finally:
            self._making.release()

    def _has_its_turn(self, seconds: float) -> bool:
        if self._making.acquire(blocking=False):
            return True
        if not seconds or not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._making.acquire(timeout=seconds)
        finally:
            self._waiting.release()

    def _kept(self, key: Hashable) -> _Made | None:
        found = self._made.get(key)
        return found if found and self._clock() - found.at < found.keep_seconds else None

    def _make(self, key: Hashable, make: Callable[[], T]) -> T:
        begun, before = self._clock(), self._worked()
        what = make()
        ended, worked = self._clock(), self._worked() - before
        took = ended - begun if ended - begun >= _WAITED_SECONDS else worked
        self._made.pop(key, None)
        if took >= _QUICK_SECONDS:
            # The oldest stands first.
            while len(self._made) >= self._most:
                del self._made[next(iter(self._made))]
            self._made[key] = _Made(what, ended, min(_LONGEST_SECONDS, took / _SHARE))
        return what
