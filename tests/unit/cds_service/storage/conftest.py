"""A database of its own for each test of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.storage import Database, EventLog


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
    """Cards and feedback in it."""
    return EventLog(database)
