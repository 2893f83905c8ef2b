"""The file of an SQLite database: readable by us alone, and never written to when it is no longer there."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection, make_url

from cds_service.access.token_log import TokenLog
from cds_service.storage import Database, EventLog, FeedbackItem, StoreError, seen_token
from cds_service.storage.sqlite_file import SqliteFile, sqlite_file
from tests.stored import answers_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEW_WORDS = "deleted or replaced"
Spoil = Callable[[Path], object]


def answer(store: EventLog, card: str = "card-1") -> list[str]:
    return store.record_feedback("calciphylaxis", [FeedbackItem(card, "overridden", NOON)], NOON)


def kept(path: Path) -> list[str]:
    """The cards that the file has feedback on, as another process sees it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [card for (card,) in connection.execute("SELECT card_uuid FROM event ORDER BY rowid")]


def delete(path: Path) -> None:
    """All that belongs to it, as `rm cards.sqlite3*` does."""
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# ------------------------------------------------------------------ the disk
def test_the_disk_is_asked_for_the_log_behind_a_link_and_for_a_file_without_one(path: Path, tmp_path: Path) -> None:
    SqliteFile(path).to_disk()
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    Path(f"{path}-wal").symlink_to("nowhere/at all")
    SqliteFile(link).to_disk()
    Path(f"{path}-wal").unlink()
    Path(f"{path}-wal").symlink_to(Path(f"{path}-wal"))
    with pytest.raises(StoreError, match=r"the disk did not confirm what was written \(OSError\)"):
        SqliteFile(link).to_disk()


# ------------------------------------------------------------------ who may read it
@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(path: Path) -> dict[str, int]:
    return {one.name.removeprefix(path.name): stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}


@pytest.mark.parametrize("mask", [0o022, 0o000, 0o077])
@pytest.mark.parametrize(
    "form", ["sqlite:///{path}", "sqlite:///file:{path}?uri=true", "sqlite:///file://{path}?uri=true"]
)
def test_a_new_file_is_ours_alone_whatever_the_umask(form: str, mask: int, path: Path) -> None:
    database = Database(form.format(path=path))
    with umask(mask):
        answer(EventLog(database))
        assert modes(path) == {"": 0o600, "-wal": 0o600, "-shm": 0o600}
    database.close()


