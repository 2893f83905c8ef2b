"""From the spool into the database: the events of a file are written there, then the file goes.

What may live here: one round of that, and what becomes of lines that nobody can use. When there is a round is the
business of `shipping`, what stands in a file that of `segment`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy.exc import StatementError

from cds_service.storage.database import Database, RowRefused
from cds_service.storage.event import Event, UnreadableLine, event_of
from cds_service.storage.schema import event as event_table
from cds_service.storage.segment import Segment
from cds_service.storage.spool import ASIDE, Spool
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

_AT_A_TIME = 500
_STOP_SECONDS = 0.1


class Carrying:
    """What brings the events of one worker to the database. Create it anywhere, use it after the fork."""

    def __init__(self, database: Database, spool: Spool | None) -> None:
        """Without a spool there is nothing to carry, and events can only be written."""
        self._database, self._spool = database, spool
        self._new_event = database.insert_once(event_table)
        self._at_it = threading.Lock()

    def carry(self, seconds: float) -> None:
        """Bring everything from the spool to the database; whoever comes second waits for that so many seconds.

        Raises:
            StoreError: it could not be used, or another thread is at it; what was not brought there stays in the spool.
        """
        if self._spool is None:
            return
        # One at a time: two that read the same file would take each other's lines and close it under each other.
        if not self._at_it.acquire(timeout=seconds):
            raise StoreError("the database could not be used (events are being brought there for too long)")
        try:
            for segment in self._spool.waiting():
                self._empty(segment, self._spool, seconds)
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

    def _empty(self, segment: Segment, spool: Spool, seconds: float) -> None:
        useless = self._bring(segment, seconds)
        if useless:
            log.error("%d lines of the spool are no events: %s%s stays", useless, segment.path.stem, ASIDE)
            spool.set_aside(segment)
        else:
            spool.done(segment)

    def _bring(self, segment: Segment, seconds: float) -> int:
        """How many of its lines are no events, or none that the database takes."""
        useless = brought = 0
        events = _read(segment)
        while batch := list(islice(events, _AT_A_TIME)):
            good = [one for one in batch if one is not None]
            refused = self._refused(good, seconds)
            useless += len(batch) - len(good) + refused
            brought += len(good) - refused
        if brought:
            # The file of the spool goes next: until then it is what survives a power failure.
            self._database.to_disk()
        return useless

    def _refused(self, events: Sequence[Event], seconds: float) -> int:
        """How many of them the database does not take, whoever brings them; the others are written."""
        try:
            self.write(events, seconds)
        except (RowRefused, StatementError):
            return 1 if len(events) == 1 else sum(self._refused([one], seconds) for one in events)
        return 0


def event_or_none(line: bytes) -> Event | None:
    """The event of this line, None where it is none."""
    try:
        return event_of(line)
    except UnreadableLine:
        return None


def _read(segment: Segment) -> Iterator[Event | None]:
    return (event_or_none(line) for line in segment.lines() if line)
