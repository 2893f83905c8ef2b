"""Where the routes keep what happened, and how they find out whether that still works.

What may live here: what is handed to the routes for that, as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from cds_service.storage import Event, EventLog, Places, Pseudonyms, Readiness, StoreError


@dataclass(frozen=True)
class Keeping:
    """The log of events, the names that stand for people in it, and whether database and spool can be written.

    Feedback has so many `places`; all other threads are there for cards.
    """

    log: EventLog
    pseudonyms: Pseudonyms
    places: Places
    database: Readiness
    spool: Readiness

    def record(self, events: Sequence[Event]) -> None:
        """Keep these. Advice that a clinician needs now is not withheld where that fails; the log says so."""
        with suppress(StoreError):
            self.log.record(events)

    def faults(self) -> list[str]:
        """What cannot be written right now, in words."""
        found = [(self.database, "the database cannot be written"), (self.spool, "the spool cannot be written")]
        return [words for readiness, words in found if not readiness.is_ready()]
