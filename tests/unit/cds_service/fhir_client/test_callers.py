"""No client, and no server of a client, holds all places while others call as well."""

from __future__ import annotations

import threading

import pytest

from cds_service.fhir_client.callers import LATELY_SECONDS
from cds_service.fhir_client.entrance import Entrances
from cds_service.fhir_client.kept_connections import Owner
from cds_service.fhir_client.terms import Limits
from tests.unit.cds_service.conftest import Clock
from tests.unit.cds_service.fhir_client.test_entrance import (
    A_MOMENT,
    ALL,
    HERE,
    NO_TIME,
    THERE,
    all_wait,
    known,
    let_in,
)
from tests.waiting import until

NEIGHBOUR = Owner("another clinic", "https://neighbour.example/fhir")
LONG = 120.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(clock: Clock, threads: int = 16, *owners: Owner) -> Entrances:
    entrances = Entrances(Limits(deadline_seconds=LONG, threads=threads), clock)
    known(entrances, *owners)
    return entrances


@pytest.mark.parametrize(("threads", "places", "share"), [(16, 8, 6), (8, 4, 3), (7, 3, 2), (4, 2, 1), (2, 1, 1)])
@pytest.mark.parametrize("other", [THERE, NEIGHBOUR], ids=["of the same client", "of another client"])
def test_a_server_holds_three_quarters_of_the_places_where_another_is_called_and_all_where_none_is(
    other: Owner, threads: int, places: int, share: int, clock: Clock
) -> None:
    assert len(let_in(opened(clock, threads, HERE), HERE, threads)) == places
    entrances = opened(clock, threads, HERE, other)
    assert len(let_in(entrances, HERE, threads)) == share
    assert len(let_in(entrances, other, threads)) == places - share


def test_a_call_that_came_a_minute_ago_leaves_all_places_to_the_others(clock: Clock) -> None:
    entrances = opened(clock, 16, NEIGHBOUR, HERE)
    clock.skipped += LATELY_SECONDS - 1
    (first, *others) = let_in(entrances, HERE, 16)
    assert len([first, *others]) == 6
    clock.skipped += 1
    assert len(let_in(entrances, HERE, 16)) == 2


def test_a_client_that_calls_all_the_time_does_not_make_the_other_forgotten(clock: Clock) -> None:
    entrances = opened(clock, 16, NEIGHBOUR, HERE)
    for _ in range(5):
        clock.skipped += LATELY_SECONDS / 10
        known(entrances, HERE)
    assert len(let_in(entrances, HERE, 16)) == 6


def test_the_servers_of_one_client_together_leave_the_others_a_quarter(clock: Clock) -> None:
    entrances = opened(clock, 16, HERE, THERE, NEIGHBOUR)
    assert len(let_in(entrances, HERE, 4) + let_in(entrances, THERE, 16)) == 6
    assert len(let_in(entrances, NEIGHBOUR, 16)) == 2


def test_the_first_call_of_another_is_let_in_before_those_that_wait(clock: Clock) -> None:
    """It was not known of when all places were taken: of those that come free the last quarter is its own."""
    entrances = opened(clock, 16, HERE)
    inside = let_in(entrances, HERE, 8)
    told: list[str] = []

    def wait(owner: Owner) -> None:
        told.append(f"{owner.client}{entrances.entrance(owner).refusal(ALL, A_MOMENT)}")

    threads = [threading.Thread(target=wait, args=(HERE,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: all_wait(entrances, 4))
    threads.append(threading.Thread(target=wait, args=(NEIGHBOUR,)))
    threads[-1].start()
    until(lambda: all_wait(entrances, 5))
    inside[0].leave()
    threads[-1].join(30)
    assert told == [NEIGHBOUR.client]
    for entrance in inside[1:]:
        entrance.leave()
    for thread in threads:
        thread.join(30)
    assert told[1:] == [HERE.client] * 4


def test_a_place_that_is_given_back_is_no_longer_held(clock: Clock) -> None:
    entrances = opened(clock, 16, HERE, NEIGHBOUR)
    for _ in range(3):
        inside = let_in(entrances, HERE, 16)
        assert len(inside) == 6
        for entrance in inside:
            entrance.leave()
    assert not entrances._callers._held


def test_who_only_asks_and_gets_no_place_counts_as_one_who_calls(clock: Clock) -> None:
    entrances = opened(clock, 16, HERE)
    inside = let_in(entrances, HERE, 8)
    assert entrances.entrance(NEIGHBOUR).refusal(ALL, NO_TIME)
    for entrance in inside[:3]:
        entrance.leave()
    assert len(let_in(entrances, HERE, 16)) == 1
