"""Two services with one PostgreSQL know together what was shown; where it does not answer, everything is shown."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client.ehr import Ehr
from cds_service.storage import write_keys
from tests.fuzz.service_process import Service, running_service
from tests.real.databases import Postgresql, Redis, silent
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

PATIENT, ANOTHER = "cds-demo-elevated-risk-on-warfarin", "cds-demo-low-pth-on-calcium"
"""One for each test: what was shown is remembered."""
WARMED_WITH = "cds-demo-hard-skin-on-warfarin"
"""A first answer takes longer, and one of more than a second does not count as shown."""
REPEAT = "\n[repeat]\nreason = 'tried out'\nafter_shown_hours = 8\nafter_override_hours = 72\n"
PROMISED_SECONDS = 0.1
"""So long a call may wait for what was shown before."""
TO_SPARE_SECONDS = 1.0


@pytest.fixture(scope="module")
def fhir() -> Iterator[Sandbox]:
    resources = [resource for patient in load_patients(datetime.now(UTC)) for resource in patient.resources]
    with Sandbox(resources) as sandbox:
        yield sandbox


@contextmanager
def two_hosts(tmp_path: Path, **more: str) -> Iterator[list[Service]]:
    """Two services with a spool each, and the same policy and keys."""
    policies, secret = tmp_path / "policies", tmp_path / "secret"
    policies.mkdir()
    (policies / "default.toml").write_text(policy_file("default", REPEAT), "utf-8")
    write_keys(secret, [b"k" * 32])
    settings = {"CDS_SITE_POLICIES": str(policies), "CDS_SECRET_FILE": str(secret), **more}
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                running_service(
                    tmp_path / name,
                    1,
                    CDS_SPOOL=str(tmp_path / name / "spool"),
                    CDS_FHIR_DEADLINE_SECONDS="20",
                    **settings,
                )
            )
            for name in ("one", "two")
            if not (tmp_path / name).mkdir()  # type: ignore[func-returns-value]  # makes it, and is None
        ]


def warmed(hosts: list[Service], fhir: Sandbox) -> list[Service]:
    for host in hosts:
        for _ in range(3):
            topics(host, fhir, WARMED_WITH)
    return hosts


@pytest.fixture
def hosts(postgresql: Postgresql, fhir: Sandbox, tmp_path: Path) -> Iterator[list[Service]]:
    """They share their database."""
    with two_hosts(tmp_path, CDS_DATABASE_URL=postgresql.url) as made:
        yield warmed(made, fhir)


@pytest.fixture
def with_redis(redis: Redis, fhir: Sandbox, tmp_path: Path) -> Iterator[list[Service]]:
    """They share a Redis, and nothing else."""
    with two_hosts(tmp_path, CDS_REDIS_URL=f"{redis.url}/6") as made:
        yield warmed(made, fhir)


def topics(host: Service, fhir: Sandbox, patient: str = PATIENT) -> list[str]:
    cards = Ehr(f"http://127.0.0.1:{host.port}", fhir.base).open_chart(patient)
    return [card["source"]["topic"]["code"] for card in cards]


def test_what_one_host_has_shown_the_other_one_does_not_repeat(hosts: list[Service], fhir: Sandbox) -> None:
    one, other = hosts
    shown = topics(one, fhir)
    assert shown
    until(lambda: topics(other, fhir) == [])
    assert topics(one, fhir) == []


def test_while_the_database_does_not_answer_everything_is_shown_in_time(
    hosts: list[Service], fhir: Sandbox, postgresql: Postgresql
) -> None:
    one, _ = hosts
    shown = topics(one, fhir, ANOTHER)
    assert shown
    until(lambda: topics(one, fhir, ANOTHER) == [])
    began = time.monotonic()
    assert topics(one, fhir, ANOTHER) == []
    control = time.monotonic() - began
    with silent(postgresql):
        for _ in range(3):
            began = time.monotonic()
            assert topics(one, fhir, ANOTHER) == shown
            assert time.monotonic() - began < control + PROMISED_SECONDS + TO_SPARE_SECONDS


def override_all(host: Service, fhir: Sandbox) -> None:
    """Open the chart, and override each card."""
    base = f"http://127.0.0.1:{host.port}"
    cards = Ehr(base, fhir.base).open_chart(ANOTHER)
    assert cards
    for card in cards:
        answer = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": datetime.now(UTC).isoformat()}
        url = f"{base}/cds-services/calciphylaxis-patient-view/feedback"
        assert requests.post(url, json={"feedback": [answer]}, timeout=30).status_code == 200


def test_with_redis_the_other_host_knows_at_once_and_without_it_everything_is_shown(
    with_redis: list[Service], fhir: Sandbox, redis: Redis
) -> None:
    one, other = with_redis
    shown = topics(one, fhir)
    assert shown
    assert [topics(other, fhir), topics(one, fhir)] == [[], []]
    redis.stop()
    try:
        assert [topics(one, fhir), topics(other, fhir)] == [shown, shown]
        assert "so no card is held back as repeated: Redis could not be used" in one.log.read_text("utf-8")
    finally:
        redis.start()
    # It has forgotten everything; nobody asks it for some seconds after it failed.
    until(lambda: [topics(one, fhir), topics(other, fhir)] == [[], []])


def test_with_redis_an_override_on_one_host_counts_on_the_other(with_redis: list[Service], fhir: Sandbox) -> None:
    one, other = with_redis
    override_all(one, fhir)
    assert topics(other, fhir, ANOTHER) == []
    assert reasons_of(other) == {"overridden-before"}


def reasons_of(host: Service) -> set[str]:
    """Why this host held cards back, as its metrics tell."""
    text = requests.get(f"http://127.0.0.1:{host.port}/metrics", timeout=30).text
    return set(re.findall(r'cards_held_back_total{reason="([^"]+)"', text))
