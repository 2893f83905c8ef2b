"""What was shown to one user on one patient before, in a Redis that several machines share: known to all at once.

What may live here: keeping that there and reading it. The database knows the same a moment later; which of the two is
asked is settled where the service is put together. Nothing here names anybody: keys and values are made of pseudonyms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson

from cds_service.storage.crew import Crew
from cds_service.storage.event import Event, Kind
from cds_service.storage.shown_before import IN_TIME_SECONDS, Shown
from cds_service.storage.store_error import StoreError

KEPT = timedelta(days=31)
"""How long: more than the longest time for which any policy holds advice back."""
_THREADS = 4
_PREFIX = "calciphylaxis-cds:shown:"
T = TypeVar("T")


class ShownInRedis:
    """The cards of before, as one worker finds them. Create it anywhere; nothing is connected to before the first call.

    Redis is asked by threads of our own: no limit of the library holds for a name server that hangs.
    """

    def __init__(self, url: str) -> None:
        from redis import Redis

        timeouts: dict[str, Any] = {"socket_connect_timeout": IN_TIME_SECONDS, "socket_timeout": IN_TIME_SECONDS}
        self._redis = Redis.from_url(url, **timeouts)
        self._crew = Crew(_THREADS, "shown before, in Redis")

    def find(self, patients: Sequence[str], users: Sequence[str], since: datetime) -> list[Shown]:
        """See ShownBefore. Raises StoreError."""
        keys = [_key(patient, user) for patient in patients for user in users]

        def work() -> list[dict[bytes, bytes]]:
            with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hgetall(key)
                found: list[dict[bytes, bytes]] = pipe.execute()
                return found

        found = [one for fields in self._in_time(work) for one in _shown(fields)]
        return [one for one in found if one.at >= since]

    def remember(self, events: Sequence[Event]) -> None:
        """Keep the cards among these that were shown. Raises StoreError."""
        cards = [
            event for event in events if event.kind == Kind.ISSUED and event.patient and event.user and event.facts
        ]
        if cards:
            self._in_time(lambda: self._keep(cards))

    def override(self, cards: Sequence[str], at: datetime) -> None:
        """Keep that these cards were overridden. Raises StoreError."""
        self._in_time(lambda: self._keep_overrides(cards, at))

    def _keep(self, cards: Sequence[Event]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            for card in cards:
                key = _key(str(card.patient), str(card.user))
                told = [card.hook, card.topic, card.indicator, card.facts, card.at.isoformat()]
                pipe.hset(key, f"shown {card.card_uuid}", orjson.dumps(told))
                pipe.expire(key, KEPT)
                pipe.set(_key("card", str(card.card_uuid)), key, ex=KEPT)
            pipe.execute()

    def _keep_overrides(self, cards: Sequence[str], at: datetime) -> None:
        keys = self._redis.mget([_key("card", card) for card in cards])
        with self._redis.pipeline(transaction=False) as pipe:
            for card, key in zip(cards, keys, strict=True):
                if key is not None:
                    pipe.hset(key, f"overridden {card}", at.isoformat())
            pipe.execute()

    def _in_time(self, work: Callable[[], T]) -> T:
        from redis.exceptions import RedisError

        try:
            answer = self._crew.do(work, IN_TIME_SECONDS)
            try:
                return answer.result(timeout=IN_TIME_SECONDS)
            finally:
                answer.cancel()
        except (RedisError, TimeoutError, RuntimeError) as error:
            raise StoreError(f"Redis could not be used ({type(error).__name__})") from None


def _key(*parts: str) -> str:
    return _PREFIX + hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _shown(fields: Mapping[bytes, bytes]) -> Iterator[Shown]:
    """The cards of one user on one patient."""
    for name, told in fields.items():
        kind, _, card = name.partition(b" ")
        if kind == b"shown":
            hook, topic, indicator, facts, at = orjson.loads(told)
            overridden = fields.get(b"overridden " + card)
            when = datetime.fromisoformat(overridden.decode()) if overridden else None
            yield Shown(hook, topic, indicator, facts, datetime.fromisoformat(at), when)
