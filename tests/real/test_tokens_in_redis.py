"""Two hosts with one Redis: a token is good once for both; without it once for each worker, and that is said."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.contract.served_clinic import guarded_service, new_token
from tests.fuzz.service_process import Service
from tests.real.databases import Redis
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

PATH = "/cds-services"
LOST = "used tokens are remembered by each worker for itself until Redis is back"
BACK = "used tokens are in Redis again"


@pytest.fixture
def hosts(redis: Redis, tmp_path: Path) -> Iterator[list[Service]]:
    """Two services of one worker each, which share nothing but Redis."""
    with ExitStack() as stack:
        made = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            settings = {"CDS_REDIS_URL": f"{redis.url}/5", "CDS_RATE_LIMIT": "1000 per hour"}
            made.append(stack.enter_context(guarded_service(folder, 1, **settings)))
        yield made


def status(host: Service, token: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)) as caller:
        caller.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
        return caller.getresponse().status


def readiness(host: Service) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)) as caller:
        caller.request("GET", "/health/ready")
        answer = caller.getresponse()
        return answer.status, answer.read().decode()


def test_a_token_that_was_used_on_one_host_is_refused_on_the_other(hosts: list[Service]) -> None:
    one, other = hosts
    for first, second in ((one, other), (other, one)):
        used = new_token(PATH)
        assert [status(first, used), status(second, used), status(first, used)] == [200, 401, 401]


def test_without_redis_each_worker_goes_by_its_own_memory_and_afterwards_all_know_again(
    hosts: list[Service], redis: Redis
) -> None:
    one, other = hosts
    before, meanwhile = new_token(PATH), new_token(PATH)
    assert status(one, before) == 200
    redis.stop()
    try:
        assert [status(one, meanwhile), status(one, meanwhile)] == [200, 401]
        assert status(one, before) == 401, "its own tokens it knows"
        until(lambda: readiness(one)[0] == 503)
        assert LOST in readiness(one)[1]
        assert LOST in one.log.read_text("utf-8")
    finally:
        redis.start()
    until(lambda: BACK in one.log.read_text("utf-8"))
    assert status(other, meanwhile) == 401, "what was accepted meanwhile is known to all"
    assert status(one, new_token(PATH)) == 200
    until(lambda: readiness(one)[0] == 200, 90)
