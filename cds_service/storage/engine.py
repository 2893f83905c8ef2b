"""SQLAlchemy's engine for one database: how it connects, how many connections it keeps, how long they wait.

What may live here: what differs between SQLite and PostgreSQL before the first table is asked.

SQLite runs in WAL mode with `synchronous=NORMAL`: what was committed survives the death of the process (kill -9). A
power failure can lose the last transactions, where nobody waited for `Database.to_disk`; it never damages the file.
PostgreSQL has its own guarantees.
"""

from __future__ import annotations

import sqlite3
import time
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

TIMEOUT_SECONDS = 5.0
"""Seconds for which a transaction waits for others, where nobody at the bedside waits for it."""
waiting_seconds: ContextVar[float] = ContextVar("waiting_seconds", default=TIMEOUT_SECONDS)
"""How long whoever opens the database or a connection in this thread waits for others."""

_CONNECT_SECONDS = 2
_POSTGRESQL_CONNECTIONS = {"pool_size": 5, "max_overflow": 20}
"""Enough for the threads of `Database` and for the pages that open a transaction themselves."""
_SQLITE_CONNECTIONS = {"pool_size": 5, "max_overflow": -1}
"""A thread holds one at a time, so there are never more than threads, and nobody waits for a connection."""
_LIBPQ: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "tcp_user_timeout": int(TIMEOUT_SECONDS * 1000),
    # The same where nothing was sent that could stay unanswered: a host that is gone is noticed within seconds.
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # In UTC whatever the zone of database and role: elsewhere the last moments of the calendar cannot be read.
    "options": f"-c statement_timeout={TIMEOUT_SECONDS * 1000:.0f} -c timezone=UTC",
}
_TIMEOUT_OF = "calciphylaxis_cds_patience"
_AGAIN_SECONDS = 0.01
_PRIMARY_CODE = 0xFF
"""SQLite's extended error codes say in their lowest byte what kind of error it is."""


def new_engine(url: URL, *, in_memory: bool) -> Engine:
    """An engine that has not connected yet. `in_memory`: the database exists once per connection."""
    # The parameters are what clinicians wrote; they must not turn up in error messages.
    if url.get_backend_name() != "sqlite":
        # A server that is gone shows it by silence; libpq would wait for it for minutes.
        arguments = _LIBPQ if url.get_driver_name().startswith("psycopg") else {}
        return create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=_CONNECT_SECONDS,
            connect_args=arguments,
            **_POSTGRESQL_CONNECTIONS,
        )
    # All threads share the one connection of a database in memory, in turn.
    sizes = {"pool_size": 1, "max_overflow": 0} if in_memory else _SQLITE_CONNECTIONS
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


def limit_waiting(connection: Connection, seconds: float) -> None:
    """How long this transaction waits for others: an SQLite connection keeps the last value, PostgreSQL forgets it."""
    if connection.dialect.name == "sqlite":
        # What was said last still holds, as long as it is the same connection.
        if connection.info.get(_TIMEOUT_OF) != seconds:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {seconds * 1000:.0f}").close()
            connection.info[_TIMEOUT_OF] = seconds
    elif seconds != TIMEOUT_SECONDS:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000:.0f}")


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    seconds = entry.info[_TIMEOUT_OF] = waiting_seconds.get()
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
    _turn_wal_on(cursor, seconds)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _turn_wal_on(cursor: DBAPICursor, seconds: float) -> None:
    """Wait so long where another process writes to a new file: SQLite itself then refuses this at once."""
    until = time.monotonic() + seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return
