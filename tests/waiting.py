"""Waiting in tests: for something to come about, and while another process holds an SQLite file.

What may live here: waits that several rooms of the tests need.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until this is so; it fails when it does not come about in so many seconds."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


@contextmanager
def locked(path: Path, how: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Another process has begun to write into this file and does not come to an end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(how)
        yield
        other.execute("ROLLBACK")
