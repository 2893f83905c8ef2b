"""When the spool is brought to the database: soon after something came, and again after a failure.

What may live here: the one thread that does it, and what the log says of an outage. What is shipped, and how, is the
business of `event_log`.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable

from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

_GATHER_SECONDS = 0.1
"""So long events gather before they are shipped together."""
_LOOK_SECONDS = 5.0
"""So often the spool is looked through for what an ended process left, where nothing comes."""


class Shipping:
    """Create it anywhere; its one thread is made by `begin` or the first event, and ends with the owner of `ship`."""

    def __init__(self, ship: Callable[[], object], retry_seconds: float) -> None:
        """`ship` is a method that brings everything to the database, or raises StoreError."""
        self._ship, self._retry_seconds = weakref.WeakMethod(ship), retry_seconds
        self._lock = threading.Lock()
        self._something, self._closed = threading.Event(), threading.Event()
        self._is_running = self._is_told = False

    def begin(self) -> None:
        """Look through the spool now, and whenever something comes."""
        self._something.set()
        with self._lock:
            if self._is_running or self._closed.is_set():
                return
            try:
                threading.Thread(target=self._run, name="spool", daemon=True).start()
            except RuntimeError as error:
                log.error("the spool cannot be shipped now (%s); it is tried again with the next event", error)
                return
            self._is_running = True

    def there_is_something(self) -> None:
        """An event was appended."""
        if self._is_running:
            self._something.set()
        else:
            self.begin()

    def close(self) -> None:
        """Ship no more."""
        self._closed.set()
        self._something.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._something.wait(_LOOK_SECONDS)
            if self._closed.wait(_GATHER_SECONDS):
                return
            self._something.clear()
            ship = self._ship()
            if ship is None:
                return
            worked = self._once(ship)
            del ship
            if not worked and self._closed.wait(self._retry_seconds):
                return

    def _once(self, ship: Callable[[], object]) -> bool:
        try:
            ship()
        except Exception as error:
            # Whatever it is: nobody else would ship what waits.
            if not self._is_told:
                self._is_told = True
                said = error if isinstance(error, StoreError) else type(error).__name__
                log.error("events cannot be brought to the database, they wait in the spool: %s", said)
            return False
        if self._is_told:
            self._is_told = False
            log.warning("events are brought to the database again")
        return True
