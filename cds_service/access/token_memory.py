"""The tokens that this worker has accepted itself, as far as it can remember them.

What may live here: remembering and forgetting, in memory. Which tokens still have to be written into the database is
known here; writing them is the business of `token_log`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain, islice
from typing import NamedTuple

MOST = 10_000
"""Tokens of one issuer that may wait for the database at a time; and so many of all of them together are remembered
after they were written. A token lives for 15 minutes at most.

Each issuer has a bound of its own, so that one client's flood keeps no other client's cards back. Issuers are clients
of the file of trusted clients and nobody else, so this bounds the whole as well: about 5 MB for each of them, while the
database is lost.
"""
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


_ByIssuer = defaultdict[str, dict[str, Token]]
"""Tokens by issuer, then by the digest of their id."""


class MemoryFull(Exception):
    """No token of this issuer can be remembered before one that waits has expired, or has been written."""


class TokenMemory:
    """The tokens of one worker: those being tried, those that wait for the database, and those that are in it.

    What is in the database may be forgotten for a newer one; what is not is kept until it expires. No clock decides
    about the former, so a clock that jumps makes nothing of it forgotten.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._tried: _ByIssuer = defaultdict(dict)
        self._waiting: _ByIssuer = defaultdict(dict)
        self._written: dict[tuple[str, str], Token] = {}

    def add(self, token: Token, now: float) -> bool:
        """Remember this token as one that is tried; False when it is known. `now` is in seconds since 1970.

        Raises:
            MemoryFull: it cannot be remembered.
        """
        with self._lock:
            tried, waiting = self._tried[token.issuer], self._waiting[token.issuer]
            if token.jti_sha256 in tried or token.jti_sha256 in waiting or token.name in self._written:
                return False
            if len(tried) + len(waiting) >= self._most:
                _forget_expired((tried, waiting), now)
            tried[token.jti_sha256] = token
            return True

    def keep_waiting(self, token: Token) -> None:
        """This one was tried in vain, or not tried: it waits for the database."""
        with self._lock:
            self._waiting[token.issuer][token.jti_sha256] = self._tried[token.issuer].pop(token.jti_sha256, token)

    def waiting(self, most: int) -> list[Token]:
        """Some of the tokens that wait for the database, the oldest of each issuer first."""
        with self._lock:
            return list(islice(chain.from_iterable(tokens.values() for tokens in self._waiting.values()), most))

    def mark_written(self, tokens: Iterable[Token]) -> None:
        """These are in the database now."""
        with self._lock:
            for token in tokens:
                self._tried[token.issuer].pop(token.jti_sha256, None)
                self._waiting[token.issuer].pop(token.jti_sha256, None)
                self._written[token.name] = token
            while len(self._written) > self._most:
                del self._written[next(iter(self._written))]


def _forget_expired(memories: Iterable[dict[str, Token]], now: float) -> None:
    made_room = False
    for tokens in memories:
        for name in [name for name, token in tokens.items() if token.expires_at + _LEEWAY_SECONDS <= now]:
            del tokens[name]
            made_room = True
    if not made_room:
        raise MemoryFull
