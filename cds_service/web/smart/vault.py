"""What must outlive a request and stay secret: sessions, with their tokens.

What may live here: the rows of one table and their encryption. A row is ciphertext (AES-256-GCM) whose key only the
browser's cookie holds, and a cookie holds nothing but that key: neither alone opens anything. Names are kept as
digests. A row is bound to its purpose, its name and its expiry, so none can be put in the place of another.

Two kinds of rows hold nothing of anybody: that a sign-in was used, and the one secret of this installation, with which
`seals` closes what the browser keeps for us.
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
from sqlalchemy import delete, func, insert, select

from cds_service.storage import Database, StoreError, smart_sealed

MOST = 10_000
"""Rows of one purpose that may exist at a time, over all workers."""

_NONCE = 12
_USED, _SECRET = "used", "secret"
_NEVER = 253_402_300_799
"""The end of the year 9999, in seconds since 1970: a row that does not expire."""


class VaultFull(Exception):
    """There are too many rows of this purpose; some will expire soon."""


class Vault:
    """The sealed rows, for one worker.

    A purpose is a word, of 16 characters at most; a name is random, made by us. Every method raises StoreError when the
    database cannot be used.
    """

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database, self._most = database, most
        self._insert_once = self._database.insert_once(smart_sealed)

    def put(self, purpose: str, name: str, content: dict[str, Any], expires_at: int, now: datetime) -> str:
        """Seal this until `expires_at` (seconds since 1970, UTC) and return the key. Raises VaultFull."""
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, orjson.dumps(content), _bound_to(purpose, name, expires_at))
        row = {"purpose": purpose, "name_sha256": _digest(name), "sealed": sealed, "expires_at": expires_at}
        with self._database.connected() as connection:
            connection.execute(delete(smart_sealed).where(smart_sealed.c.expires_at <= int(now.timestamp())))
            count = select(func.count()).select_from(smart_sealed).where(smart_sealed.c.purpose == purpose)
            if connection.execute(count).scalar_one() >= self._most:
                raise VaultFull
            connection.execute(insert(smart_sealed), row)
        return base64.urlsafe_b64encode(key).rstrip(b"=").decode()

    def read(self, purpose: str, name: str, key: str, now: datetime) -> dict[str, Any] | None:
        """What was sealed; None where there is no such row, it has expired, or the key is wrong."""
        wanted = select(smart_sealed.c.sealed, smart_sealed.c.expires_at).where(*_is(purpose, name))
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
            return connection.execute(delete(smart_sealed).where(*_is(purpose, name))).rowcount == 1

    def use(self, name: str, expires_at: int, now: datetime) -> bool:
        """Note until `expires_at` that this was used. When several try at the same moment, exactly one gets True."""
        row = {"purpose": _USED, "name_sha256": _digest(name), "sealed": b"", "expires_at": expires_at}
        with self._database.connected() as connection:
            connection.execute(delete(smart_sealed).where(smart_sealed.c.expires_at <= int(now.timestamp())))
            return connection.execute(self._insert_once, row).rowcount == 1

    def unuse(self, name: str) -> None:
        """Forget that it was used: it led to nothing."""
        self.remove(_USED, name)

    def secret(self) -> bytes:
        """32 random bytes that all workers of this installation share; made when they are first asked for."""
        found = self._stored_secret()
        if found is None:
            row = {"purpose": _SECRET, "name_sha256": "", "sealed": secrets.token_bytes(32), "expires_at": _NEVER}
            with self._database.connected() as connection:
                connection.execute(self._insert_once, row)
            # Ours, or that of a worker that was quicker.
            found = self._stored_secret()
        if found is None:
            raise StoreError("the database did not keep what was put there")
        return found

    def _stored_secret(self) -> bytes | None:
        with self._database.connected() as connection:
            found = connection.execute(
                select(smart_sealed.c.sealed).where(smart_sealed.c.purpose == _SECRET)
            ).scalar_one_or_none()
        return None if found is None else bytes(found)


def _is(purpose: str, name: str) -> tuple[Any, Any]:
    return smart_sealed.c.purpose == purpose, smart_sealed.c.name_sha256 == _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _bound_to(purpose: str, name: str, expires_at: int) -> bytes:
    return f"{purpose}:{_digest(name)}:{expires_at}".encode()
