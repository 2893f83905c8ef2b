"""What the browser keeps for us: sign-ins under way, and sessions in which there is no token.

What may live here: sealing and opening. Anybody can begin a sign-in, so nothing of it is stored on the server: all of
it lies in the cookie, encrypted and authenticated (AES-256-GCM) with a key that comes from the secret of this
installation. The cookie alone opens nothing, and neither does the secret. What is sealed is bound to its purpose and
its name, and holds the moment until which it is good.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SALT = 24
_NONCE = bytes(12)
"""Always the same: each key is made anew from a random salt, and used once."""
_MARK = "."
_UNTIL = "until"


class Seals:
    """Closes and opens, for one worker. `secret` is asked for when it is first needed, so after the fork."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._ask, self._secret = secret, b""

    def seal(self, purpose: str, name: str, content: dict[str, Any], until: int) -> str:
        """This content for a cookie, good until that moment (seconds since 1970, UTC)."""
        self._secret = self._secret or self._ask()
        salt, text = secrets.token_bytes(_SALT), orjson.dumps({**content, _UNTIL: until})
        box = _cipher(self._secret, salt).encrypt(_NONCE, text, _bound_to(purpose, name))
        return f"{_text(salt)}{_MARK}{_text(box)}"

    def opened(self, purpose: str, name: str, sealed: str, now: datetime) -> dict[str, Any] | None:
        """What was sealed, with `until`; None where it is not ours, not for this name, or no longer good."""
        salt, _, box = sealed.partition(_MARK)
        bound = _bound_to(purpose, name)
        opened = _open(self._secret, salt, box, bound) if self._secret else None
        if opened is None:
            # Another worker may have made the secret anew, in a new database.
            self._secret = self._ask()
            opened = _open(self._secret, salt, box, bound)
        content: dict[str, Any] = orjson.loads(opened or b"{}")
        return content if content.get(_UNTIL, 0) > now.timestamp() else None


def is_sealed(cookie: str) -> bool:
    """Is this something that we sealed, and not the key to a row?"""
    return _MARK in cookie


def _open(secret: bytes, salt: str, box: str, bound: bytes) -> bytes | None:
    try:
        return _cipher(secret, _bytes(salt)).decrypt(_NONCE, _bytes(box), bound)
    except (InvalidTag, ValueError):
        return None


def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"calciphylaxis-cds smart").derive(secret))


def _bound_to(purpose: str, name: str) -> bytes:
    return f"{purpose}:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}".encode()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
