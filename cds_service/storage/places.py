"""How many threads of a worker may wait for the database at a time, so that the others stay free for the cards.

What may live here: counting, and how long a caller waits for a free place. What is done in a place is its holder's
business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cds_service.storage.store_error import StoreError

WAIT_SECONDS = 0.25
"""How long a place may take to become free while the database works: a burst of short writes passes within that."""
IMPATIENT_SECONDS = 5.0
"""For how long after a failure nobody waits for a place."""


class NoPlace(StoreError):
    """All places are taken. Nothing was done; the same may be tried again later."""


class Places:
    """So many places, for one worker. Create it anywhere."""

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._free = threading.BoundedSemaphore(count)
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[object, float] = {}
        self._impatient_until = 0.0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place for the block.

        While the holders come and go, this waits a moment for its turn. Once one of them has been held up for longer
        than that, or the database failed a holder lately, it does not wait at all.

        Raises:
            NoPlace: there is none.
        """
        if not self._free.acquire(timeout=self._patience()):
            raise NoPlace("the database could not be used (too many wait for it)")
        place = object()
        with self._lock:
            self._taken[place] = self._clock()
        try:
            yield
        except StoreError:
            self._impatient_until = self._clock() + IMPATIENT_SECONDS
            raise
        finally:
            with self._lock:
                del self._taken[place]
            self._free.release()

    def _patience(self) -> float:
        """Seconds that a place is worth waiting for."""
        now = self._clock()
        if now < self._impatient_until:
            return 0.0
        with self._lock:
            longest = now - min(self._taken.values(), default=now)
        return max(0.0, WAIT_SECONDS - longest)
