"""What could not be written at once: it is tried again aside from all calls, and written out when a worker ends.

What may live here: when it is tried again, and what is said of that. What waits, and how it is written, is the business
of those who have it: used tokens in `access`.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import TypeVar

from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

RETRY_SECONDS = 5.0
"""After how long a lost database is tried again."""
T = TypeVar("T")


def write_out(some: Callable[[], Sequence[T]], write: Callable[[Sequence[T], float], object], seconds: float) -> None:
    """Write `some` of what waits, and again, until there is none; `write` is told how many seconds are left.

    Raises:
        StoreError: that does not succeed within about so many seconds.
    """
    end = time.monotonic() + seconds
    while waiting := some():
        left = end - time.monotonic()
        if left <= 0:
            raise StoreError("the database could not be used (it takes too long)")
        write(waiting, left)


class Backlog:
    """What waits for the database: that is said once, it is tried now and then, and its end is said once as well.

    Create it anywhere; the one thread is made by `begin`, and ends with the owner of `attempt` at the latest.
    """

    def __init__(
        self,
        name: str,
        said: tuple[str, str],
        attempt: Callable[[], object],
        waits: Callable[[], object],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`said` is what the log says when something begins to wait, and when nothing does any more.

        `attempt` and `waits` are methods of one owner: one writes what waits, or raises; the other tells whether
        anything does.
        """
        self._name, (self._fault, self._again), self._retry_seconds = name, said, retry_seconds
        self._attempt, self._waits = weakref.WeakMethod(attempt), weakref.WeakMethod(waits)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._is_told = False
        self.is_on = False
        """Is it tried again by itself?"""

    def begin(self, problem: str) -> None:
        """Something waits now, because of this problem."""
        with self._lock:
            # Said before the thread begins: it may find the database back, and say so, at once.
            if not self._is_told:
                self._is_told = True
                log.error("%s: %s", self._fault, problem)
            if self.is_on:
                return
            try:
                threading.Thread(target=self._until_over, name=self._name, daemon=True).start()
            except RuntimeError as error:
                log.error("%s cannot be tried again aside from calls (%s)", self._name, type(error).__name__)
                return
            self.is_on = True

    def end_if_nothing_waits(self) -> None:
        """A call has just written something: where that was all, the log says so now."""
        waits = self._waits()
        if self._is_told and waits is not None:
            with self._lock:
                self._end(waits)

    def close(self) -> None:
        """Try no more."""
        self._closed.set()

    def _until_over(self) -> None:
        while not self._closed.wait(self._retry_seconds):
            if self._is_over():
                return

    def _is_over(self) -> bool:
        attempt, waits = self._attempt(), self._waits()
        if attempt is None or waits is None:
            return True
        try:
            attempt()
        except Exception as error:
            # Whatever it is: nobody else would try again.
            log.debug("%s: not over yet (%s)", self._name, type(error).__name__)
        with self._lock:
            # Under the lock: a call that adds something now finds that it is tried, or has that begun anew.
            self.is_on = not self._end(waits)
            return not self.is_on

    def _end(self, waits: Callable[[], object]) -> bool:
        if waits():
            return False
        if self._is_told:
            self._is_told = False
            log.warning("%s", self._again)
        return True
