"""Which tokens were used already: each is valid for one call, over all workers and restarts of one database.

What may live here: writing and clearing the table behind that promise, and what holds while the database is lost. The
unique insert decides, so two calls at the same moment cannot both win. The issuer, a digest of the token's id and its
end are kept; nothing of the token could be rebuilt from that.

While the database is lost each worker goes by its own memory, so that cards come all the same. Then a token is good
once per worker; one that another worker, or this one before a restart, has taken before cannot be told from a new one.
What was accepted meanwhile is written as soon as the database is back. With SQLite the last entries may be gone after
a power failure (see `database`), and those tokens could be used again until they expire.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from cds_service.access.token_memory import MemoryFull, Token, TokenMemory
from cds_service.storage import RETRY_SECONDS, Backlog, Database, StoreError, seen_token, write_out

PATIENCE_SECONDS = 0.6
"""How long the database may take; the clinician waits for the answer meanwhile."""
_SAID = (
    "used tokens are remembered by each worker for itself until the database is back",
    "used tokens are in the database again",
)
_PURGE_EVERY = timedelta(minutes=10)
# An hour would do for clients with some leeway and hosts whose clocks differ; a day costs little, and a clock that is
# ahead by hours for a while must not make tokens forgotten that are valid when it is right again.
_KEEP_LONGER = timedelta(days=1)
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
    ) -> None:
        self._database, self._memory = database, memory or TokenMemory()
        self._patience = patience_seconds
        self._insert = self._database.insert_once(seen_token)
        self._backlog = Backlog("used tokens", _SAID, self._write_those_that_wait, self._some_waiting, retry_seconds)
        self._lock = threading.Lock()
        self._purge_at: datetime | None = None

    def is_first_use(self, issuer: str, jti: str, expires_at: float, now: datetime) -> bool:
        """Remember this token; False when it was seen before, as far as can be known.

        `expires_at` is its `exp` (seconds since 1970, UTC); a day after that it can be forgotten, since by then it is
        refused for its age anyway.

        Raises:
            StoreError: the database is lost, and this worker cannot remember more tokens.
        """
        digest = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()
        token = Token(issuer, digest, int(expires_at) + 1)
        try:
            if not self._memory.add(token, now.timestamp()):
                return False
        except MemoryFull:
            raise StoreError("the database could not be used, and no more used tokens can be remembered") from None
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
        """Forget the tokens that have been expired for a day. Returns how many.

        For a day by this clock, and by the newest token as well: a clock that is ahead by days is not yet believed
        when it is first seen.
        """
        ends = seen_token.c.expires_at
        until = int((now - _KEEP_LONGER).timestamp())
        newest = select(func.max(ends)).scalar_subquery() - int(_KEEP_LONGER.total_seconds())
        old = delete(seen_token).where(ends <= until, ends <= newest)
        return self._database.write(lambda connection: connection.execute(old).rowcount, self._patience)

    def close(self) -> None:
        """Try a lost database no more."""
        self._backlog.close()

    def write_what_waits(self, seconds: float) -> None:
        """Write all tokens that wait; StoreError where that does not succeed within about so many seconds."""
        write_out(self._some_waiting, self._write_and_mark, seconds)

    def _write(self, tokens: Sequence[Token], seconds: float | None = None) -> int:
        rows = [token._asdict() for token in tokens]
        insert, patience = self._insert, self._patience if seconds is None else seconds
        return self._database.write(lambda connection: connection.execute(insert, rows).rowcount, patience)

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
