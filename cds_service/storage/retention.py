"""How long it is kept what happened: older rows are deleted, some at a time, so that nobody has to wait for that.

What may live here: deleting, and when it is due. How many days that are is a setting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Column, Delete, Table, delete, func, select
from sqlalchemy.engine import Connection

from cds_service.storage.database import TIMEOUT_SECONDS, Database
from cds_service.storage.schema import card, event, feedback
from cds_service.storage.spool import Spool
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

_AT_A_TIME = 1_000
_EVERY_SECONDS = 24 * 3600.0
_REST_SECONDS = 0.05
MOST_A_DAY = timedelta(days=31)
"""By itself no more than the events of so many days are deleted in one: a clock that is years ahead would delete them
all. What has piled up goes within days."""
_KEPT: tuple[tuple[Table, Column[datetime]], ...] = (
    (event, event.c.at),
    (feedback, feedback.c.received_at),
    (card, card.c.issued_at),
)


def count_before(database: Database, moment: datetime) -> int:
    """How many rows `prune` would delete. Raises StoreError."""

    def count(connection: Connection) -> int:
        return sum(connection.execute(select(func.count()).where(at < moment)).scalar_one() for _, at in _KEPT)

    return database.transact(count)


def oldest(database: Database) -> datetime | None:
    """When the oldest row is from that `prune` could delete; None without any. Raises StoreError."""

    def look(connection: Connection) -> list[datetime | None]:
        return [connection.execute(select(func.min(at))).scalar_one() for _, at in _KEPT]

    return min(filter(None, database.transact(look)), default=None)


def prune(database: Database, moment: datetime, rest: Callable[[], object] = lambda: None) -> int:
    """Delete events, and cards and feedback of releases without events, of before this moment; give their number.

    `rest` is called after each lot. What waits in the spool is younger than that, or deleted the next time.

    Raises:
        StoreError: the database could not be used; what was deleted until then stays deleted.
    """
    deleted = 0
    for table, at in _KEPT:
        key = table.primary_key.columns[0]
        some = delete(table).where(key.in_(select(key).where(at < moment).limit(_AT_A_TIME)))
        while gone := _rows_gone(database, some):
            deleted += gone
            rest()
    return deleted


def _rows_gone(database: Database, some: Delete) -> int:
    return database.write(lambda connection: connection.execute(some).rowcount, TIMEOUT_SECONDS)


class Retention:
    """Prunes once a day, where somebody asks often enough whether that is due."""

    def __init__(
        self,
        database: Database,
        days: int,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        spool: Spool | None = None,
    ) -> None:
        """`now` gives the time, `clock` monotonic seconds. What was set aside of `spool` goes with what is too old."""
        self._database, self._kept, self._now, self._clock = database, timedelta(days=days), now, clock
        self._spool = spool
        self._lock = threading.Lock()
        self._due = 0.0

    def prune_if_due(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Prune, unless that was done within a day; a database that cannot be used has it done a day later.

        `meanwhile` is called after each lot. It may raise StoreError, which ends the pruning of this day.
        """
        with self._lock:
            if self._clock() < self._due:
                return
            self._due = self._clock() + _EVERY_SECONDS
        try:
            moment = self._until()
            gone = prune(self._database, moment, lambda: self._rest(meanwhile))
            if self._spool is not None:
                self._spool.prune_aside(moment)
        except StoreError as error:
            log.error("what is older than %d days could not be deleted: %s", self._kept.days, error)
        else:
            if gone:
                log.info("%d events older than %d days were deleted", gone, self._kept.days)

    def _until(self) -> datetime:
        """What is older than this goes today."""
        moment, first = self._now() - self._kept, oldest(self._database)
        if first is None or moment <= first + MOST_A_DAY:
            return moment
        log.warning(
            "more than %d days of events are older than they may be: they go in some days. If this is unexpected, look "
            "at the clock of this machine now",
            MOST_A_DAY.days,
        )
        return first + MOST_A_DAY

    @staticmethod
    def _rest(meanwhile: Callable[[], object]) -> None:
        # Calls write in between.
        time.sleep(_REST_SECONDS)
        meanwhile()
