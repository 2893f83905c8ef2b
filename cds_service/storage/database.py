"""A database as one worker sees it: an engine made at its first use, and transactions that do not wait for ever.

What may live here: connecting, creating tables, and how long a transaction waits for others. Which tables there are
stands in the modules that use them: `cards_and_feedback`, `token_log` and the sessions of the SMART app.

SQLite runs in WAL mode with `synchronous=NORMAL`: what was committed survives the death of the process (kill -9); only
a power failure can lose the last transactions, and it never damages the file. PostgreSQL has its own guarantees.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, Insert, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

TIMEOUT_SECONDS = 5.0
"""Seconds for which a transaction waits for others, where nobody at the bedside waits for it."""
_CONNECT_SECONDS = 2
_LIBPQ: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "tcp_user_timeout": int(TIMEOUT_SECONDS * 1000),
    "options": f"-c statement_timeout={TIMEOUT_SECONDS * 1000:.0f}",
}
_THREADS = 4
T = TypeVar("T")
_TIMEOUT_OF = "calciphylaxis_cds_patience"
_CREATING_TABLES = 7_316_204_511
"""Any number: the advisory lock under which workers that start together create tables, one after the other."""


class StoreError(Exception):
    """The database could not be used. The text holds neither values nor the address of the database."""


class Database:
    """One engine for the tables of `metadata`. Create it anywhere, use it after the fork."""

    def __init__(self, url: str, metadata: MetaData) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL; ValueError for another."""
        self._url = make_url(url)
        self._metadata = metadata
        self.backend = self._url.get_backend_name()
        if self.backend not in {"sqlite", "postgresql"}:
            raise ValueError("only SQLite and PostgreSQL are supported")
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        # No thread is made before there is something to do, so this may come before the fork.
        self._threads = ThreadPoolExecutor(_THREADS, "database")

    def transact(self, work: Callable[[Connection], T], timeout_seconds: float = TIMEOUT_SECONDS) -> T:
        """Do this in its own transaction and give its result, but wait no longer than so many seconds.

        SQLite keeps to that by itself. A server that does not answer refuses nothing: the caller stops waiting
        for it, and what it does afterwards is not reported.

        Raises:
            StoreError: the database could not be used, or did not answer in time.
        """

        def whole() -> T:
            with self.connected(timeout_seconds) as connection:
                return work(connection)

        if self.backend == "sqlite":
            return whole()
        answer = self._threads.submit(whole)
        try:
            return answer.result(timeout=timeout_seconds)
        except TimeoutError:
            answer.cancel()
            raise StoreError("the database could not be used (it does not answer)") from None

    @contextmanager
    def connected(self, timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well; it waits so many seconds for other writers.

        Raises:
            StoreError: the database could not be used.
        """
        try:
            with self._opened(timeout_seconds).begin() as connection:
                _limit_waiting(connection, timeout_seconds)
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
            # PostgreSQL's own words quote the row that it refused, with the comment: they are not passed on.
            raise StoreError(f"the database could not be used ({kind})") from None

    def insert_once(self, table: Table) -> Insert:
        """Insert unless it is there. Both databases can; in SQLAlchemy each dialect has its own way."""
        insert = sqlite.insert if self.backend == "sqlite" else postgresql.insert
        return insert(table).on_conflict_do_nothing()

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _opened(self, timeout_seconds: float) -> Engine:
        engine = self._engine
        if engine is not None:
            return engine
        # The thread that opens the database may get no answer; the others wait no longer than agreed.
        if not self._lock.acquire(timeout=timeout_seconds):
            raise StoreError("the database could not be used (it is still being opened)")
        try:
            if self._engine is None:
                engine = _new_engine(self._url)
                _create_tables(engine, self._metadata)
                self._engine = engine
            return self._engine
        finally:
            self._lock.release()


def _new_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        # A server that is gone shows it by silence; libpq would wait for it for minutes.
        arguments = _LIBPQ if url.get_driver_name().startswith("psycopg") else {}
        # The parameters are what clinicians wrote; they must not turn up in error messages.
        return create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_timeout=_CONNECT_SECONDS, connect_args=arguments
        )
    in_memory = url.database in {None, "", ":memory:"}
    # A database in memory exists once per connection, so all threads share one, in turn.
    sizes = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 5, "max_overflow": 10}
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_timeout=TIMEOUT_SECONDS,
        connect_args={"check_same_thread": False},
        **sizes,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # The time to wait comes first: another process may be turning WAL on at the same moment.
    cursor.execute(f"PRAGMA busy_timeout = {TIMEOUT_SECONDS * 1000:.0f}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _limit_waiting(connection: Connection, seconds: float) -> None:
    """How long this transaction waits for others: an SQLite connection keeps the last value, PostgreSQL forgets it."""
    if connection.dialect.name == "sqlite":
        # What was said last still holds, as long as it is the same connection.
        if connection.info.get(_TIMEOUT_OF) != seconds:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {seconds * 1000:.0f}").close()
            connection.info[_TIMEOUT_OF] = seconds
    elif seconds < TIMEOUT_SECONDS:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000:.0f}")


def _create_tables(engine: Engine, metadata: MetaData) -> None:
    # Not `create_all`: it looks first and creates then, and between the two another worker may have been quicker.
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # There even "if not exists" fails when two workers create the same table at the same moment.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATING_TABLES})")
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
