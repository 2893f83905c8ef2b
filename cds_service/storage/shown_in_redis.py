"""What was shown to one user on one patient before, in a Redis that several machines share: known to all at once.

What may live here: keeping that there and reading it. The database knows the same a moment later; which of the two is
asked is settled where the service is put together. Nothing here names anybody: keys and values are made of pseudonyms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from cds_service.storage.event import ADVICE, Event, Kind
from cds_service.storage.records import FeedbackItem
from cds_service.storage.redis_server import RedisServer
from cds_service.storage.shown_before import (
    IN_TIME_SECONDS,
    MOST,
    OVERRIDDEN,
    Shown,
    Told,
    answered_at,
    overridden_at,
)

KEPT = timedelta(days=8)
"""How long: more than the longest time for which a policy may hold advice back."""
_PREFIX = "calciphylaxis-cds:shown:1:"
"""With the number of the format: releases that write another one do not read this."""
_LAST = -1
_MOST_ANSWERS = 20
"""So many answers to a card are kept, the last ones."""


class ShownInRedis:
    """The cards of before. Those of a user on a patient are a sorted set, by time; so are the answers to a card."""

    def __init__(self, url: str) -> None:
        """Nothing is connected to before the first call."""
        self._redis = RedisServer(url, "shown before, in Redis", IN_TIME_SECONDS)

    def find(self, patients: Sequence[str], users: Sequence[str], since: datetime) -> list[Shown]:
        """See ShownBefore. Raises StoreError."""
        keys = [_key("cards", patient, user) for patient in patients for user in users]
        return self._redis.ask(lambda redis: _found(redis, keys, since), IN_TIME_SECONDS)

    def remember(self, events: Sequence[Event]) -> None:
        """Keep the cards among these that may be held back when they come again. Raises StoreError."""
        cards = [event for event in events if _may_come_again(event)]
        if cards:
            self._redis.ask(lambda redis: _keep(redis, cards), IN_TIME_SECONDS)

    def answer(self, service: str, client: str, items: Sequence[FeedbackItem], at: datetime) -> None:
        """See ShownBefore. Raises StoreError."""
        keys = [_card_key(client, service, item.card) for item in items]
        self._redis.ask(lambda redis: _keep_answers(redis, keys, items, at), IN_TIME_SECONDS)


def _may_come_again(event: Event) -> bool:
    return event.kind == Kind.ISSUED and bool(event.patient and event.user and event.content.get(ADVICE))


def _keep(redis: Any, cards: Sequence[Event]) -> None:
    with redis.pipeline(transaction=False) as pipe:
        for card in cards:
            key, at = _key("cards", str(card.patient), str(card.user)), card.at
            own = _card_key(card.client, card.service, str(card.card_uuid))
            told = [own, card.hook, card.topic, card.indicator, card.content[ADVICE], _written(at)]
            pipe.zadd(key, {orjson.dumps(told): at.timestamp()})
            pipe.zremrangebyscore(key, "-inf", (at - KEPT).timestamp())
            pipe.zremrangebyrank(key, 0, _LAST - MOST)
            pipe.expire(key, KEPT)
            pipe.set(own, b"", ex=KEPT)
        pipe.execute()


def _keep_answers(redis: Any, cards: Sequence[str], items: Sequence[FeedbackItem], at: datetime) -> None:
    """Of the cards that are known here. What is told again counts from the first time, as in the log."""
    known = redis.mget(cards)
    with redis.pipeline(transaction=False) as pipe:
        for card, item, is_known in zip(cards, items, known, strict=True):
            if is_known is not None:
                key, told = _key("answers", card), orjson.dumps([item.outcome, _written(item.outcome_timestamp or at)])
                pipe.zadd(key, {told: answered_at(at, item.outcome_timestamp).timestamp()}, nx=True)
                pipe.zremrangebyrank(key, 0, _LAST - _MOST_ANSWERS)
                pipe.expire(key, KEPT)
        pipe.execute()


def _found(redis: Any, keys: Sequence[str], since: datetime) -> list[Shown]:
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.zrange(key, since.timestamp(), "+inf", byscore=True)
        cards = [_texts(orjson.loads(told), 6) for found in pipe.execute() for told in found]
        for card, *_ in cards:
            pipe.zrange(_key("answers", card), 0, _LAST, withscores=True)
        answers = pipe.execute()
    return [_shown(*card, answers=answer) for card, answer in zip(cards, answers, strict=True)]


def _shown(
    _card: str, hook: str, topic: str, indicator: str, advice: str, at: str, *, answers: Sequence[tuple[bytes, float]]
) -> Shown:
    told = [
        Told(datetime.fromtimestamp(moment, UTC), _texts(orjson.loads(answer), 2)[0] == OVERRIDDEN)
        for answer, moment in answers
    ]
    return Shown(hook, topic, indicator, advice, _moment(at), overridden_at(told))


def _texts(told: object, how_many: int) -> list[str]:
    """ValueError for what we have not written so."""
    if not isinstance(told, list) or len(told) != how_many or not all(isinstance(one, str) for one in told):
        raise ValueError("no such value is ours")
    return told


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone is not ours")
    return found


def _card_key(client: str, service: str, card: str) -> str:
    """An answer counts where it comes from the client and names the service that the card went to."""
    return _key("card", client, service, card)


def _key(*parts: str) -> str:
    return _PREFIX + hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
