"""Which tokens were used already: each is good for one call, over all workers and restarts.

What may live here: the one table behind that promise. The unique insert decides, so two calls at the same moment cannot
both win. Kept are the issuer, a digest of the token's id and the moment until which it must be remembered; nothing of
the token could be rebuilt from that.

SQLite runs as in `store`: after a power failure the last entries may be gone, and those tokens could be used again
until they expire.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Engine, Index, Insert, MetaData, String, Table, create_engine, delete, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from cds_service.store import StoreError

_BUSY_MILLISECONDS = 5_000
_PURGE_EVERY = timedelta(minutes=10)
# Leeway is granted to clients, and another host's clock may lag behind the one that purges: for it the token is good.
_KEEP_LONGER = timedelta(hours=1)

_seen_token = Table(
    "seen_token",
    MetaData(),
    Column("issuer", String(500), primary_key=True),
    Column("jti_sha256", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),  # seconds since 1970, UTC
    Index("seen_token_expires_at", "expires_at"),
)


class TokenLog:
    """The tokens seen, for one worker. The engine is made at the first use: create it anywhere, use it after the fork.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL; ValueError for another."""
        self._url = make_url(url)
        self._insert = _insert_once(self._url.get_backend_name())
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._purge_at: datetime | None = None

    def is_first_use(self, issuer: str, jti: str, expires_at: float, now: datetime) -> bool:
        """Remember this token; False when it was seen before.

        `expires_at` is its `exp` (seconds since 1970, UTC); an hour after that it can be forgotten, since by then it is
        refused for its age anyway.
        """
        self._purge_now_and_then(now)
        digest = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()
        row = {"issuer": issuer, "jti_sha256": digest, "expires_at": int(expires_at) + 1}
        with self._connected() as connection:
            return connection.execute(self._insert, row).rowcount == 1

    def purge(self, now: datetime) -> int:
        """Forget the tokens that have been expired for an hour. Returns how many."""
        until = int((now - _KEEP_LONGER).timestamp())
        with self._connected() as connection:
            return connection.execute(delete(_seen_token).where(_seen_token.c.expires_at <= until)).rowcount

    def close(self) -> None:
        """Let go of all connections; a later call opens new ones."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _purge_now_and_then(self, now: datetime) -> None:
        with self._lock:
            if self._purge_at is not None and now < self._purge_at:
                return
            self._purge_at = now + _PURGE_EVERY
        self.purge(now)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well."""
        try:
            with self._tables().begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
            raise StoreError(f"the database could not be used ({kind})") from None

    def _tables(self) -> Engine:
        with self._lock:
            if self._engine is None:
                engine = _new_engine(self._url)
                with engine.begin() as connection:
                    connection.execute(CreateTable(_seen_token, if_not_exists=True))
                    for index in _seen_token.indexes:
                        connection.execute(CreateIndex(index, if_not_exists=True))
                self._engine = engine
            return self._engine


def _insert_once(backend: str) -> Insert:
    """Insert unless it is there. Both databases can, SQLAlchemy has it in each dialect of its own."""
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError("only SQLite and PostgreSQL are supported")
    insert = sqlite.insert if backend == "sqlite" else postgresql.insert
    # The count decides, and without this SQLAlchemy promises none for an insert.
    return insert(_seen_token).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _new_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True, pool_pre_ping=True)
    in_memory = url.database in {None, "", ":memory:"}
    # A database in memory exists once per connection, so all threads share one, in turn.
    sizes = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 5, "max_overflow": 10}
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_timeout=_BUSY_MILLISECONDS / 1000,
        connect_args={"check_same_thread": False},
        **sizes,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Patience first: turning WAL on can already meet another process doing the same.
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
