"""What a database of the service holds, read past the service: its events, and is it sound.

What may live here: reading. Nothing is written.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

from cds_service.storage import Kind

LATE_SECONDS = 15.0
"""What has been acknowledged may still be on its way for so long."""
_EVENTS = text("SELECT kind, card_uuid, hook_instance FROM event")


@dataclass(frozen=True)
class Kept:
    """How often each card is there, feedback on it, and each other event of a call, by its hookInstance and kind."""

    cards: Counter[str] = field(default_factory=Counter)
    feedback: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def lacks(self, wanted: Kept) -> int:
        """How much of what is wanted is not there."""
        pairs = ((wanted.cards, self.cards), (wanted.feedback, self.feedback), (wanted.calls, self.calls))
        return sum(len(needed.keys() - there.keys()) for needed, there in pairs)

    def twice(self, wanted: Kept) -> int:
        """How much is there more than once, of calls those that are wanted; a call may hold back several cards."""
        once = Counter({call: self.calls[call] for call in wanted.calls if call[1] != Kind.SUPPRESSED})
        return sum(count > 1 for counts in (self.cards, self.feedback, once) for count in counts.values())


def kept_in(url: str) -> Kept:
    """What is there now."""
    engine, kept = create_engine(url), Kept()
    try:
        with engine.connect() as connection:
            for kind, card, call in connection.execute(_EVENTS):
                if kind in (Kind.ISSUED, Kind.FEEDBACK):
                    (kept.cards if kind == Kind.ISSUED else kept.feedback)[card] += 1
                else:
                    kept.calls[call, kind] += 1
    finally:
        engine.dispose()
    return kept


def kept_with(url: str, wanted: Kept) -> Kept:
    """The same, when all that is wanted is there, or has been waited for long enough."""
    end = time.monotonic() + LATE_SECONDS
    while (found := kept_in(url)).lacks(wanted) and time.monotonic() < end:
        time.sleep(0.5)
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
