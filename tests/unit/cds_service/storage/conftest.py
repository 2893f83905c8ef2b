"""A database of its own for each test of this room."""

from __future__ import annotations

from collections.abc import Iterator
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
