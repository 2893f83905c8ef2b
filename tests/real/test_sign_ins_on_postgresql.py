"""Sign-ins of the SMART app with PostgreSQL: each is good once, and all workers seal with the same secret."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.storage import Database
from cds_service.web.smart.seals import Seals
from cds_service.web.smart.vault import Vault
from tests.real.databases import Postgresql

pytestmark = [pytest.mark.real, pytest.mark.alone]

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
END = int(NOW.timestamp()) + 600


@pytest.fixture
def workers(postgresql: Postgresql) -> Iterator[list[Vault]]:
    databases = [Database(postgresql.url) for _ in range(4)]
    yield [Vault(database) for database in databases]
    for database in databases:
        database.close()


def test_workers_that_start_at_the_same_moment_agree_on_one_secret(workers: list[Vault]) -> None:
    with ThreadPoolExecutor(4) as threads:
        (secret,) = set(threads.map(lambda worker: worker.secret(), workers))
    assert len(secret) == 32


def test_what_one_worker_has_sealed_another_opens(workers: list[Vault]) -> None:
    first, second = (Seals(worker.secret) for worker in workers[:2])
    assert second.opened("launch", "one", first.seal("launch", "one", {"iss": "x"}, END), NOW) is not None


def test_of_all_workers_that_use_a_sign_in_at_the_same_moment_one_is_the_first(workers: list[Vault]) -> None:
    with ThreadPoolExecutor(8) as threads:
        firsts = list(threads.map(lambda number: workers[number % 4].use("state", END, NOW), range(40)))
    assert firsts.count(True) == 1
    workers[0].unuse("state")
    assert workers[1].use("state", END, NOW)


def test_a_session_is_kept_beside_them_until_it_expires(workers: list[Vault]) -> None:
    key = workers[0].put("session-1234abcd", "name", {"patient": "anna-7"}, END, NOW)
    assert workers[1].read("session-1234abcd", "name", key, NOW) == {"patient": "anna-7"}
    assert workers[1].read("session-1234abcd", "name", key, NOW + timedelta(seconds=600)) is None
