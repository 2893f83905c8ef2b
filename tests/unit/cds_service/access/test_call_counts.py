"""Calls are counted for each caller by himself, never more in any period than the rate says, and in little memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.errors import StorageError

from cds_service.access.call_counts import Counts, SharedCounts, WorkerCounts, counts_of

PERIOD = 60.0


@dataclass
class Clock:
    """A clock that a test turns on (seconds)."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def counts(clock: Callable[[], float], calls: int = 3, most: int = 100) -> WorkerCounts:
    return WorkerCounts(calls, PERIOD, clock, most)


def test_as_many_calls_as_the_rate_says_are_within_it(clock: Clock) -> None:
    made = counts(clock)
    assert [made.spend("north") > 0 for _ in range(5)] == [False, False, False, True, True]


def test_each_caller_is_counted_by_himself(clock: Clock) -> None:
    made = counts(clock)
    for _ in range(9):
        made.spend("north")
    assert made.spend("south") == 0


def test_who_is_told_to_wait_is_let_in_after_that_wait_and_not_before(clock: Clock) -> None:
    made = counts(clock)
    for _ in range(3):
        made.spend("north")
    wait = made.spend("north")
    assert PERIOD <= wait <= PERIOD + 1
    clock.now += wait - 1.01
    assert made.spend("north") > 0
    clock.now += 1.01
    assert made.spend("north") == 0


def test_to_ask_is_not_to_call(clock: Clock) -> None:
    made = counts(clock)
    assert [made.over("north") for _ in range(9)] == [0] * 9
    assert [made.spend("north") > 0 for _ in range(4)] == [False, False, False, True]
    assert made.over("north") > 0


def test_refused_calls_make_no_wait_longer(clock: Clock) -> None:
    made = counts(clock)
    for _ in range(3):
        made.spend("north")
    for _ in range(50):
        clock.now += 1
        made.spend("north")
    clock.now += 11
    assert made.spend("north") == 0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 6))
def test_in_no_period_are_there_more_calls_than_the_rate_says(pauses: list[float], calls: int) -> None:
    clock = Clock()
    made, let_in = counts(clock, calls), []
    for pause in pauses:
        clock.now += pause
        if made.spend("north") == 0:
            let_in.append(clock.now)
    assert let_in
    assert all(sum(at <= other <= at + PERIOD for other in let_in) <= calls for at in let_in)


@given(st.lists(st.floats(PERIOD / 3 + 2, 600), min_size=1, max_size=30))
def test_who_keeps_to_the_rate_never_waits(pauses: list[float]) -> None:
    clock = Clock()
    made = counts(clock)
    for pause in pauses:
        clock.now += pause
        assert made.spend("north") == 0


def test_a_flood_of_callers_takes_no_memory_and_the_busiest_are_still_counted(clock: Clock) -> None:
    made = counts(clock, most=10)
    for number in range(200):
        made.spend(f"stranger {number}")
        made.spend("north")
    assert made.spend("north") > 0
    assert made.spend("stranger 0") == 0
    assert len(made._callers) == 10


def test_of_many_calls_at_the_same_moment_no_more_get_in(clock: Clock) -> None:
    made = counts(clock, calls=20)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: made.spend("north"), range(200)))
    assert waits.count(0) == 20


def test_a_rate_is_read_as_it_is_written() -> None:
    made = counts_of("2 per minute", "memory://")
    assert [made.spend("north") > 0 for _ in range(3)] == [False, False, True]


# ------------------------------------------------------------------ all workers together
@dataclass
class Redis:
    """Counts that are somewhere else, and are asked or cannot be."""

    is_there: bool = True
    asked: list[str] = field(default_factory=list)

    def spend(self, who: str) -> int:
        self.asked.append(who)
        if not self.is_there:
            raise StorageError(ConnectionError("redis://secret"))
        return 7

    def over(self, who: str) -> int:
        return self.spend(who)


