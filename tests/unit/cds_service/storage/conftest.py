"""A database of its own for each test of this room."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cds_service.storage import Database, EventLog, Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where its file lies, or will lie."""
    return tmp_path / "store.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """The database of one worker."""
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture
def store(database: Database) -> EventLog:
    """Cards and feedback in it, without a spool."""
    return EventLog(database)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool with room for a lot."""
    made = Spool(tmp_path / "spool", 100_000_000)
    yield made
    made.close()


@pytest.fixture
def spooled(database: Database, spool: Spool) -> Iterator[EventLog]:
    """Cards and feedback, into a spool before they come to the database. By itself nothing is shipped for an hour."""
    made = EventLog(database, spool, retry_seconds=3600)
    yield made
    made.stop()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to make a file longer than that, as a full disk does, in the middle of a line too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
