"""The service with PostgreSQL in place of SQLite: nothing accepted is lost, and advice does not wait for a database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.access.token_log import TokenLog
from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client.ehr import Ehr
from cds_service.storage.cards_and_feedback import FeedbackItem, IssuedCard, Store, StoreError, _metadata
from cds_service.storage.database import Database
from tests.fuzz.service_process import Service, running_service
from tests.real.databases import Postgresql

pytestmark = pytest.mark.real

PATIENT = "cds-demo-hard-skin-on-warfarin"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def service(postgresql: Postgresql, tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path, 2, CDS_DATABASE_URL=postgresql.url, CDS_FHIR_DEADLINE_SECONDS="20") as running:
        yield running


@pytest.fixture(scope="module")
def fhir() -> Iterator[Sandbox]:
    resources = [resource for patient in load_patients(datetime.now(UTC)) for resource in patient.resources]
    with Sandbox(resources) as sandbox:
        yield sandbox


@pytest.fixture
def store(postgresql: Postgresql) -> Iterator[Store]:
    opened = Store(postgresql.url)
    yield opened
    opened.close()


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def cards(service: Service, fhir: Sandbox) -> list[dict[str, Any]]:
    return list(Ehr(address(service), fhir.base).open_chart(PATIENT))


def override(service: Service, card: dict[str, Any], comment: str) -> requests.Response:
    feedback = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-03-02T12:00:00Z",
        "overrideReason": {"reason": card["overrideReasons"][0], "userComment": comment},
    }
    url = f"{address(service)}/cds-services/calciphylaxis-patient-view/feedback"
    return requests.post(url, json={"feedback": [feedback]}, timeout=30)


def item(card: str, comment: str | None = None) -> FeedbackItem:
    return FeedbackItem(card, "overridden", NOON, override_reason_code="other", user_comment=comment)


def test_feedback_survives_the_killing_of_every_worker_and_the_command_line_finds_it(
    service: Service, fhir: Sandbox, postgresql: Postgresql
) -> None:
    given = next(card for card in cards(service, fhir) if card.get("overrideReasons"))
    assert override(service, given, "a comment").status_code == 200
    for worker in service.process.workers():
        os.kill(worker, signal.SIGKILL)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("calciphylaxis-cds")), "overrides"],
        env={**environment, "CDS_DATABASE_URL": postgresql.url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert given["source"]["topic"]["code"] in done.stdout
    assert given["overrideReasons"][0]["code"] in done.stdout


def test_advice_comes_without_the_database_and_its_cards_are_written_when_it_is_back(
    service: Service, fhir: Sandbox, postgresql: Postgresql, store: Store
) -> None:
    first = cards(service, fhir)
    postgresql.stop()
    try:
        while_away = cards(service, fhir)
        assert [card["summary"] for card in while_away] == [card["summary"] for card in first]
        assert override(service, while_away[0] | {"overrideReasons": [{"code": "other"}]}, "").status_code == 503
        assert requests.get(f"{address(service)}/health", timeout=30).status_code == 503
    finally:
        postgresql.start()
    given = next(card for card in while_away if card.get("overrideReasons"))
    end = time.monotonic() + 30
    while (answer := override(service, given, "")).status_code == 503 and time.monotonic() < end:
        time.sleep(0.5)
    assert answer.status_code == 200
    known = {stored.item.card: stored for stored in store.feedback()}
    # Two workers: the one that takes the feedback may not be the one that keeps the waiting card.
    assert given["uuid"] in known


def test_advice_does_not_wait_for_a_database_that_has_fallen_silent(
    service: Service, fhir: Sandbox, postgresql: Postgresql
) -> None:
    first = cards(service, fhir)
    with silent(postgresql):
        started = time.monotonic()
        while_silent = [cards(service, fhir) for _ in range(4)]
        spent = time.monotonic() - started
        assert [len(given) for given in while_silent] == [len(first)] * 4
        # Each worker waits for a fraction of a second, once.
        assert spent < 4
        assert requests.get(f"{address(service)}/health", timeout=30).status_code == 503
    assert requests.get(f"{address(service)}/health", timeout=30).status_code == 200


def test_whether_a_token_was_used_is_not_waited_for_without_end(postgresql: Postgresql) -> None:
    log, other = TokenLog(postgresql.url), Database(postgresql.url, _metadata)
    assert log.is_first_use("issuer", "before", NOON.timestamp(), NOON)
    with other.connected() as connection:
        connection.exec_driver_sql("LOCK TABLE seen_token")
        check_gives_up(log)
    with silent(postgresql):
        check_gives_up(log)
    assert log.is_first_use("issuer", "after", NOON.timestamp(), NOON)
    log.close()
    other.close()


def check_gives_up(log: TokenLog) -> None:
    started = time.monotonic()
    with pytest.raises(StoreError):
        log.is_first_use("issuer", str(uuid.uuid4()), NOON.timestamp(), NOON)
    assert time.monotonic() - started < 4


@contextmanager
def silent(postgresql: Postgresql) -> Iterator[None]:
    """Every process of the server is stopped where it stands: it neither answers nor refuses."""
    leader = int((postgresql.data / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    processes = [leader, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_the_same_feedback_is_stored_once_however_many_bring_it_at_once(store: Store) -> None:
    service = f"service-{uuid.uuid4()}"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.record_feedback(service, [item("card-1", "words")], NOON), range(40)))
    assert [stored.item.user_comment for stored in store.feedback(service=service)] == ["words"]


def test_words_that_postgresql_cannot_hold_are_kept_without_the_offending_characters(store: Store) -> None:
    service = f"service-{uuid.uuid4()}"
    store.record_feedback(service, [item("card\x00", "nul \x00 and half a pair \ud800")], NOON)
    (stored,) = store.feedback(service=service)
    assert stored.item.user_comment == "nul � and half a pair �"
    assert stored.received_at == NOON


def test_cards_and_feedback_meet_in_the_count_of_overrides(store: Store) -> None:
    service, card = f"service-{uuid.uuid4()}", str(uuid.uuid4())
    store.record_cards([IssuedCard(card, service, "hook", "vka-cua", "critical", NOON)])
    assert store.record_feedback(service, [item(card)], NOON) == []
    assert store.record_feedback(service, [item("unheard-of")], NOON) == ["unheard-of"]
    assert {(count.topic, count.times) for count in store.overrides(service=service)} == {("vka-cua", 1), ("", 1)}


def test_workers_that_start_together_create_the_tables_without_an_error(postgresql: Postgresql) -> None:
    admin = Database(postgresql.url, _metadata)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            with admin.connected() as connection:
                for table in reversed(_metadata.sorted_tables):
                    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{table.name}"')
            stores = [Store(postgresql.url) for _ in range(8)]
            assert all(threads.map(Store.ping, stores))
            for store in stores:
                store.close()
    admin.close()


def test_a_token_is_good_once_however_many_present_it_at_once(postgresql: Postgresql) -> None:
    logs = [TokenLog(postgresql.url) for _ in range(4)]
    expires = (NOON + timedelta(minutes=5)).timestamp()
    token = str(uuid.uuid4())
    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(lambda n: logs[n % 4].is_first_use("issuer", token, expires, NOON), range(64)))
    assert sum(won) == 1
    assert logs[0].purge(NOON + timedelta(hours=2)) >= 1
    for log in logs:
        log.close()
