"""While the database is lost cards come all the same: each worker goes by its own memory, and writes it down later."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cds_service.access.token_log import PATIENCE_SECONDS, TokenLog
from cds_service.access.token_memory import Token, TokenMemory
from cds_service.storage import Database, StoreError
from tests.unit.cds_service.cds_client import NOW
from tests.waiting import locked, until

END = NOW.timestamp() + 330
MakeLog = Callable[..., TokenLog]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.sqlite3"


@pytest.fixture
def make_log(path: Path) -> Iterator[MakeLog]:
    """A worker's log; it looks often whether the database is back."""
    made: list[tuple[TokenLog, Database]] = []

    def make(**more: Any) -> TokenLog:
        database = Database(f"sqlite:///{path}")
        made.append((TokenLog(database, **{"retry_seconds": 0.05, **more}), database))
        return made[-1][0]

    yield make
    for log, database in made:
        log.close()
        database.close()
    # What another test has still to say would be taken for what this one says.
    until(lambda: not any(thread.name == "used tokens" for thread in threading.enumerate()))


@pytest.fixture
def log(make_log: MakeLog) -> TokenLog:
    """One that knows its database already."""
    made = make_log()
    assert use(made, "before")
    return made


def use(log: TokenLog, jti: str) -> bool:
    return log.is_first_use("urn:a", jti, END, NOW)


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM seen_token").fetchone()[0])


def is_back(caplog: pytest.LogCaptureFixture) -> Callable[[], bool]:
    return lambda: "used tokens are in the database again" in caplog.text


def test_a_token_is_good_once_for_this_worker(log: TokenLog, path: Path) -> None:
    with locked(path):
        assert [use(log, "1"), use(log, "1"), use(log, "2")] == [True, False, True]


def test_a_token_that_this_worker_has_accepted_before_is_refused_all_the_same(log: TokenLog, path: Path) -> None:
    with locked(path):
        assert not use(log, "before")
        assert use(log, "1")
        assert not use(log, "before")


def test_of_parallel_calls_with_one_token_exactly_one_is_served(log: TokenLog, path: Path) -> None:
    with locked(path), ThreadPoolExecutor(8) as threads:
        for number in range(20):
            assert sum(threads.map(lambda n: use(log, str(n)), [number] * 8)) == 1


