"""One rate limit for all workers, kept in Redis; without Redis the clinician still gets an answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.fuzz.service_process import Service, running_service
from tests.real.databases import Redis

pytestmark = pytest.mark.real

LIMIT, CALLS = 10, 40


def statuses(service: Service, calls: int) -> Counter[int]:
    """Each call on a connection of its own, so that both workers take some."""
    url = f"http://127.0.0.1:{service.port}/cds-services"
    return Counter(requests.get(url, timeout=30).status_code for _ in range(calls))


def test_the_limit_holds_over_all_workers(redis: Redis, tmp_path: Path) -> None:
    settings = {"CDS_RATE_LIMIT": f"{LIMIT} per hour", "CDS_RATE_LIMIT_STORAGE": f"{redis.url}/0"}
    with running_service(tmp_path, 2, **settings) as service:
        assert statuses(service, CALLS) == {200: LIMIT, 429: CALLS - LIMIT}


def test_all_that_one_caller_asks_for_is_counted_together_over_all_workers(redis: Redis, tmp_path: Path) -> None:
    settings = {"CDS_RATE_LIMIT": f"{LIMIT} per hour", "CDS_RATE_LIMIT_STORAGE": f"{redis.url}/2"}
    with running_service(tmp_path, 2, **settings) as service:
        base = f"http://127.0.0.1:{service.port}"
        asked = [requests.get(f"{base}/{path}", timeout=30) for path in ["cds-services", "openapi.json"] * LIMIT]
        assert Counter(answer.status_code for answer in asked) == {200: LIMIT, 429: LIMIT}
        assert 3_500 < int(asked[-1].headers["Retry-After"]) <= 3_600


def test_a_limit_without_its_redis_keeps_nobody_from_the_answer(redis: Redis, tmp_path: Path) -> None:
    settings = {"CDS_RATE_LIMIT": "1000 per hour", "CDS_RATE_LIMIT_STORAGE": f"{redis.url}/1"}
    with running_service(tmp_path, 2, **settings) as service:
        assert statuses(service, 4) == {200: 4}
        redis.stop()
        try:
            assert statuses(service, 8) == {200: 8}
        finally:
            redis.start()
        assert statuses(service, 4) == {200: 4}
