"""Can the database be written right now? One answer for all who ask: load balancers ask often, and strangers may.

What may live here: the small write that finds it out, and who starts it, who waits for it and who gets the last answer.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from cds_service.storage.database import Database
from cds_service.storage.schema import heartbeat
from cds_service.storage.store_error import StoreError

EVERY_SECONDS = 5.0
"""How long an answer stands before the database is tried again."""
PATIENCE_SECONDS = 1.0
"""How long the database may take for so small a write, and how long the one who has it tried is kept waiting."""
BRIEFLY_SECONDS = 0.25
"""How long everybody else is kept waiting while there was no answer yet: they hold threads that cards need."""


def write_heartbeat(database: Database) -> None:
    """Write one row anew, with another number each time: the same again would touch no page of an SQLite file.

    Raises:
        StoreError: it could not be written.
    """
    row = database.insert(heartbeat).values(id=1, mark=secrets.randbits(62))
    anew = row.on_conflict_do_update(index_elements=["id"], set_={"mark": row.excluded.mark})
    database.write(lambda connection: connection.execute(anew), PATIENCE_SECONDS)


@dataclass(eq=False)
class _Trial:
    """One try of the database; `passed` counts once `done` is set."""

    began: float
    done: threading.Event = field(default_factory=threading.Event)
    passed: bool = False


class Readiness:
    """The last answer and the try under way, for one worker. Create it anywhere; threads are made by `is_ready`."""

    def __init__(self, write: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> None:
        """`write` raises StoreError where the database cannot be written; `clock` gives monotonic seconds."""
        self._write, self._clock = write, clock
        self._lock = threading.Lock()
        self._last: _Trial | None = None
        self._under_way: _Trial | None = None

    def is_ready(self) -> bool:
        """Could the database be written a few seconds ago?

        Whoever finds the answer too old has the database tried and waits for that. The others get the last answer, or
        False where the try takes too long; while there was no answer at all, they wait for it briefly.
        """
        with self._lock:
            started = self._start_if_due()
            trial, last = self._under_way, self._last
        if trial is None:
            return last is not None and last.passed
        spent = self._clock() - trial.began
        if started or last is None:
            patience = PATIENCE_SECONDS if started else BRIEFLY_SECONDS - spent
            return trial.done.wait(max(0.0, patience)) and trial.passed
        return last.passed and spent < PATIENCE_SECONDS

    def _start_if_due(self) -> bool:
        """Called with the lock held, which the new thread needs for its end."""
        now = self._clock()
        if self._under_way is not None or (self._last is not None and now < self._last.began + EVERY_SECONDS):
            return False
        trial = _Trial(now)
        # A thread of its own: a file system or a server that hangs holds it, and none that serves callers.
        threading.Thread(target=self._run, args=(trial,), name="readiness", daemon=True).start()
        self._under_way = trial
        return True

    def _run(self, trial: _Trial) -> None:
        try:
            with suppress(StoreError):
                self._write()
                trial.passed = True
        finally:
            with self._lock:
                self._last, self._under_way = trial, None
            trial.done.set()
