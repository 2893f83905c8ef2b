"""Whether the database can be written is found out by one small write now and then, however many ask."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cds_service.storage.database import Database, StoreError
from cds_service.storage.readiness import BRIEFLY_SECONDS, EVERY_SECONDS, PATIENCE_SECONDS, Readiness, write_heartbeat


class Write:
    """A write that fails, hangs or does well, as a test wants, and counts how often it was begun; a clock beside it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.begun = 0
        self.fails = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self) -> None:
        self.begun += 1
        assert self.goes_on.wait(30)
        if self.fails:
            raise StoreError("locked")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self.goes_on.clear()
        try:
            yield
        finally:
            self.goes_on.set()


@pytest.fixture
def write() -> Write:
    return Write()


@pytest.fixture
def readiness(write: Write) -> Readiness:
    return Readiness(write, lambda: write.now)


def until(condition: bool | object, readiness: Readiness) -> None:
    """Wait until the answer is this one."""
    give_up = time.monotonic() + 10
    while readiness.is_ready() is not condition:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_the_first_who_asks_waits_for_the_answer(readiness: Readiness, write: Write) -> None:
    assert readiness.is_ready()
    assert write.begun == 1


def test_a_database_that_cannot_be_written_is_not_ready(readiness: Readiness, write: Write) -> None:
    write.fails = True
    assert not readiness.is_ready()


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_stands_for_some_seconds_whatever_it_is(readiness: Readiness, write: Write, fails: bool) -> None:
    write.fails = fails
    first = readiness.is_ready()
    write.fails = not fails
    write.now += EVERY_SECONDS - 0.01
    assert [readiness.is_ready() for _ in range(100)] == [first] * 100
    assert write.begun == 1
    write.now += 0.01
    assert readiness.is_ready() is not first
    assert write.begun == 2


def test_however_many_ask_at_once_one_write_answers_all(readiness: Readiness, write: Write) -> None:
    with write.hanging(), ThreadPoolExecutor(32) as threads:
        asked = [threads.submit(readiness.is_ready) for _ in range(32)]
        while not write.begun:
            time.sleep(0.001)
        write.goes_on.set()
        assert all(one.result() for one in asked)
    assert write.begun == 1


def test_while_a_write_is_under_way_the_others_get_the_last_answer_at_once(readiness: Readiness, write: Write) -> None:
    assert readiness.is_ready()
    write.now += EVERY_SECONDS
    with write.hanging(), ThreadPoolExecutor(1) as threads:
        asking = threads.submit(readiness.is_ready)
        while write.begun < 2:
            time.sleep(0.01)
        assert readiness.is_ready()
        write.fails = True
        write.goes_on.set()
        assert not asking.result()
    assert write.begun == 2


def test_a_write_that_hangs_is_waited_for_by_one_and_only_for_a_second(readiness: Readiness, write: Write) -> None:
    assert readiness.is_ready()
    write.now += EVERY_SECONDS
    with write.hanging():
        began = time.monotonic()
        assert not readiness.is_ready()
        assert time.monotonic() - began < PATIENCE_SECONDS + 1
        write.now += PATIENCE_SECONDS
        began = time.monotonic()
        assert [readiness.is_ready() for _ in range(1_000)] == [False] * 1_000
        assert time.monotonic() - began < PATIENCE_SECONDS
        write.now += 10 * EVERY_SECONDS
        assert not readiness.is_ready()
        assert write.begun == 2
    until(True, readiness)


def test_where_the_first_write_of_all_hangs_one_waits_for_a_second_and_the_others_hardly_at_all(
    readiness: Readiness, write: Write
) -> None:
    with write.hanging(), ThreadPoolExecutor(8) as threads:
        began = time.monotonic()
        first = threads.submit(readiness.is_ready)
        while not write.begun:
            time.sleep(0.001)
        others = [threads.submit(readiness.is_ready) for _ in range(7)]
        assert not any(one.result() for one in others)
        assert not first.done()
        assert not first.result()
        assert time.monotonic() - began < PATIENCE_SECONDS + 1
        write.now += BRIEFLY_SECONDS
        began = time.monotonic()
        assert not any(readiness.is_ready() for _ in range(1_000))
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert write.begun == 1


# ------------------------------------------------------------------ the write itself
@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


def rows(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, mark FROM heartbeat").fetchall()


def test_the_heartbeat_is_one_row_that_changes_each_time(database: Database, path: Path) -> None:
    write_heartbeat(database)
    first = rows(path)
    write_heartbeat(database)
    second = rows(path)
    assert len(first) == len(second) == 1
    assert first != second


def test_a_database_in_memory_has_a_heartbeat_as_well() -> None:
    database = Database("sqlite://")
    write_heartbeat(database)
    database.close()


def test_a_lock_that_another_process_holds_is_noticed_in_a_second(database: Database, path: Path) -> None:
    write_heartbeat(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError):
            write_heartbeat(database)
        assert time.monotonic() - began < PATIENCE_SECONDS + 1
        # The control: reading, which the lock does not hinder, is no test of it.
        assert len(rows(path)) == 1
    write_heartbeat(database)


def test_a_full_disk_is_noticed_although_everything_can_still_be_read(database: Database, path: Path) -> None:
    write_heartbeat(database)
    # As far as the file system is concerned a file that may not grow is a disk that is full.
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))
    try:
        with pytest.raises(StoreError):
            list(map(write_heartbeat, [database] * 50))
        assert len(rows(path)) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    write_heartbeat(database)
