"""A database that hangs holds up no card, whatever else waits for it, and everything goes on when it is back.

The service runs as in a clinic, with workers and client JWTs. What is told of times is promised to the bedside: within
a second, beside the same calls while the database works.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contract.ehr import Ehr
from tests.contract.records import CONFIRMED, Json
from tests.contract.served_clinic import Answer, Clinic, besieged, guarded_service, new_token
from tests.unit.cds_service.cds_client import PATH

WITHIN_SECONDS = 1.0
BACK_WITHIN_SECONDS = 20.0
TRIED_AGAIN_AFTER_SECONDS = 5.0


@pytest.fixture
def body(ehr: Ehr) -> Json:
    return ehr.request("patient-view", CONFIRMED)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process has begun to write and does not come to an end."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + BACK_WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def check_cards(answers: list[Answer], control: list[Answer]) -> None:
    """Each brought cards, and took hardly longer than those of the control."""
    assert [(answer.status, bool(answer.body["cards"])) for answer in answers] == [(200, True)] * len(answers)
    slowest, slowest_of_control = (max(answer.seconds for answer in some) for some in (answers, control))
    assert slowest < slowest_of_control + WITHIN_SECONDS


def test_cards_come_without_the_database_and_their_tokens_are_good_once_now_and_later(
    body: Json, database: Path, tmp_path: Path
) -> None:
    with guarded_service(tmp_path, 1) as service:
        clinic = Clinic(service.port, body)
        control = [clinic.card() for _ in range(8)]
        before, used = count(database, "seen_token"), new_token(PATH)
        with locked(database):
            answers = [clinic.card(used), *(clinic.card() for _ in range(7))]
            check_cards(answers, control)
            assert clinic.card(used).status == 401
            assert count(database, "seen_token") == before
        until(lambda: count(database, "seen_token") == before + 8)
        assert clinic.card(used).status == 401
        assert clinic.card().status == 200
    # What was accepted without the database is known to whoever comes later.
    with guarded_service(tmp_path, 2) as service:
        assert Clinic(service.port, body).card(used).status == 401


def test_neither_waiting_feedback_nor_health_probes_hold_up_a_card(body: Json, database: Path, tmp_path: Path) -> None:
    with guarded_service(tmp_path, 2) as service:
        clinic = Clinic(service.port, body)
        control = [clinic.card() for _ in range(12)]
        names, others = ([str(uuid4()) for _ in range(100)] for _ in range(2))
        crowd, as_many = (
            [*(partial(clinic.feedback, name) for name in some), *(partial(clinic.probe, "/health"),) * 48]
            for some in (names, others)
        )
        with besieged(*as_many) as sent:
            pass
        probes_of_control = [one.result() for one in sent[100:]]
        with locked(database), besieged(*crowd) as sent:
            check_cards([clinic.card() for _ in range(12)], control)
            assert clinic.probe("/health/live").status == 200
            until(lambda: clinic.probe("/health/ready").status == 503)
        feedback, probes = [one.result() for one in sent[:100]], [one.result() for one in sent[100:]]
        # The spool takes it, and few wait for what the database would say of its card. Of a crowd some may be told to
        # come again, before they hold threads that cards need.
        taken = [name for name, answer in zip(names, feedback, strict=True) if answer.status == 200]
        assert len(taken) > len(names) / 2
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in feedback if answer.status != 200)
        slowest, slowest_of_control = (max(one.seconds for one in some) for some in (probes, probes_of_control))
        assert slowest < slowest_of_control + 2 * WITHIN_SECONDS
        until(lambda: clinic.probe("/health/ready").status == 200)
        assert {clinic.feedback(name).status for name in set(names) - set(taken)} <= {200}
        until(lambda: set(names) <= answered(database))


def answered(database: Path) -> set[str]:
    """The cards on which there is feedback."""
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT card_uuid FROM event WHERE kind = 'feedback'")}


def test_cards_given_meanwhile_are_known_when_feedback_on_them_comes(
    body: Json, database: Path, tmp_path: Path
) -> None:
    with guarded_service(tmp_path, 1) as service:
        clinic = Clinic(service.port, body)
        assert clinic.card().status == 200
        with locked(database):
            (given, *_) = clinic.card().body["cards"]
            answer = clinic.feedback(given["uuid"])
        assert (answer.status, answer.body) == (200, {})
        until(lambda: {given["uuid"]} == answered(database))


def names_of_cards(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT card_uuid FROM event WHERE kind = 'card-issued'")}


def test_cards_given_meanwhile_are_written_without_another_call(body: Json, database: Path, tmp_path: Path) -> None:
    with guarded_service(tmp_path, 1) as service:
        clinic = Clinic(service.port, body)
        assert clinic.card().status == 200
        with locked(database):
            given = {card["uuid"] for card in clinic.card().body["cards"]}
        assert given
        assert not given & names_of_cards(database)
        until(lambda: given <= names_of_cards(database))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_that_is_told_to_end_writes_the_cards_and_tokens_that_wait(
    number: signal.Signals, body: Json, database: Path, tmp_path: Path
) -> None:
    with guarded_service(tmp_path, 1) as service:
        clinic = Clinic(service.port, body)
        assert clinic.card().status == 200
        tokens = count(database, "seen_token")
        with locked(database):
            given = {card["uuid"] for card in clinic.card().body["cards"]}
        assert given
        os.kill(service.process.pid, number)
        # Sooner than it would have tried again anyway.
        began = time.monotonic()
        until(lambda: given <= names_of_cards(database) and count(database, "seen_token") == tokens + 1)
        assert time.monotonic() - began < TRIED_AGAIN_AFTER_SECONDS - WITHIN_SECONDS


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, in memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Write this file until there is no room left."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 512)


def test_on_a_full_disk_cards_come_and_the_service_is_not_ready_until_there_is_room(
    body: Json, full_disk: Path, tmp_path: Path
) -> None:
    with guarded_service(tmp_path, 1, CDS_DATABASE_URL=f"sqlite:///{full_disk}/cards.sqlite3") as service:
        clinic = Clinic(service.port, body)
        control = [clinic.card() for _ in range(4)]
        ballast = full_disk / "ballast"
        fill(ballast)
        until(lambda: clinic.feedback(str(uuid4())).status == 503)
        until(lambda: clinic.probe("/health/ready").status == 503)
        assert clinic.probe("/health/live").status == 200
        check_cards([clinic.card() for _ in range(8)], control)
        ballast.unlink()
        until(lambda: clinic.probe("/health/ready").status == 200)
        assert clinic.feedback("after").status == 200
