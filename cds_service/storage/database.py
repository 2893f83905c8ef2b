"""A database as one worker sees it: transactions that do not wait for ever, and what happens to those that hang.

What may live here: how long a transaction waits for others, and for the server. How the database is opened stands in
`opening`, which tables there are in `schema`, how they come about in `migrating`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cds_service.storage.crew import Crew
from cds_service.storage.engine import TIMEOUT_SECONDS, limit_waiting, waiting_seconds
from cds_service.storage.opening import Opened, Opening
from cds_service.storage.places import Places
from cds_service.storage.sqlite_file import sqlite_file
from cds_service.storage.store_error import StoreError

__all__ = ["TIMEOUT_SECONDS", "Database", "StoreError"]

log = logging.getLogger("cds_service")

_THREADS = 4
_OVERDUE_SECONDS = 5.0
"""So long after its caller stopped waiting, work that has not come back is taken to hang. A server that works ends each
statement by itself before that, and answers to whoever connects."""
_REPLACE_EVERY_SECONDS = 10.0
_MOST_GIVEN_UP = 4
"""Each holds up to eight threads and connections until they come back; more could use up what the server grants."""
_LEAST_SECONDS = 0.01
T = TypeVar("T")


class RowRefused(StoreError):
    """The database works, and does not take what was to be written: nor would it the next time."""


class FileReplaced(StoreError):
    """What was written went into a file that is no longer there."""


class _Hands:
    """The threads that ask a server, for callers who wait only so long.

    What may wait long has threads of its own: a clinician's call never queues behind feedback that waits for a lock.
    """

    def __init__(self) -> None:
        self._urgent, self._patient = Crew(_THREADS, "database"), Crew(_THREADS, "database-patient")

    def do(self, work: Callable[[], T], seconds: float) -> Future[T]:
        return (self._urgent if seconds < TIMEOUT_SECONDS else self._patient).do(work, seconds)

    def hang(self) -> bool:
        return self._urgent.hangs(_OVERDUE_SECONDS) or self._patient.hangs(_OVERDUE_SECONDS)

    def are_at_work(self) -> bool:
        return self._urgent.is_at_work() or self._patient.is_at_work()

    def dismiss(self) -> None:
        self._urgent.dismiss()
        self._patient.dismiss()


class Database:
    """The database of one worker, for all its tables: one engine. Create it anywhere, use it after the fork."""

    def __init__(self, url: str, places: int = 4) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL; ValueError for another.

        So many threads at a time may hold a transaction of their own (`connected`).
        """
        self._url = make_url(url)
        self.backend = self._url.get_backend_name()
        if self.backend not in {"sqlite", "postgresql"}:
            raise ValueError("only SQLite and PostgreSQL are supported")
        self._file = sqlite_file(self._url)
        if self._file is not None:
            self._url = self._file.named_in(self._url)
        self._opening = Opening(self._url, self._file)
        self._places = Places(places)
        # SQLite has one writer: threads that queue here do not meet its own lock, which makes the loser sleep.
        self._one_writer = threading.Lock() if self.backend == "sqlite" else None
        self._hands = _Hands()
        self._replacing = threading.Lock()
        self._given_up: list[_Hands] = []
        self._no_replacing_until = 0.0

    @property
    def name(self) -> str:
        """The URL without the password, for whoever operates the database; for no log."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    def transact(self, work: Callable[[Connection], T], timeout_seconds: float = TIMEOUT_SECONDS) -> T:
        """Do this in its own transaction and give its result, but wait no longer than so many seconds.

        SQLite keeps to that by itself. A server that does not answer refuses nothing: the caller stops waiting
        for it, and what it does afterwards is not reported. Where the file of SQLite was replaced meanwhile the work is
        done once more, in the new one.

        Raises:
            StoreError: the database could not be used, or did not answer in time.
        """

        todo = [work]

        def whole() -> T:
            with self._transaction(timeout_seconds) as connection:
                return todo[0](connection)

        if self.backend == "sqlite":
            try:
                return whole()
            except FileReplaced:
                return whole()
        self._give_up_what_hangs()
        answer = self._hands.do(whole, timeout_seconds)
        try:
            return answer.result(timeout=timeout_seconds)
        except TimeoutError:
            if answer.cancel():
                # It stays in the queue until a thread is free: without what was to be written, which would add up.
                todo.clear()
            raise StoreError("the database could not be used (it does not answer)") from None

    @contextmanager
    def turn(self, seconds: float) -> Iterator[float]:
        """Wait for the turn of this thread, where there can be only one writer. Gives what is left of the seconds.

        Raises:
            StoreError: the others took too long.
        """
        lock = self._one_writer
        if lock is None:
            yield seconds
            return
        left = seconds
        if not lock.acquire(blocking=False):
            began = time.monotonic()
            if not lock.acquire(timeout=seconds):
                raise StoreError("the database could not be used (other writers took too long)")
            left = max(_LEAST_SECONDS, seconds - (time.monotonic() - began))
        try:
            yield left
        finally:
            lock.release()

    def write(self, work: Callable[[Connection], T], seconds: float = TIMEOUT_SECONDS) -> T:
        """The same as `transact`, in turn with the other writers of this worker; the seconds are those of both."""
        with self.turn(seconds) as left:
            return self.transact(work, left)

    def to_disk(self) -> None:
        """Wait until what was committed survives a power failure too; SQLite leaves that for later, a server does not.

        Raises:
            StoreError: the disk did not confirm it.
        """
        if self._file is not None:
            self._file.to_disk()

    @contextmanager
    def connected(self, timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well; it waits so many seconds for other writers.

        A server that does not answer holds up the caller's own thread, so there are few places for this.

        Raises:
            StoreError: the database could not be used, or too many wait for it.
        """
        with self._places.one(), self._transaction(timeout_seconds) as connection:
            yield connection

    @contextmanager
    def _transaction(self, timeout_seconds: float) -> Iterator[Connection]:
        opening = self._opening
        try:
            opened, connection = _connection(opening, timeout_seconds)
            with connection, connection.begin():
                limit_waiting(connection, timeout_seconds)
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
            # PostgreSQL's own words quote the row that it refused, with the comment: they are not passed on.
            fault = RowRefused if isinstance(error, DataError | IntegrityError) else StoreError
            raise fault(f"the database could not be used ({kind})", _said_of_no_row(error)) from None
        finally:
            if opening is not self._opening:
                opening.give_up()
        # Only now, after the commit, is it known where that went.
        if not opened.is_there():
            raise FileReplaced("the database could not be used (its file was deleted or replaced)")

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can say what a conflict means. Both databases can; in SQLAlchemy each has its own way."""
        return sqlite.insert(table) if self.backend == "sqlite" else postgresql.insert(table)

    def insert_once(self, table: Table) -> Insert:
        """Insert unless it is there; `rowcount` says how many were new."""
        # Without this SQLAlchemy promises no count for an insert.
        return self.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def make_ready(self) -> None:
        """Make or change the tables before there are workers; what cannot be done now is done at the first use."""
        try:
            with self.connected():
                pass
        except StoreError as error:
            log.error("the database is not ready; cards are given all the same: %s", error)
        finally:
            self.close()

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self._start_anew()

    def _give_up_what_hangs(self) -> None:
        """Replace threads and connections that do not come back: others may long be able to use the database.

        A server process that is stopped or stuck never ends the connection, and libpq waits for it without end.
        """
        now = time.monotonic()
        if now < self._no_replacing_until or not self._hands.hang():
            return
        with self._replacing:
            self._given_up = [hands for hands in self._given_up if hands.are_at_work()]
            if now < self._no_replacing_until or len(self._given_up) >= _MOST_GIVEN_UP:
                return
            self._no_replacing_until = now + _REPLACE_EVERY_SECONDS
            self._given_up.append(self._hands)
        log.error("the database does not come back to those who wait for it: trying it over new connections")
        self._start_anew()

    def _start_anew(self) -> None:
        """Whoever comes later gets new threads and new connections; those at work close theirs when they come back."""
        hands, opening = self._hands, self._opening
        self._hands, self._opening = _Hands(), opening.anew()
        hands.dismiss()
        opening.give_up()


def _said_of_no_row(error: DBAPIError | PoolTimeout) -> str:
    """The first line of the driver where it speaks of the database itself; what follows it could quote a statement."""
    if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
        return ""
    return next(iter(str(error.orig).splitlines()), "")


def _connection(opening: Opening, timeout_seconds: float) -> tuple[Opened, Connection]:
    before = waiting_seconds.set(timeout_seconds)
    try:
        opened = opening.opened(timeout_seconds)
        return opened, opened.engine.connect()
    finally:
        waiting_seconds.reset(before)