def test_a_new_file_behind_a_link_is_ours_alone_too(path: Path, store: EventLog) -> None:
    path.symlink_to(path.with_name("target"))
    with umask(0o022):
        answer(store)
    assert stat.S_IMODE(path.with_name("target").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_left_as_it_is_and_said_once(
    mode: int, path: Path, store: EventLog, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    path.touch()
    path.chmod(mode)
    answer(store)
    database.close()
    answer(store)
    assert modes(path)[""] == mode
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "other users of this machine can read the database file" in said
    assert path.name not in said


def test_of_a_file_that_is_ours_alone_nothing_is_said(
    path: Path, store: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    path.touch(mode=0o600)
    answer(store)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_file_that_has_to_be_there_is_not_made(path: Path) -> None:
    database = Database(f"sqlite:///file:{path}?mode=rw&uri=true")
    with pytest.raises(StoreError):
        answer(EventLog(database))
    assert not path.exists()


# ------------------------------------------------------------------ deleted or replaced while it is open
def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    with closing(Database(f"sqlite:///{other}")) as database:
        answer(EventLog(database), "of-the-other")
    delete(path)
    other.rename(path)


def lead_elsewhere(path: Path) -> None:
    delete(path)
    path.symlink_to(path.with_name("elsewhere"))


def delete_its_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


GONE: list[Spoil] = [delete, Path.unlink, replace_by_another, lead_elsewhere, delete_its_log]


@pytest.mark.parametrize("spoil", GONE)
def test_feedback_that_is_acknowledged_is_in_the_file_that_is_there(
    spoil: Spoil, store: EventLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer(store, "before")
    spoil(path)
    assert answer(store, "after") == ["after"]
    assert "after" in kept(path)
    assert answer(store, "later") == ["later"]
    assert [card for card in kept(path) if card in ("after", "later")] == ["after", "later"]
    (said,) = complaints(caplog)
    assert NEW_WORDS in said
    assert path.name not in said


@pytest.mark.parametrize("spoil", GONE)
def test_what_went_into_a_file_that_vanished_meanwhile_is_written_again(
    spoil: Spoil, database: Database, path: Path
) -> None:
    answer(EventLog(database), "before")
    runs: list[int] = []

    def write(connection: Connection) -> None:
        # The file goes while the transaction is open: it still ends well, in a file that nobody can find any more.
        connection.execute(database.insert_once(seen_token), {"issuer": "urn:a", "jti_sha256": "x", "expires_at": 1})
        if not runs:
            spoil(path)
        runs.append(1)

    database.transact(write)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT issuer FROM seen_token").fetchall() == [("urn:a",)]
    assert len(runs) == 2


def test_a_transaction_whose_file_vanished_is_done_once_more(database: Database, path: Path) -> None:
    runs = []

    def write(connection: object) -> int:
        runs.append(connection)
        if len(runs) == 1:
            delete(path)
        return len(runs)

    assert database.transact(write) == 2


def test_a_file_that_vanishes_again_and_again_is_no_place_to_store_anything(database: Database, path: Path) -> None:
    with pytest.raises(StoreError, match=NEW_WORDS):
        database.transact(lambda _: delete(path))


def test_whoever_holds_the_transaction_himself_is_told(database: Database, path: Path) -> None:
    with pytest.raises(StoreError, match=NEW_WORDS), database.connected():
        delete(path)


def test_a_token_that_went_into_a_vanished_file_is_stored_again_and_counts_once(database: Database, path: Path) -> None:
    log = TokenLog(database)
    assert log.is_first_use("urn:a", "1", NOON.timestamp(), NOON)
    delete(path)
    assert log.is_first_use("urn:a", "2", NOON.timestamp(), NOON)
    assert not log.is_first_use("urn:a", "2", NOON.timestamp(), NOON)
    assert path.exists()


def test_every_worker_notices(path: Path, store: EventLog) -> None:
    other = Database(f"sqlite:///{path}")
    answer(store, "before")
    answer(EventLog(other), "before-too")
    delete(path)
    answer(store, "first")
    answer(EventLog(other), "second")
    assert kept(path) == ["first", "second"]
    other.close()


def test_many_threads_that_notice_at_once_lose_nothing(
    path: Path, store: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    answer(store, "before")
    delete(path)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: answer(store, f"after-{number}"), range(64)))
    assert sorted(kept(path)) == sorted(f"after-{number}" for number in range(64))
    assert len(complaints(caplog)) == 1


def make_a_folder(path: Path) -> None:
    delete(path)
    path.mkdir()


def fill_with_garbage(path: Path) -> None:
    delete(path)
    path.write_bytes(b"no database at all, but long enough to be looked at" * 40)


def lead_in_a_circle(path: Path) -> None:
    delete(path)
    path.symlink_to(path)


@pytest.mark.parametrize("spoil", [make_a_folder, fill_with_garbage, lead_in_a_circle])
def test_what_takes_its_place_and_is_no_database_refuses_feedback_until_it_is_gone(
    spoil: Spoil, store: EventLog, path: Path
) -> None:
    answer(store, "before")
    spoil(path)
    for _ in range(2):
        with pytest.raises(StoreError):
            answer(store)
        with pytest.raises(StoreError):
            list(answers_in(store))
    path.rmdir() if path.is_dir() else path.unlink()
    assert answer(store) == ["card-1"]
    assert kept(path) == ["card-1"]


def test_a_file_that_stays_is_not_opened_again(path: Path, store: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    answer(store, "before")
    # The command line comes and goes, somebody reads, somebody looks, the times of the file change.
    with closing(Database(f"sqlite:///{path}")) as other:
        assert len(list(answers_in(EventLog(other)))) == 1
    os.utime(path)
    path.chmod(0o640)
    answer(store, "after")
    assert kept(path) == ["before", "after"]
    assert complaints(caplog) == []


def test_a_relative_path_means_the_same_file_wherever_the_process_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///cards.sqlite3")
    store = EventLog(database)
    answer(store, "before")
    monkeypatch.chdir("elsewhere")
    answer(store, "after")
    database.close()
    answer(store, "later")
    assert kept(tmp_path / "cards.sqlite3") == ["before", "after", "later"]
    database.close()


# ------------------------------------------------------------------ which file a URL means
@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:any?mode=memory&cache=shared&uri=true",
        "postgresql+psycopg://db.example/cards",
    ],
)
def test_a_database_in_memory_or_on_a_server_has_no_file(url: str) -> None:
    assert sqlite_file(make_url(url)) is None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:////data/cards.sqlite3", SqliteFile(Path("/data/cards.sqlite3"))),
        ("sqlite:///cards.sqlite3", SqliteFile(Path("cards.sqlite3").absolute())),
        ("sqlite:///file:/data/a%2520b?uri=true", SqliteFile(Path("/data/a b"))),
        ("sqlite:///file:///data/cards?mode=rwc&uri=true", SqliteFile(Path("/data/cards"))),
        ("sqlite:///file:/data/cards?mode=ro&uri=true", SqliteFile(Path("/data/cards"), may_be_made=False)),
    ],
)
def test_the_file_of_a_url(url: str, found: SqliteFile) -> None:
    assert sqlite_file(make_url(url)) == found