def test_only_the_first_calls_wait_for_the_database_and_none_of_them_for_long(log: TokenLog, path: Path) -> None:
    with locked(path):
        began = time.monotonic()
        with ThreadPoolExecutor(32) as threads:
            assert all(threads.map(lambda n: use(log, f"first-{n}"), range(32)))
        # Whoever queues for his turn to write has no more patience than the one who is writing.
        assert time.monotonic() - began < PATIENCE_SECONDS + 1
        began = time.monotonic()
        assert all(use(log, f"later-{n}") for n in range(1_000))
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_it_is_said_once_that_the_database_is_lost_and_once_that_it_is_back(
    log: TokenLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(path):
        assert all(use(log, f"secret-{n}") for n in range(9))
        time.sleep(0.3)
    until(is_back(caplog))
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "each worker for itself" in caplog.messages[0]
    assert "secret" not in caplog.text
    assert "urn:a" not in caplog.text


def test_what_was_accepted_meanwhile_is_written_without_a_further_call_and_refused_by_every_worker_then(
    make_log: MakeLog, log: TokenLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_log()
    assert use(other, "of the other")
    with locked(path):
        assert all(use(log, str(n)) for n in range(1_234))
        assert rows(path) == 2
    until(is_back(caplog))
    assert rows(path) == 2 + 1_234
    assert not any(use(other, str(n)) for n in range(1_234))
    assert not any(use(log, str(n)) for n in range(1_234))
    assert use(log, "after")
    assert not use(other, "after")


def test_while_it_is_written_down_no_replay_finds_a_gap(
    log: TokenLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replayed: list[bool] = []

    def replay() -> None:
        while not is_back(caplog)():
            replayed.extend(use(log, str(n)) for n in range(0, 3_000, 100))

    with ThreadPoolExecutor(4) as threads:
        with locked(path):
            assert all(use(log, str(n)) for n in range(3_000))
            busy = [threads.submit(replay) for _ in range(3)]
        fresh = [use(log, f"fresh-{n}") for n in range(200)]
        for one in busy:
            one.result()
    assert replayed
    assert not any(replayed)
    assert all(fresh)
    until(lambda: rows(path) == 1 + 3_000 + 200)


def test_tokens_that_come_while_it_is_written_down_are_written_as_well(log: TokenLog, path: Path) -> None:
    stop = threading.Event()
    used: list[str] = []

    def call() -> None:
        while not stop.wait(0.001):
            used.append(f"call-{len(used)}")
            assert use(log, used[-1])

    with ThreadPoolExecutor(1) as threads:
        calling = threads.submit(call)
        for _ in range(3):
            with locked(path):
                time.sleep(PATIENCE_SECONDS + 0.2)
            time.sleep(0.2)
        stop.set()
        calling.result()
    until(lambda: rows(path) == 1 + len(used))


def test_two_workers_accept_the_same_token_once_each_and_write_it_once(
    make_log: MakeLog, log: TokenLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_log()
    assert use(other, "of the other")
    with locked(path):
        assert [use(log, "1"), use(other, "1"), use(log, "1"), use(other, "1")] == [True, True, False, False]
        # What is in the database only cannot be known.
        assert use(other, "before")
    until(lambda: caplog.text.count("in the database again") == 2)
    assert rows(path) == 3
    assert not use(make_log(), "1")


def test_when_no_more_can_be_remembered_nobody_is_let_in_and_afterwards_everybody_is(
    make_log: MakeLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_log(memory=TokenMemory(most=3))
    assert use(log, "before")
    with locked(path):
        assert [use(log, str(n)) for n in range(3)] == [True] * 3
        with pytest.raises(StoreError, match="no more used tokens can be remembered") as full:
            use(log, "secret")
        assert "secret" not in str(full.value)
        assert not use(log, "2")
    until(is_back(caplog))
    assert use(log, "secret")


def test_with_its_database_a_worker_takes_more_tokens_than_it_can_remember(make_log: MakeLog) -> None:
    log = make_log(memory=TokenMemory(most=3), patience_seconds=30)
    assert all(use(log, str(n)) for n in range(10))
    # The newest by heart, the others by the database.
    assert not any(use(log, str(n)) for n in reversed(range(10)))


def test_a_database_that_was_never_there_keeps_no_card_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "missing"
    database = Database(f"sqlite:///{folder}/tokens.sqlite3")
    log = TokenLog(database, retry_seconds=0.05)
    assert [use(log, "1"), use(log, "1")] == [True, False]
    folder.mkdir()
    until(is_back(caplog))
    assert rows(folder / "tokens.sqlite3") == 1
    database.close()


def test_a_lost_database_is_lost_again_later(log: TokenLog, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for times in (1, 2):
        with locked(path):
            assert use(log, f"during-{times}")
        until(lambda count=times: caplog.text.count("in the database again") == count)  # type: ignore[misc]
        assert use(log, f"after-{times}")
        assert rows(path) == 1 + 2 * times


class LateMemory(TokenMemory):
    """One to which a call comes at the very moment in which nothing seems to wait any more."""

    late: Callable[[], object] | None = None

    def waiting(self, most: int) -> list[Token]:
        """The same, and the call afterwards."""
        found = super().waiting(most)
        if not found and self.late is not None:
            call, self.late = self.late, None
            call()
        return found


def test_a_token_that_comes_when_all_seem_to_be_written_is_written_too(
    make_log: MakeLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = LateMemory()
    log = make_log(memory=memory)
    assert use(log, "before")
    with locked(path):
        assert use(log, "1")
        memory.late = lambda: use(log, "late")
    until(is_back(caplog))
    assert rows(path) == 3
    assert memory.late is None


class OddDatabase(Database):
    """One that fails once as it promises, and then in a way that nobody has thought of."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._faults: list[Exception] = [StoreError("locked"), ZeroDivisionError(), ZeroDivisionError()]

    def write(self, *arguments: Any) -> Any:
        """The same, once nothing is wrong any more."""
        if self._faults:
            raise self._faults.pop(0)
        return super().write(*arguments)


def test_the_database_is_tried_again_whatever_went_wrong(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = OddDatabase(path)
    log = TokenLog(database, retry_seconds=0.05)
    assert use(log, "1")
    until(is_back(caplog))
    assert rows(path) == 1
    database.close()


def test_without_a_thread_to_try_again_a_token_is_good_once_all_the_same_and_the_next_one_begins_it(
    log: TokenLog, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with locked(path):
        with monkeypatch.context() as without_threads:
            without_threads.setattr(threading.Thread, "start", no_thread)
            assert [use(log, "1"), use(log, "1")] == [True, False]
        assert use(log, "2")
    until(is_back(caplog))
    assert rows(path) == 3


def test_a_log_that_is_closed_tries_no_more(log: TokenLog, path: Path) -> None:
    with locked(path):
        assert use(log, "1")
        log.close()
    until(lambda: not any(thread.name == "used tokens" for thread in threading.enumerate()))
    assert rows(path) == 1


def test_tokens_that_wait_are_written_on_request(make_log: MakeLog, path: Path) -> None:
    log = make_log(retry_seconds=3600, patience_seconds=0.05)
    assert use(log, "before")
    with locked(path):
        assert use(log, "meanwhile")
        with pytest.raises(StoreError):
            log.write_what_waits(0.05)
    with pytest.raises(StoreError):
        log.write_what_waits(0)
    log.write_what_waits(10)
    assert not use(make_log(), "meanwhile"), "another worker knows it"
    with locked(path):
        log.write_what_waits(0.05)  # Nothing waits, so the database is not even asked.
