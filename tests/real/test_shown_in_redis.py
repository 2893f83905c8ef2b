"""What Redis knows of the cards of before is what the log of events knows, and no more than is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis as Client

from cds_service.access.token_memory import Token
from cds_service.access.used_tokens import RedisTokens
from cds_service.storage import (
    Database,
    Event,
    EventLog,
    FeedbackItem,
    Kind,
    RedisServer,
    Shown,
    ShownInLog,
    ShownInRedis,
    StoreError,
)
from cds_service.storage.shown_before import MOST, Source
from cds_service.storage.shown_in_redis import KEPT
from tests.real.databases import Redis

pytestmark = pytest.mark.real

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOMENT, DAY = timedelta(seconds=1), timedelta(days=1)
CARD = Event(
    "card-1",
    NOON,
    Kind.ISSUED,
    service="calciphylaxis-patient-view",
    hook="patient-view",
    topic="vka-dialysis",
    indicator="warning",
    card_uuid="1",
    content={"advice": "k:advice"},
    patient="k:patient",
    user="k:user",
)
SHOWN = Shown("patient-view", "vka-dialysis", "warning", "k:advice", NOON, None)
HERE = (CARD.service, "")
"""The service and the client that the card went to."""


@pytest.fixture
def client(redis: Redis) -> Iterator[Client]:
    with Client.from_url(f"{redis.url}/3") as client:
        client.flushdb()
        yield client


@pytest.fixture
def in_redis(redis: Redis, client: Client) -> ShownInRedis:
    return ShownInRedis(f"{redis.url}/3")


class InLog(ShownInLog):
    """The log, told of cards and answers as Redis is."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._log = EventLog(database)

    def remember(self, events: Any) -> None:
        self._log.record(list(events))

    def answer(self, service: str, client: str, items: Any, at: datetime) -> None:
        self._log.record_feedback(service, list(items), at, client)


@pytest.fixture(params=["log", "redis"])
def source(request: pytest.FixtureRequest, in_redis: ShownInRedis) -> Iterator[Source]:
    database = Database("sqlite://")
    yield in_redis if request.param == "redis" else InLog(database)
    database.close()


def another(number: int, **changed: Any) -> Event:
    return replace(CARD, id=f"card-{number}", card_uuid=str(number), **changed)


def find(source: Source, since: datetime = NOON - DAY) -> list[Shown]:
    return list(source.find(["k:patient", "old:patient"], ["k:user", "old:user"], since))


@pytest.mark.parametrize(
    "changed",
    [
        {"patient": "k:another"},
        {"user": "k:another"},
        {"patient": None},
        {"content": {}},
        {"kind": Kind.SUPPRESSED},
        {"at": NOON - DAY - MOMENT},
    ],
    ids=["another patient", "another user", "nobody", "never held back", "held back", "too long ago"],
)
def test_what_was_shown_to_this_user_on_this_patient_is_found_and_nothing_else(
    changed: dict[str, Any], source: Source
) -> None:
    source.remember([CARD, another(2, **changed), another(3, patient="old:patient", user="old:user", at=NOON - DAY)])
    assert sorted(find(source)) == sorted([SHOWN, SHOWN._replace(at=NOON - DAY)])


@pytest.mark.parametrize(
    ("answers", "overridden"),
    [
        ([], None),
        ([("accepted", 1, 1)], None),
        ([("overridden", 1, 1)], 1),
        ([("overridden", 1, 1), ("accepted", 2, 2)], None),
        ([("accepted", 2, 2), ("overridden", 1, 3)], None),
        ([("accepted", 1, 1), ("overridden", 2, 2)], 2),
        ([("overridden", 1, 50)], 1),
        ([("overridden", 50, 1)], 1),
        ([("overridden", 50, 1), ("accepted", 2, 2)], None),
        ([("overridden", 50, 1), ("overridden", 50, 40)], 1),
        ([("overridden", 50, 1), ("accepted", 2, 2), ("overridden", 50, 40)], None),
        ([("accepted", 1, 1), ("overridden", 1, 1)], None),
        ([("overridden", 1, 1), ("accepted", 1, 1)], None),
    ],
    ids=[
        "none",
        "accepted",
        "overridden",
        "then accepted",
        "in another order",
        "then overridden",
        "late",
        "ahead",
        "ahead, then accepted",
        "ahead and told again",
        "ahead, then accepted, and told again",
        "two at once",
        "two at once, the other way round",
    ],
)
def test_the_last_answer_decides_and_a_late_message_prolongs_nothing(
    answers: list[tuple[str, int, int]], overridden: int | None, source: Source
) -> None:
    source.remember([CARD])
    for outcome, happened, came in answers:
        source.answer(*HERE, [FeedbackItem("1", outcome, NOON + happened * MOMENT)], NOON + came * MOMENT)
    assert find(source) == [SHOWN._replace(overridden=None if overridden is None else NOON + overridden * MOMENT)]


