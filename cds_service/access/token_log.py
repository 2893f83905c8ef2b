"""Which tokens were used already: each is valid for one call, over all workers and restarts of one database.

What may live here: what holds while the place that all workers share (`used_tokens`: the database, or Redis) is lost,
and writing there what was accepted meanwhile. The issuer, a digest of the token's id and its end are kept; nothing of
the token could be rebuilt from that.

While it is lost each worker goes by its own memory, so that cards come all the same. Then a token is good
once per worker; one that another worker, or this one before a restart, has taken before cannot be told from a new one.
What was accepted meanwhile is written as soon as it is back. With SQLite the last entries may be gone after
a power failure (see `database`), and those tokens could be used again until they expire.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from cds_service.access.token_memory import MemoryFull, Token, TokenMemory
from cds_service.access.used_tokens import TableOfTokens, UsedTokens
from cds_service.storage import RETRY_SECONDS, Backlog, Database, StoreError, write_out

PATIENCE_SECONDS = 0.6
"""How long the database may take; the clinician waits for the answer meanwhile."""
_SAID = (
    "used tokens are remembered by each worker for itself until {} is back",
    "used tokens are in {} again",
)
_PURGE_EVERY = timedelta(minutes=10)
_TOKENS_AT_A_TIME = 500


class TokenLog:
    """The tokens seen, for one worker. Create it anywhere; threads are made by `is_first_use` only."""

    def __init__(
        self,
        database: Database,
        memory: TokenMemory | None = None,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        shared: UsedTokens | None = None,
    ) -> None:
        """They are known to all workers by the database, or by `shared` in its place."""
        self._shared, self._memory = shared or TableOfTokens(database), memory or TokenMemory()
        self._patience = patience_seconds
        fault, again = (words.format(self._shared.name) for words in _SAID)
        attempt, waits = self._write_those_that_wait, self._some_waiting
        self._backlog = Backlog("used tokens", (fault, again), attempt, waits, retry_seconds)
        self._lock = threading.Lock()
        self._purge_at: datetime | None = None

    def is_first_use(self, issuer: str, jti: str, expires_at: float, now: datetime) -> bool:
        """Remember this token; False when it was seen before, as far as can be known.

        `expires_at` is its `exp` (seconds since 1970, UTC); a day after that it can be forgotten, since by then it is
        refused for its age anyway.

        Raises:
            StoreError: the database (or Redis) is lost, and this worker cannot remember more tokens.
        """
        digest = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()
        token = Token(issuer, digest, int(expires_at) + 1)
        try:
            if not self._memory.add(token, now.timestamp()):
                return False
        except MemoryFull:
            said = f"{self._shared.name} could not be used, and no more used tokens can be remembered"
            raise StoreError(said) from None
        if self._backlog.is_on:
            self._remember(token)
            return True
        try:
            self._purge_now_and_then(now)
            is_first = self._write([token]) == 1
        except StoreError as error:
            self._remember(token, str(error))
            return True
        self._memory.mark_written([token])
        return is_first

    def purge(self, now: datetime) -> int:
        """Forget the tokens that have been expired for a day. Returns how many."""
        return self._shared.purge(now, self._patience)

    def faults(self) -> list[str]:
        """That used tokens are not known to all workers now, in words."""
        return [_SAID[0].format(self._shared.name)] if self._backlog.is_on else []

    def close(self) -> None:
        """Try a lost database no more."""
        self._backlog.close()

    def write_what_waits(self, seconds: float) -> None:
        """Write all tokens that wait; StoreError where that does not succeed within about so many seconds."""
        write_out(self._some_waiting, self._write_and_mark, seconds)

    def _write(self, tokens: Sequence[Token], seconds: float | None = None) -> int:
        return self._shared.add(tokens, self._patience if seconds is None else seconds)

    def _remember(self, token: Token, problem: str = "it was lost a moment ago") -> None:
        """Keep this token until it can be written; the first one has the database tried again now and then."""
        self._memory.keep_waiting(token)
        self._backlog.begin(problem)

    def _write_those_that_wait(self) -> None:
        while tokens := self._some_waiting():
            self._write_and_mark(tokens)

    def _write_and_mark(self, tokens: Sequence[Token], seconds: float | None = None) -> None:
        self._write(tokens, seconds)
        self._memory.mark_written(tokens)

    def _some_waiting(self) -> list[Token]:
        return self._memory.waiting(_TOKENS_AT_A_TIME)

    def _purge_now_and_then(self, now: datetime) -> None:
        with self._lock:
            at = self._purge_at
            # A clock that was ahead and has been set back starts anew.
            if at is not None and at - _PURGE_EVERY <= now < at:
                return
            self._purge_at = now + _PURGE_EVERY
        self.purge(now)
