"""What a database of the service holds, read past the service: the cards of its feedback, and is it sound.

What may live here: reading. Nothing is written.
"""

from __future__ import annotations

import time

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

LATE_SECONDS = 15.0
"""What has been acknowledged may still be on its way for so long."""


def cards_of_feedback(url: str) -> list[str]:
    """The card of each feedback, as often as it is there."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [str(card) for card in connection.execute(text("SELECT card_uuid FROM feedback")).scalars()]
    finally:
        engine.dispose()


def cards_once_there(url: str, wanted: set[str]) -> list[str]:
    """The same, when all that are wanted are there, or have been waited for long enough."""
    end = time.monotonic() + LATE_SECONDS
    found = cards_of_feedback(url)
    while not wanted.issubset(found) and time.monotonic() < end:
        time.sleep(0.5)
        found = cards_of_feedback(url)
    return found


def fault(url: str) -> str:
    """What the database says is wrong with itself, "" for nothing: SQLite checks its pages, of others all is read."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                said = [str(line) for line in connection.execute(text("PRAGMA integrity_check")).scalars()]
                return "" if said == ["ok"] else "; ".join(said)
            for table in inspect(engine).get_table_names():
                connection.execute(text(f'SELECT * FROM "{table}"')).fetchall()
            return ""
    except DatabaseError as error:
        return f"it cannot be read: {type(error).__name__}"
    finally:
        engine.dispose()
