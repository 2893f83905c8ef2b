"""Writers of a worker take turns; whoever waits, for his turn or the database, has no more patience than he said."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from cds_service.storage import Database, EventLog, FeedbackItem, StoreError
from tests.stored import shown_card
from tests.waiting import locked

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEEDBACK = FeedbackItem("card-1", "accepted", NOON, accepted_suggestions=("s-1",))
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "warfarin", "critical", NOON)
PROMPT = 1.0
"""Seconds by which a busy machine may be late; the patience that must not be shown is five."""


@contextmanager
def held_turn(database: Database) -> Iterator[None]:
    """Another thread has the turn and does not come to an end."""
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with database.turn(5):
            taken.set()
            assert leave.wait(30)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        assert taken.wait(30)
        yield
        leave.set()
        holding.result()


def seconds_until_refused(call: object, *arguments: object) -> float:
    assert callable(call)
    began = time.monotonic()
    with pytest.raises(StoreError):
        call(*arguments)
    return time.monotonic() - began


def write(database: Database, seconds: float) -> None:
    database.write(lambda connection: connection.execute(text("DELETE FROM card")), seconds)


def test_one_who_need_not_wait_has_all_his_seconds(database: Database) -> None:
    with database.turn(0.7) as left:
        assert left == 0.7


def test_what_the_wait_for_the_turn_took_is_taken_off(database: Database) -> None:
    with ThreadPoolExecutor(1) as threads, ExitStack() as stack:
        stack.enter_context(database.turn(5))
        waiting = threads.submit(lambda: seconds_left(database, 5.0))
        time.sleep(0.3)
        stack.close()
        assert 0 < waiting.result() < 4.8


def seconds_left(database: Database, seconds: float) -> float:
    with database.turn(seconds) as left:
        return left


def test_a_turn_that_does_not_come_is_not_waited_for_longer_than_said(database: Database) -> None:
    with held_turn(database):
        assert 0.1 <= seconds_until_refused(seconds_left, database, 0.1) < 0.1 + PROMPT
    assert seconds_left(database, 0.1) == 0.1


def test_turn_and_write_together_take_no_longer_than_said(database: Database, path: Path) -> None:
    write(database, 5)
    with locked(path), ThreadPoolExecutor(8) as threads:
        for waited in threads.map(lambda _: seconds_until_refused(write, database, 0.5), range(8)):
            assert waited < 0.5 + PROMPT


def test_writers_on_a_server_need_no_turns() -> None:
    database = Database("postgresql+psycopg://nowhere.invalid/none")
    with database.turn(0.1) as first, database.turn(0.1) as second:
        assert (first, second) == (0.1, 0.1)


def test_feedback_that_waits_for_feedback_has_no_more_patience_than_alone(database: Database, path: Path) -> None:
    store = EventLog(database)
    assert store.record_feedback("calciphylaxis", [], NOON) == []
    store.record_feedback("calciphylaxis", [FEEDBACK], NOON)

    def answer() -> float:
        return seconds_until_refused(store.record_feedback, "calciphylaxis", [FEEDBACK], NOON)

    with locked(path), ThreadPoolExecutor(2) as threads:
        first = threads.submit(answer)
        time.sleep(2)
        second = threads.submit(answer)
        # One after the other, each with all its patience for the database, the second would wait for eight seconds.
        assert 4 < first.result() < 5 + PROMPT
        assert 4 < second.result() < 5 + PROMPT


def test_cards_that_got_no_turn_are_not_held_up_again_a_moment_later(database: Database) -> None:
    store = EventLog(database)
    with held_turn(database):
        assert 0.2 <= seconds_until_refused(store.record, [CARD]) < 0.2 + PROMPT
        began = time.monotonic()
        for _ in range(50):
            with pytest.raises(StoreError, match="a moment ago"):
                store.record([CARD])
        assert time.monotonic() - began < PROMPT


@pytest.mark.parametrize("known", [False, True], ids=["a new file", "a database that is known"])
def test_a_database_that_is_locked_as_a_whole_is_not_waited_for_longer_than_said_when_it_is_opened(
    known: bool, database: Database, path: Path
) -> None:
    if known:
        write(database, 5)
        database.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("DELETE FROM card")
            assert seconds_until_refused(write, database, 0.1) < 0.1 + PROMPT
    else:
        with locked(path, "BEGIN EXCLUSIVE"):
            assert seconds_until_refused(write, database, 0.1) < 0.1 + PROMPT
    write(database, 5)


def test_few_threads_at_a_time_hold_a_transaction_of_their_own(path: Path) -> None:
    database = Database(f"sqlite:///{path}", places=2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(database.connected())
        waited = seconds_until_refused(lambda: stack.enter_context(database.connected()))
        assert waited < PROMPT
        # Those who only hand over a piece of work do not belong to them.
        assert database.transact(lambda connection: connection.scalar(text("SELECT 1"))) == 1
    with database.connected():
        pass
    database.close()
