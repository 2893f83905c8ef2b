"""What two hosts share fails under load: cards come all the same, nothing is lost, and readiness says what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bench.stored import kept_with
from bench.writers import Book, Writers
from tests.contract.served_clinic import new_token
from tests.real.databases import Postgresql, Redis, away, frozen, silent
from tests.real.two_hosts import TwoHosts, readiness, status, two_hosts
from tests.unit.cds_service.cds_client import PUBLIC_URL, trust_file
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

WRITERS, LOAD_SECONDS, FAULT_SECONDS = 4, 2.0, 5.0
PER_SECOND = 0.25
"""Of the charts of a second before the fault, so many are answered in a second of it at least."""


Fault = Callable[[], AbstractContextManager[None]]


def played(pair: TwoHosts, fault: Fault, said: str) -> Book:
    """The book of callers who went on during this fault, of which each host's readiness said this and then nothing."""
    with Writers(WRITERS, lambda: pair.balancer) as book:
        time.sleep(LOAD_SECONDS)
        before = book.charts
        with fault():
            began, until_then = time.monotonic(), book.charts
            for host in pair.hosts:
                until(lambda host=host: readiness(host)[0] == 503 and said in readiness(host)[1])  # type: ignore[misc]
            time.sleep(max(0.0, FAULT_SECONDS - (time.monotonic() - began)))
            per_second = (book.charts - until_then) / (time.monotonic() - began)
        time.sleep(1)
    assert per_second > PER_SECOND * before / LOAD_SECONDS, "cards came as before"
    for host in pair.hosts:
        until(lambda host=host: readiness(host)[0] == 200, 90)  # type: ignore[misc]
    return book


def nothing_is_lost(book: Book, postgresql: Postgresql) -> None:
    tally = book.compared(kept_with(postgresql.url, book.wanted()))
    assert (tally.lost, tally.twice, tally.half) == (0, 0, 0)
    assert tally.cards > 0 < tally.feedback


@pytest.mark.parametrize("how", [away, silent], ids=["stopped", "frozen"])
def test_a_database_that_fails_holds_up_no_card_of_either_host(
    how: Callable[[Postgresql], AbstractContextManager[None]], pair: TwoHosts, postgresql: Postgresql
) -> None:
    book = played(pair, lambda: how(postgresql), "database")
    assert not book.refused, dict(book.refused)
    nothing_is_lost(book, postgresql)


@pytest.fixture
def counting(shared: dict[str, str], tmp_path: Path) -> Iterator[TwoHosts]:
    """Hosts that ask Redis about each call: how many there were."""
    with two_hosts(tmp_path, {**shared, "CDS_RATE_LIMIT": "1000000 per hour"}) as running:
        yield running


@pytest.mark.parametrize("how", [away, frozen], ids=["stopped", "frozen"])
def test_a_redis_that_fails_holds_up_no_card_of_either_host(
    how: Callable[[Redis], AbstractContextManager[None]], counting: TwoHosts, postgresql: Postgresql, redis: Redis
) -> None:
    book = played(counting, lambda: how(redis), "calls cannot be counted in Redis")
    assert not book.refused, dict(book.refused)
    nothing_is_lost(book, postgresql)


@pytest.fixture
def guarded(shared: dict[str, str], tmp_path: Path) -> Iterator[TwoHosts]:
    """Hosts that ask each caller for a token."""
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(), "utf-8")
    settings = {**shared, "CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": PUBLIC_URL, "CDS_WORKERS": "1"}
    with two_hosts(tmp_path, settings, dev=False) as running:
        yield running


def test_a_token_that_was_used_while_redis_was_frozen_is_refused_everywhere_afterwards(
    guarded: TwoHosts, redis: Redis
) -> None:
    first, other = guarded.hosts
    used, path = new_token("/cds-services"), "/cds-services"
    with frozen(redis):
        began = time.monotonic()
        assert [status(first.port, path, used, None) for _ in range(2)] == [200, 401]
        assert time.monotonic() - began < FAULT_SECONDS
        until(lambda: readiness(first)[0] == 503)
    until(lambda: readiness(first)[0] == 200, 90)
    assert [status(host.port, path, used, None) for host in (other, first)] == [401, 401]
