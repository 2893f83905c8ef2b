"""What must outlive a request and stay secret: sign-ins under way and sessions, with their tokens.

What may live here: the one table and its encryption. A row is ciphertext (AES-256-GCM) whose key only the browser's
cookie holds, and a cookie holds nothing but that key: neither alone opens anything. Names are kept as digests. A row
is bound to its purpose, its name and its expiry, so none can be put in the place of another.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table, delete, func, insert, select

from cds_service.storage import Database

MOST = 10_000
"""Rows of one purpose that may exist at a time, over all workers."""

_NONCE = 12
_metadata = MetaData()
_sealed = Table(
    "smart_sealed",
    _metadata,
    Column("purpose", String(16), primary_key=True),
    Column("name_sha256", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # seconds since 1970, UTC
    Index("smart_sealed_expires_at", "expires_at"),
)


class VaultFull(Exception):
    """There are too many rows of this purpose; some will expire soon."""


class Vault:
    """The sealed rows, for one worker. The engine is made at the first use: create it anywhere, use it after the fork.

    A purpose is "launch" or "session"; a name is random, made by us. Every method raises StoreError when the database
    cannot be used.
    """

    def __init__(self, url: str, most: int = MOST) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL; ValueError for another."""
        self._database, self._most = Database(url, _metadata), most

    def put(self, purpose: str, name: str, content: dict[str, Any], expires_at: int, now: datetime) -> str:
        """Seal this until `expires_at` (seconds since 1970, UTC) and return the key. Raises VaultFull."""
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, orjson.dumps(content), _bound_to(purpose, name, expires_at))
        row = {"purpose": purpose, "name_sha256": _digest(name), "sealed": sealed, "expires_at": expires_at}
        with self._database.connected() as connection:
            connection.execute(delete(_sealed).where(_sealed.c.expires_at <= int(now.timestamp())))
            count = select(func.count()).select_from(_sealed).where(_sealed.c.purpose == purpose)
            if connection.execute(count).scalar_one() >= self._most:
                raise VaultFull
            connection.execute(insert(_sealed), row)
        return base64.urlsafe_b64encode(key).rstrip(b"=").decode()

    def read(self, purpose: str, name: str, key: str, now: datetime) -> dict[str, Any] | None:
        """What was sealed; None where there is no such row, it has expired, or the key is wrong."""
        wanted = select(_sealed.c.sealed, _sealed.c.expires_at).where(*_is(purpose, name))
        with self._database.connected() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        if row.expires_at <= now.timestamp():
            self.remove(purpose, name)
            return None
        try:
            cipher = AESGCM(base64.b64decode(f"{key}=", altchars=b"-_", validate=True))
            opened = cipher.decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _bound_to(purpose, name, row.expires_at))
        except (InvalidTag, ValueError):
            return None
        content: dict[str, Any] = orjson.loads(opened)
        return content

    def remove(self, purpose: str, name: str) -> bool:
        """Delete it. When several try at the same moment, exactly one gets True."""
        with self._database.connected() as connection:
            return connection.execute(delete(_sealed).where(*_is(purpose, name))).rowcount == 1

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self._database.close()


def _is(purpose: str, name: str) -> tuple[Any, Any]:
    return _sealed.c.purpose == purpose, _sealed.c.name_sha256 == _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _bound_to(purpose: str, name: str, expires_at: int) -> bytes:
    return f"{purpose}:{_digest(name)}:{expires_at}".encode()
