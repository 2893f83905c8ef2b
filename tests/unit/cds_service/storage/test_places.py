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


def test_there_are_so_many_places_and_no_more(clock: Clock) -> None:
    places = Places(2, clock)
    with held(places), held(places):
        clock.now += WAIT_SECONDS
        with pytest.raises(NoPlace), places.one():
            pass
    with places.one(), places.one():
        pass


def test_a_place_that_is_given_up_in_time_is_waited_for(clock: Clock) -> None:
    places = Places(1, clock)
    with held(places) as leave:
        threading.Timer(0.05, leave.set).start()
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
def test_after_a_failure_nobody_waits_for_some_seconds(later: float, waits: bool, clock: Clock) -> None:
    places = Places(1, clock)
    with pytest.raises(StoreError), places.one():
        raise StoreError("locked")
    clock.now += later
    with held(places) as leave:
        threading.Timer(0.05, leave.set).start()
        if waits:
            with places.one():
                assert leave.is_set()
        else:
            with pytest.raises(NoPlace), places.one():
                pass


def test_a_place_is_free_again_whatever_happened_in_it(clock: Clock) -> None:
    places = Places(1, clock)
    for error in (StoreError("locked"), ValueError("a fault")):
        with pytest.raises(type(error)), places.one():
            raise error
    with places.one():
        pass


def test_many_at_once_have_their_turn_as_long_as_the_work_is_short() -> None:
    places, most = Places(3), [0]
    inside: set[object] = set()

    def work(number: int) -> int:
        with places.one():
            inside.add(number)
            most[0] = max(most[0], len(inside))
            inside.discard(number)
        return number

    with ThreadPoolExecutor(16) as threads:
        assert sorted(threads.map(work, range(400))) == list(range(400))
    assert 1 <= most[0] <= 3
