"""A PostgreSQL server that has fallen silent holds up no card, whatever else waits for it, and nothing is lost."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.storage import Database, EventLog, FeedbackItem, StoreError, seen_token, write_heartbeat
from cds_service.storage.database import TIMEOUT_SECONDS
from tests.contract.ehr import ehr_of
from tests.contract.records import CONFIRMED
from tests.contract.served_clinic import Clinic, besieged, guarded_service, new_token
from tests.real.databases import Postgresql, silent, silent_sessions
from tests.stored import answers_in
from tests.unit.cds_service.cds_client import PATH
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

WITHIN_SECONDS = 1.0
ENDS_WITHIN_SECONDS = 5.0
"""gunicorn's master kills a worker after ten."""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def database_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("database")]


def test_neither_waiting_feedback_nor_health_probes_hold_up_a_card(postgresql: Postgresql, tmp_path: Path) -> None:
    body = ehr_of(create_app(Settings(dev=True, database_url="sqlite://"))).request("patient-view", CONFIRMED)
    database = Database(postgresql.url)

    def tokens() -> int:
        count = select(func.count()).select_from(seen_token)
        return int(database.transact(lambda connection: connection.execute(count).scalar_one()))

    with guarded_service(tmp_path, 1, CDS_DATABASE_URL=postgresql.url) as service:
        clinic = Clinic(service.port, body)
        control = [clinic.card() for _ in range(12)]
        before, used = tokens(), new_token(PATH)
        names = [str(uuid4()) for _ in range(48)]
        crowd = [*(partial(clinic.feedback, name) for name in names), *(partial(clinic.probe, "/health"),) * 48]
        with silent(postgresql), besieged(*crowd) as sent:
            cards = [clinic.card(used), *(clinic.card() for _ in range(11))]
            assert clinic.card(used).status == 401
            assert clinic.probe("/health/live").status == 200
            until(lambda: clinic.probe("/health/ready").status == 503)
        feedback, probes = [one.result() for one in sent[:48]], [one.result() for one in sent[48:]]
        assert [(card.status, bool(card.body["cards"])) for card in cards] == [(200, True)] * 12
        assert max(card.seconds for card in cards) < max(card.seconds for card in control) + WITHIN_SECONDS
        assert {answer.status for answer in feedback} <= {200, 503}
        assert max(probe.seconds for probe in probes) < max(card.seconds for card in control) + 2 * WITHIN_SECONDS
        until(lambda: clinic.probe("/health/ready").status == 200)
        # The tokens of the cards, and those of the feedback, whether that was stored or not.
        until(lambda: tokens() == before + 12 + 48)
        assert clinic.card(used).status == 401
        acknowledged = {name for name, answer in zip(names, feedback, strict=True) if answer.status == 200}
        assert acknowledged
        assert {clinic.feedback(name).status for name in names if name not in acknowledged} <= {200}
        until(lambda: set(names) <= {one.item.card for one in answers_in(EventLog(database))})
    database.close()


def test_what_was_to_be_written_is_not_kept_for_a_server_that_does_not_answer(postgresql: Postgresql) -> None:
    database = Database(postgresql.url)
    write_heartbeat(database)

    def written_in_vain() -> weakref.ref[Callable[[Connection], None]]:
        def work(connection: Connection) -> None:
            connection.execute(text("SELECT 1"))

        with pytest.raises(StoreError):
            database.transact(work, 0.05)
        return weakref.ref(work)

    with silent(postgresql):
        kept = [written_in_vain() for _ in range(20)]
        gc.collect()
        # Those that a thread has begun with, and no more: they would add up while the server is away.
        assert sum(reference() is not None for reference in kept) <= 4
    write_heartbeat(database)
    database.close()


def use_all_threads(database: Database) -> None:
    """Each has a session from then on."""
    with ThreadPoolExecutor(8) as threads:
        for seconds in (1.0, TIMEOUT_SECONDS) * 4:
            threads.submit(
                database.transact, lambda connection: connection.execute(text("SELECT pg_sleep(0.3)")), seconds
            )


def test_sessions_that_hang_are_given_up_while_the_server_serves_others(
    postgresql: Postgresql, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(postgresql.url)
    use_all_threads(database)

    def is_written() -> bool:
        with suppress(StoreError):
            write_heartbeat(database)
            return True
        return False

    with silent_sessions(postgresql):
        assert not is_written()
        other = Database(postgresql.url)
        write_heartbeat(other)
        other.close()
        until(is_written)
        assert (
            EventLog(database).record_feedback("calciphylaxis", [FeedbackItem(str(uuid4()), "overridden", NOON)], NOON)
            != []
        )
    assert is_written()
    assert [record.levelname for record in caplog.records if "over new connections" in record.message] == ["ERROR"]
    until(lambda: len(database_threads()) <= 8)
    database.close()
    until(lambda: not database_threads())


def test_a_server_that_hangs_again_and_again_is_given_up_a_few_times_only(postgresql: Postgresql) -> None:
    database = Database(postgresql.url)
    with ExitStack() as stack:
        for _ in range(7):
            with suppress(StoreError):
                write_heartbeat(database)
            stack.enter_context(silent_sessions(postgresql))
            with suppress(StoreError):
                write_heartbeat(database)
            database._no_replacing_until = 0.0
            for crew in (database._hands._urgent, database._hands._patient):
                crew._due = dict.fromkeys(crew._due, 0.0)
        assert len(database_threads()) <= 5 * 8
        assert len(database._given_up) == 4
    until(lambda: not any(hands.are_at_work() for hands in database._given_up))
    write_heartbeat(database)
    database.close()
    until(lambda: not database_threads())


def test_a_service_with_threads_that_hang_ends_as_soon_as_it_is_told_to(postgresql: Postgresql, tmp_path: Path) -> None:
    with ExitStack() as stack:
        service = stack.enter_context(guarded_service(tmp_path, 1, CDS_DATABASE_URL=postgresql.url))
        clinic = Clinic(service.port, {})
        until(lambda: clinic.probe("/health/ready").status == 200)
        # Where sessions alone are silent, whoever writes first gives them up for all, and the service is ready again.
        with silent(postgresql):
            until(lambda: clinic.probe("/health/ready").status == 503)
            began = time.monotonic()
            stack.close()
            assert time.monotonic() - began < ENDS_WITHIN_SECONDS


def test_the_system_looks_after_connections_over_which_nothing_is_said(postgresql: Postgresql) -> None:
    database = Database(postgresql.url)
    with database.connected() as connection:
        driver: Any = connection.connection.driver_connection
        of_libpq = driver.pgconn.socket
        with socket.socket(fileno=os.dup(of_libpq)) as bare:
            assert bare.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            idle, interval, count = (bare.getsockopt(socket.IPPROTO_TCP, option) for option in options)
    assert idle + interval * count < 30
    database.close()
