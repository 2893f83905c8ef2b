"""Of a worker's threads only so many wait for the database; the others are told so instead of being held up as well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cds_service.storage.database import StoreError
from cds_service.storage.places import IMPATIENT_SECONDS, WAIT_SECONDS, NoPlace, Places


class Clock:
    """A clock that stands until it is set forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def held(places: Places) -> Iterator[threading.Event]:
    """A place in the hands of another thread, until the event is set or the block ends."""
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with places.one():
            taken.set()
            assert leave.wait(30)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        assert taken.wait(30)
        try:
            yield leave
        finally:
            leave.set()
        holding.result()


def leaves_when_waited_for(places: Places, leave: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """The holder gives his place up as soon as somebody has begun to wait for it, and not before."""
    acquire = places._free.acquire

    def noted(timeout: float) -> bool:
        if timeout > 0:
            leave.set()
        return acquire(timeout=timeout)

    monkeypatch.setattr(places._free, "acquire", noted)


def test_there_are_so_many_places_and_no_more(clock: Clock) -> None:
    places = Places(2, clock)
    with held(places), held(places):
        clock.now += WAIT_SECONDS
        with pytest.raises(NoPlace), places.one():
            pass
    with places.one(), places.one():
        pass


def test_a_place_that_is_given_up_in_time_is_waited_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(1, clock)
    with held(places) as leave:
        leaves_when_waited_for(places, leave, monkeypatch)
        with places.one():
            assert leave.is_set()


def test_while_the_clock_stands_nobody_waits_longer_than_a_moment(clock: Clock) -> None:
    places = Places(1, clock)
    with held(places), pytest.raises(NoPlace), places.one():
        pass


@pytest.mark.parametrize(("held_for", "waits"), [(0.0, True), (WAIT_SECONDS / 2, True), (WAIT_SECONDS, False)])
def test_nobody_waits_for_one_who_is_held_up_himself(
    held_for: float, waits: bool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(1, clock)
    asked: list[float] = []
    with held(places):
        clock.now += held_for
        monkeypatch.setattr(places._free, "acquire", lambda timeout: asked.append(timeout))
        with pytest.raises(NoPlace), places.one():
            pass
        monkeypatch.undo()
    assert asked == [WAIT_SECONDS - held_for]
    assert bool(asked[0]) is waits


@pytest.mark.parametrize(("later", "waits"), [(IMPATIENT_SECONDS / 2, False), (IMPATIENT_SECONDS, True)])
def test_after_a_failure_nobody_waits_for_some_seconds(
    later: float, waits: bool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(1, clock)
    with pytest.raises(StoreError), places.one():
        raise StoreError("locked")
    clock.now += later
    with held(places) as leave:
        leaves_when_waited_for(places, leave, monkeypatch)
        if waits:
            with places.one():
                assert leave.is_set()
        else:
            with pytest.raises(NoPlace), places.one():
                pass
            assert not leave.is_set()


def test_a_place_is_free_again_whatever_happened_in_it(clock: Clock) -> None:
    places = Places(1, clock)
    for error in (StoreError("locked"), ValueError("a fault")):
        with pytest.raises(type(error)), places.one():
            raise error
    with places.one():
        pass


def test_many_at_once_have_their_turn_and_as_many_as_may_are_inside_together_but_never_more(clock: Clock) -> None:
    places = Places(3, clock)
    inside, most, lock = 0, 0, threading.Lock()
    # Each stays until as many as may be are inside: without a limit all would be counted before the first one leaves.
    together = threading.Barrier(3)

    def work(number: int) -> int:
        nonlocal inside, most
        with places.one():
            with lock:
                inside += 1
                most = max(most, inside)
            together.wait(30)
            with lock:
                inside -= 1
        return number

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(work, range(90))) == list(range(90))
    assert most == 3
