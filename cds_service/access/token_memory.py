"""The tokens that this worker has accepted itself, as far as it can remember them.

What may live here: remembering and forgetting, in memory. Which tokens still have to be written into the database is
known here; writing them is the business of `token_log`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

MOST = 10_000
"""Tokens remembered at a time, written or not. A token lives for 15 minutes at most."""
_LEEWAY_SECONDS = 60
"""A token is accepted for some seconds after its end: clocks differ."""


class Token(NamedTuple):
    """What is kept of a token: its issuer, a digest of its id, and its end in seconds since 1970, UTC."""

    issuer: str
    jti_sha256: str
    expires_at: int

    @property
    def name(self) -> tuple[str, str]:
        """What makes it the same token as another one."""
        return self.issuer, self.jti_sha256


class MemoryFull(Exception):
    """No token can be remembered before one of those that wait for the database has expired, or has been written."""


class TokenMemory:
    """The tokens of one worker: those being tried, those that wait for the database, and those that are in it.

    What is in the database may be forgotten for a newer one; what is not is kept until it expires. No clock decides
    about the former, so a clock that jumps makes nothing of it forgotten.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._tried: dict[tuple[str, str], Token] = {}
        self._waiting: dict[tuple[str, str], Token] = {}
        self._written: dict[tuple[str, str], Token] = {}

    def add(self, token: Token, now: float) -> bool:
        """Remember this token as one that is tried; False when it is known. `now` is in seconds since 1970.

        Raises:
            MemoryFull: it cannot be remembered.
        """
        with self._lock:
            all_of_them = (self._tried, self._waiting, self._written)
            if any(token.name in tokens for tokens in all_of_them):
                return False
            if sum(map(len, all_of_them)) >= self._most:
                self._make_room(now)
            self._tried[token.name] = token
            return True

    def keep_waiting(self, token: Token) -> None:
        """This one was tried in vain, or not tried: it waits for the database."""
        with self._lock:
            self._waiting[token.name] = self._tried.pop(token.name, token)

    def waiting(self, most: int) -> list[Token]:
        """The oldest of the tokens that wait for the database."""
        with self._lock:
            return list(islice(self._waiting.values(), most))

    def mark_written(self, tokens: Iterable[Token]) -> None:
        """These are in the database now."""
        with self._lock:
            for token in tokens:
                self._tried.pop(token.name, None)
                self._waiting.pop(token.name, None)
                self._written[token.name] = token

    def _make_room(self, now: float) -> None:
        if self._written:
            del self._written[next(iter(self._written))]
            return
        expired = [token for token in self._waiting.values() if token.expires_at + _LEEWAY_SECONDS <= now]
        if not expired:
            raise MemoryFull
        for token in expired:
            del self._waiting[token.name]
