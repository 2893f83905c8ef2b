"""Which tokens were used already: each is valid for one call, over all workers and restarts.

What may live here: the one table behind that promise. The unique insert decides, so two calls at the same moment cannot
both win. The issuer, a digest of the token's id and the moment until which it must be remembered are kept; nothing
of the token could be rebuilt from that.

With SQLite the last entries may be gone after a power failure (see `database`), and those tokens could be used again
until they expire.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, delete

from cds_service.storage import Database

_TIMEOUT_SECONDS = 2.0
"""Seconds; the clinician waits for the answer meanwhile."""
_PURGE_EVERY = timedelta(minutes=10)
# Clients have some leeway, and another host's clock may be behind the one that purges: there the token is still valid.
_KEEP_LONGER = timedelta(hours=1)

_metadata = MetaData()

_seen_token = Table(
    "seen_token",
    _metadata,
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
        self._database = Database(url, _metadata)
        # The count decides, and without this SQLAlchemy promises none for an insert.
        self._insert = self._database.insert_once(_seen_token).execution_options(preserve_rowcount=True)
        self._lock = threading.Lock()
        self._purge_at: datetime | None = None

    def is_first_use(self, issuer: str, jti: str, expires_at: float, now: datetime) -> bool:
        """Remember this token; False when it was seen before.

        `expires_at` is its `exp` (seconds since 1970, UTC); an hour after that it can be forgotten, since by then it is
        refused for its age anyway.
        """
        self._purge_now_and_then(now)
        digest = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()
        row = {"issuer": issuer, "jti_sha256": digest, "expires_at": int(expires_at) + 1}
        insert = self._insert
        stored = self._database.transact(lambda connection: connection.execute(insert, row).rowcount, _TIMEOUT_SECONDS)
        return stored == 1

    def purge(self, now: datetime) -> int:
        """Forget the tokens that have been expired for an hour. Returns how many."""
        until = int((now - _KEEP_LONGER).timestamp())
        old = delete(_seen_token).where(_seen_token.c.expires_at <= until)
        return self._database.transact(lambda connection: connection.execute(old).rowcount, _TIMEOUT_SECONDS)

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self._database.close()

    def _purge_now_and_then(self, now: datetime) -> None:
        with self._lock:
            if self._purge_at is not None and now < self._purge_at:
                return
            self._purge_at = now + _PURGE_EVERY
        self.purge(now)
