"""From the spool into the database: the events of a file are written there, then the file goes.

What may live here: one round of that, and what becomes of lines that nobody can use. When there is a round is the
business of `shipping`, what stands in a file that of `segment`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice

from sqlalchemy.exc import StatementError

from cds_service.storage.aside import ASIDE
from cds_service.storage.database import Database, RowRefused
from cds_service.storage.event import Event, UnreadableLine, event_of
from cds_service.storage.schema import event as event_table
from cds_service.storage.segment import Segment
from cds_service.storage.spool import Spool, SpoolError
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

_AT_A_TIME = 500
_STOP_SECONDS = 0.1
LATE_SECONDS = 600.0
"""What waits for longer is told to whoever watches the service: a database that was away is back by then, and a spool
that has become large brings on one file after the other."""


class Carrying:
    """What brings the events of one worker to the database. Create it anywhere, use it after the fork."""

    def __init__(self, database: Database, spool: Spool | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a spool there is nothing to carry, and events are only written. `clock` gives monotonic seconds."""
        self._database, self._spool, self._clock = database, spool, clock
        self._new_event = database.insert_once(event_table)
        self._at_it = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """In a worker: how long something waits is counted from now on."""
        self._carried_at = self._clock()

    def faults(self) -> list[str]:
        """That something waits for too long, in words."""
        is_late = self._spool is not None and self._clock() - self._carried_at > LATE_SECONDS
        waits = is_late and self._spool is not None and self._spool.is_waiting()
        return [f"events wait in the spool for more than {LATE_SECONDS / 60:.0f} minutes"] if waits else []

    def carry(self, seconds: float) -> None:
        """Bring everything from the spool to the database; whoever comes second waits for that so many seconds.

        A file that cannot be read, or not be removed, holds up no other; the database does.

        Raises:
            StoreError: it could not be used, or another thread is at it; what was not brought there stays in the spool.
        """
        if self._spool is None:
            return
        # One at a time: two that read the same file would take each other's lines and close it under each other.
        if not self._at_it.acquire(timeout=seconds):
            raise StoreError("the database could not be used (events are being brought there for too long)")
        try:
            self._carry(self._spool, seconds)
        finally:
            self._at_it.release()

    def write(self, events: Sequence[Event], seconds: float) -> None:
        """Write these to the database, all or none, each once. Raises StoreError."""
        if events:
            rows = [event.row() for event in events]
            self._database.write(lambda connection: connection.execute(self._new_event, rows), seconds)

    def stop(self) -> None:
        """Leave the files to whoever comes. Where a thread is still at it they stay ours until the process ends."""
        if self._spool is not None and self._at_it.acquire(timeout=_STOP_SECONDS):
            self._spool.close()
            self._at_it.release()

    def _carry(self, spool: Spool, seconds: float) -> None:
        left: SpoolError | None = None
        for segment in spool.waiting():
            try:
                self._empty(segment, spool, seconds)
            except OSError as error:
                # Of the file: what the database says is no OSError any more.
                spool.pass_over(segment.path, error)
            except SpoolError as error:
                left = left or error
            self._carried(spool, left)
        self._carried(spool, left)
        if left is not None:
            raise left

    def _carried(self, spool: Spool, left: SpoolError | None) -> None:
        """Until here nothing was left behind."""
        if left is None and not spool.has_passed_over:
            self._carried_at = self._clock()

    def _empty(self, segment: Segment, spool: Spool, seconds: float) -> None:
        useless = self._bring(segment, seconds)
        spool.done(segment, useless)
        if useless:
            log.error("%d lines of the spool are no events: %s%s stays", len(useless), segment.path.stem, ASIDE)

    def _bring(self, segment: Segment, seconds: float) -> list[bytes]:
        """Those of its lines that are no events, or none that the database takes. Raises OSError, of the file."""
        useless: list[bytes] = []
        brought, lines = 0, filter(None, segment.lines())
        while batch := [(line, event_or_none(line)) for line in islice(lines, _AT_A_TIME)]:
            good = [(line, event) for line, event in batch if event is not None]
            refused = self._refused(good, seconds)
            useless += [line for line, event in batch if event is None] + refused
            brought += len(good) - len(refused)
        if brought:
            # The file of the spool goes next: until then it is what survives a power failure.
            self._database.to_disk()
        return useless

    def _refused(self, lines: Sequence[tuple[bytes, Event]], seconds: float) -> list[bytes]:
        """The lines whose event the database does not take, whoever brings them; the others are written."""
        try:
            self.write([event for _, event in lines], seconds)
        except (RowRefused, StatementError):
            if len(lines) == 1:
                return [lines[0][0]]
            return [line for one in lines for line in self._refused([one], seconds)]
        return []


def event_or_none(line: bytes) -> Event | None:
    """The event of this line, None where it is none."""
    try:
        return event_of(line)
    except UnreadableLine:
        return None