class HangingRedis:
    """Counts behind a name server that gives no answer until `go`."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), 0

    def spend(self, who: str) -> int:
        self.asked += 1
        self.go.wait(8)
        return 7

    def over(self, who: str) -> int:
        return self.spend(who)


@pytest.fixture
def hanging() -> Iterator[HangingRedis]:
    one = HangingRedis()
    yield one
    one.go.set()


def seconds_held(made: Counts, callers: int) -> list[float]:
    """For how long each of so many callers at once was held."""
    ready = threading.Barrier(callers)

    def call(number: int) -> float:
        ready.wait(10)
        began = time.monotonic()
        made.spend(f"caller {number}")
        return time.monotonic() - began

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(call, range(callers)))


def test_redis_is_waited_for_briefly_whatever_it_is_that_hangs(clock: Clock, hanging: HangingRedis) -> None:
    assert max(seconds_held(SharedCounts(hanging, counts(clock), clock), 20)) < 1
    # The same with one that answers: nobody is held for another reason.
    assert max(seconds_held(SharedCounts(Redis(), counts(clock), clock), 20)) < 1


def test_of_many_callers_one_tries_a_redis_that_was_away(clock: Clock, hanging: HangingRedis) -> None:
    made = SharedCounts(hanging, counts(clock), clock)
    made.spend("north")
    assert hanging.asked == 1
    clock.now += 5
    seconds_held(made, 12)
    assert hanging.asked == 2


def test_a_redis_that_hung_is_asked_again_when_it_is_back_even_where_all_threads_had_hung(
    clock: Clock, hanging: HangingRedis, caplog: pytest.LogCaptureFixture
) -> None:
    made = SharedCounts(hanging, counts(clock), clock)
    seconds_held(made, 20)
    clock.now += 5
    assert made.spend("north") == 0
    hanging.go.set()
    clock.now += 5
    assert made.spend("north") == 7
    assert [made.spend("south") for _ in range(3)] == [7] * 3
    assert hanging.asked <= 8 + 4, "what its caller did not wait for is not counted there later"
    assert caplog.messages == [
        "calls cannot be counted in Redis: each worker counts for itself",
        "calls are counted in Redis again",
    ]


def test_without_a_thread_to_ask_redis_the_worker_counts_itself(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    made = SharedCounts(Redis(), counts(clock), clock)
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", no_thread)
        assert made.spend("north") == 0
    clock.now += 5
    assert made.spend("north") == 7


def test_the_shared_counts_decide(clock: Clock) -> None:
    made = SharedCounts(Redis(), counts(clock), clock)
    assert [made.spend("north"), made.over("north")] == [7, 7]


def test_without_the_shared_counts_the_worker_counts_itself_and_they_are_asked_again_after_a_while(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    redis = Redis(is_there=False)
    made = SharedCounts(redis, counts(clock), clock)
    assert [made.spend("north") > 0 for _ in range(4)] == [False, False, False, True]
    assert redis.asked == ["north"], "nobody waits for it each time"
    clock.now += 5
    assert made.over("north") > 0
    assert len(redis.asked) == 2
    redis.is_there, clock.now = True, clock.now + 5
    assert made.spend("north") == 7
    assert [record.getMessage() for record in caplog.records] == [
        "calls cannot be counted in Redis: each worker counts for itself",
        "calls are counted in Redis again",
    ]


def test_that_redis_is_away_is_told_until_it_is_back_or_nobody_has_tried_it_for_a_minute(clock: Clock) -> None:
    redis = Redis()
    made = SharedCounts(redis, counts(clock), clock)
    made.spend("north")
    assert made.faults() == []
    redis.is_there = False
    made.spend("north")
    told = ["calls cannot be counted in Redis: each worker counts for itself"]
    assert made.faults() == told
    clock.now += 64
    assert made.faults() == told
    clock.now += 1
    assert made.faults() == []
    made.spend("north")
    assert made.faults() == told
    redis.is_there, clock.now = True, clock.now + 5
    made.spend("north")
    assert made.faults() == []
    assert counts(clock).faults() == []
