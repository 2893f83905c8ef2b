"""Where used tokens are known to all workers: a table of the database, or Redis.

What may live here: adding tokens so that only one of all workers is the first, and forgetting old ones. What holds
while neither can be asked is the business of `token_log`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, func, select

from cds_service.access.token_memory import Token
from cds_service.storage import Database, RedisServer, seen_token

# An hour would do for clients with some leeway and hosts whose clocks differ; a day costs little, and a clock that is
# ahead by hours for a while must not make tokens forgotten that are valid when it is right again.
KEEP_LONGER = timedelta(days=1)
_PATIENCE_SECONDS = 0.2
"""How long one step of Redis may take; the name look-up has no limit of its own, so the caller has one for all."""
_PREFIX = "calciphylaxis-cds:token:"


class UsedTokens(Protocol):
    """Tokens that were used, over all workers. Every method raises StoreError where they cannot be asked."""

    name: str
    """What is lost when it cannot be asked."""

    def add(self, tokens: Sequence[Token], seconds: float) -> int:
        """Remember these, and give how many of them were new; wait no longer than that."""

    def purge(self, now: datetime, seconds: float) -> int:
        """Forget those that have been expired for a day, and give how many."""


class TableOfTokens:
    """In the database: the unique insert decides, so two calls at the same moment cannot both win."""

    name = "the database"

    def __init__(self, database: Database) -> None:
        self._database, self._insert = database, database.insert_once(seen_token)

    def add(self, tokens: Sequence[Token], seconds: float) -> int:
        """See UsedTokens."""
        rows = [token._asdict() for token in tokens]
        return self._database.write(lambda connection: connection.execute(self._insert, rows).rowcount, seconds)

    def purge(self, now: datetime, seconds: float) -> int:
        """See UsedTokens.

        For a day by this clock, and by the newest token as well: a clock that is ahead by days is not yet believed
        when it is first seen.
        """
        ends = seen_token.c.expires_at
        until = int((now - KEEP_LONGER).timestamp())
        newest = select(func.max(ends)).scalar_subquery() - int(KEEP_LONGER.total_seconds())
        old = delete(seen_token).where(ends <= until, ends <= newest)
        return self._database.write(lambda connection: connection.execute(old).rowcount, seconds)


class RedisTokens:
    """In Redis: a key for each token, which is set once and goes by itself a day after the token's end.

    Create it anywhere; nothing is connected to before the first call.
    """

    name = "Redis"

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self._redis, self._clock = RedisServer(url, "tokens in Redis", _PATIENCE_SECONDS), clock

    def add(self, tokens: Sequence[Token], seconds: float) -> int:
        """See UsedTokens."""
        now = int(self._clock().timestamp())
        kept = [(_key(token), max(60, token.expires_at - now + int(KEEP_LONGER.total_seconds()))) for token in tokens]

        def work(redis: Any) -> int:
            with redis.pipeline(transaction=False) as pipe:
                for key, lasts in kept:
                    pipe.set(key, b"", nx=True, ex=lasts)
                return sum(bool(one) for one in pipe.execute())

        return self._redis.ask(work, seconds)

    def purge(self, now: datetime, seconds: float) -> int:
        """See UsedTokens: they go by themselves."""
        return 0


def _key(token: Token) -> str:
    """Nothing of the token, and no issuer, stands in it."""
    return _PREFIX + hashlib.sha256(repr(token.name).encode("utf-8", "surrogatepass")).hexdigest()
