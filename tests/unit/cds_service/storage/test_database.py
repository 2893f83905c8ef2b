"""The database of a worker: how long its transactions wait for others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.access.token_log import PATIENCE_SECONDS, TokenLog
from cds_service.storage import EventLog, FeedbackItem, StoreError
from cds_service.storage.database import TIMEOUT_SECONDS, Database
from tests.stored import shown_card

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "warfarin", "critical", NOON)
CARD_SECONDS, TOKEN_SECONDS = 0.2, PATIENCE_SECONDS
SLOW_MACHINE_SECONDS = 1.5
"""What threads may take beside their waiting; less than the next longer wait, which would be a fault."""


def timeout_of(database: Database, *asked: float) -> float:
    """Seconds for which SQLite waits in a transaction that asks for them (or for nothing)."""
    with database.connected(*asked) as connection:
        return int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()) / 1000


def test_every_transaction_waits_as_long_as_it_asks_for_whoever_had_the_connection_before(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/cards.sqlite3")
    try:
        waited = [timeout_of(database, *asked) for asked in ((), (0.2,), (0.2,), (), (0.3,))]
        assert waited == [TIMEOUT_SECONDS, 0.2, 0.2, TIMEOUT_SECONDS, 0.3]
    finally:
        database.close()


def test_other_databases_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="only SQLite and PostgreSQL"):
        Database("mysql://db/cds")


def test_it_can_be_made_long_before_the_server_is_there() -> None:
    Database("postgresql+psycopg://cds:secret@db.example/cds").close()


@contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Another process writes and does not come to an end."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute(f"BEGIN {how}")
        yield connection


def waited(call: Callable[[], object]) -> float:
    """Seconds until this call gave up."""
    started = time.monotonic()
    with pytest.raises(StoreError):
        call()
    return time.monotonic() - started


def test_neither_cards_nor_tokens_wait_longer_because_feedback_waits_for_the_same_database(tmp_path: Path) -> None:
    path = tmp_path / "cards.sqlite3"
    database = Database(f"sqlite:///{path}")
    store, log = EventLog(database), TokenLog(database)
    assert log.is_first_use("urn:a", "before", NOON.timestamp(), NOON)

    def use(number: int) -> float:
        began = time.monotonic()
        assert log.is_first_use("urn:a", str(number), NOON.timestamp(), NOON)
        return time.monotonic() - began

    def answer(number: int) -> list[str]:
        item = FeedbackItem(f"answered-{number}", "overridden", NOON)
        return store.record_feedback("calciphylaxis", [item], NOON)

    with locked(path) as busy, ThreadPoolExecutor(41) as threads:
        alone = use(-1)
        feedback = [threads.submit(answer, number) for number in range(20)]
        # More at once than a pool of connections usually holds.
        tokens = [threads.submit(use, number) for number in range(20)]
        card = threads.submit(waited, lambda: store.record([CARD]))
        assert card.result() < 2 * CARD_SECONDS + SLOW_MACHINE_SECONDS
        assert max(token.result() for token in tokens) < TOKEN_SECONDS + SLOW_MACHINE_SECONDS
        assert TOKEN_SECONDS / 2 < alone < TOKEN_SECONDS + SLOW_MACHINE_SECONDS, "the control: nobody else waits"
        log.close()
        busy.rollback()
        assert [len(one.result()) for one in feedback] == [1] * 20
    database.close()


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_who_can_wait_waits_for_a_database_that_somebody_else_is_making(how: str, tmp_path: Path) -> None:
    path = tmp_path / "cards.sqlite3"
    database = Database(f"sqlite:///{path}")
    with locked(path, how) as other, ThreadPoolExecutor(1) as threads:
        used = threads.submit(timeout_of, database)
        with pytest.raises(TimeoutError):
            used.result(timeout=0.3)
        other.rollback()
        assert used.result() == TIMEOUT_SECONDS
    database.close()


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_card_does_not_wait_for_a_database_that_somebody_else_is_making(how: str, tmp_path: Path) -> None:
    path = tmp_path / "cards.sqlite3"
    database = Database(f"sqlite:///{path}")
    # Not in WAL mode yet: there a lock keeps readers out, too, and even connecting reads.
    with locked(path, how):
        assert waited(lambda: EventLog(database).record([CARD])) < 2 * CARD_SECONDS + SLOW_MACHINE_SECONDS
    database.close()