@pytest.mark.parametrize("elsewhere", [("urn:another", CARD.service), ("", "another-service")])
def test_an_answer_counts_only_from_where_the_card_went(elsewhere: tuple[str, str], source: Source) -> None:
    client, service = elsewhere
    source.remember([CARD])
    source.answer(service, client, [FeedbackItem("1", "overridden", NOON)], NOON)
    assert find(source) == [SHOWN]


def test_what_is_kept_is_bounded_and_goes_by_itself(in_redis: ShownInRedis, client: Client) -> None:
    for begin in range(0, MOST + 20, 20):
        in_redis.remember([another(number, at=NOON + number * MOMENT) for number in range(begin, begin + 20)])
    found = find(in_redis)
    assert len(found) == MOST
    assert max(found).at == NOON + (MOST + 19) * MOMENT, "the newest stay"
    in_redis.answer(*HERE, [FeedbackItem("519", "overridden", NOON), FeedbackItem("unknown", "overridden", NOON)], NOON)
    kept = list(client.scan_iter())
    assert len(kept) == 1 + MOST + 20 + 1, "the cards of one user on one patient, each card, and one answer"
    assert all(0 < client.ttl(key) <= KEPT.total_seconds() for key in kept)
    in_redis.remember([another(9_999, at=NOON + KEPT + DAY)])
    assert len(find(in_redis)) == 1, "older ones go when a new one comes"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b'["1"]',
        b'["1", "h", "t", "i", "a", "no time"]',
        b'{"a": 1}',
        b'["1", "h", "t", "i", "a", "b", "c", "d"]',
        b'["1", "h", "t", [], "a", "2026-03-02T12:00:00+00:00"]',
        b'["1", "h", "t", "i", ["a"], "2026-03-02T12:00:00+00:00"]',
        b'["1", "h", "t", "i", "a", "2026-03-02T12:00:00"]',
    ],
)
def test_a_value_that_nobody_can_read_is_said_as_one_that_cannot_be_had(
    value: bytes, in_redis: ShownInRedis, client: Client
) -> None:
    in_redis.remember([CARD])
    (key,) = (key for key in client.scan_iter() if client.type(key) == b"zset")
    client.zadd(key, {value: NOON.timestamp()})
    with pytest.raises(StoreError, match="Redis could not be used"):
        find(in_redis)


def test_nothing_names_a_patient_a_user_or_a_card(in_redis: ShownInRedis, client: Client) -> None:
    in_redis.remember([CARD])
    in_redis.answer(*HERE, [FeedbackItem("1", "overridden", NOON, user_comment="Zephyrine")], NOON)
    for key in client.scan_iter():
        told = client.zrange(key, 0, -1) if client.type(key) == b"zset" else client.get(key)
        everything = repr([key, told])
        assert not any(word in everything for word in ("k:patient", "k:user", "Zephyrine"))


@pytest.mark.parametrize("broken", ["redis://redis..internal:6379/0", "redis://127.0.0.1:1/0?foo=1"])
def test_whatever_the_client_finds_wrong_is_said_as_one_that_cannot_be_had(broken: str) -> None:
    token = Token("urn:a", "0" * 64, int(NOON.timestamp()) + 300)
    for ask in (
        lambda: find(ShownInRedis(broken)),
        lambda: ShownInRedis(broken).remember([CARD]),
        lambda: RedisTokens(broken, lambda: NOON).add([token], 1.0),
    ):
        with pytest.raises(StoreError, match="Redis could not be used"):
            ask()


def test_of_the_tokens_that_are_added_the_new_ones_are_counted(redis: Redis, client: Client) -> None:
    tokens = [Token("urn:a", f"{number:064}", int(NOON.timestamp()) + 300) for number in range(3)]
    first, second = (RedisTokens(f"{redis.url}/3", lambda: NOON) for _ in "12")
    assert [first.add(tokens[:2], 1.0), second.add(tokens, 1.0), first.add(tokens, 1.0)] == [2, 1, 0]
    assert all(DAY.total_seconds() < client.ttl(key) <= DAY.total_seconds() + 300 for key in client.scan_iter())


def test_whoever_asks_waits_no_longer_than_was_said(redis: Redis) -> None:
    server = RedisServer(f"{redis.url}/3", "slow", 5.0)
    with pytest.raises(StoreError, match="TimeoutError"):
        server.ask(lambda client: client.blpop("nothing", timeout=2), 0.05)
    assert server.ask(lambda client: client.ping(), 2.0)
