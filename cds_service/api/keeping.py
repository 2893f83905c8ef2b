"""Where the routes keep what happened, and how they find out whether that still works.

What may live here: what is handed to the routes for that, as one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cds_service.api.answers import count_events
from cds_service.api.happened import Happened
from cds_service.api.repeating import Repeating
from cds_service.storage import Event, EventLog, Places, Pseudonyms, Readiness, ShownBefore, StoreError

log = logging.getLogger("cds_service")


@dataclass(frozen=True)
class Keeping:
    """The log of events, the names that stand for people in it, what was shown before, and whether database and spool
    can be written.

    Feedback has so many `places`; all other threads are there for cards.
    """

    log: EventLog
    pseudonyms: Pseudonyms
    before: ShownBefore
    places: Places
    database: Readiness
    spool: Readiness

    def record(self, events: Callable[[], Sequence[Event]], *, may_repeat: bool = True) -> bool:
        """Keep what this gives. Advice that a clinician needs now is not withheld where that fails; the log says so.

        Returns whether it is kept.

        Where advice may not be repeated (`may_repeat` is False), what was shown is remembered for the next call.
        """
        made: Sequence[Event] = ()
        try:
            made = events()
            count_events(made)
            self.log.record(made)
            if not may_repeat:
                self.before.remember(made)
        except StoreError:
            return False  # The log has said so.
        except Exception as error:
            # How many they would have been nobody knows where they could not even be made.
            self.log.could_not_make(len(made) or 1)
            # Whatever it is: it is no fault of the advice. What it says may hold data of the patient.
            log.error("what happened in a call could not be recorded (%s)", type(error).__name__)
            return False
        return True

    def repeating(self, happened: Happened) -> Repeating:
        """What was shown before to the user of this call, on its patient."""
        request = happened.request
        return Repeating(
            self.before.find, self.pseudonyms, happened.whose, request.patient_id, request.user_id, happened.now
        )

    def faults(self) -> list[str]:
        """What cannot be written right now, or could not be made or read a moment ago, in words."""
        found = [(self.database, "the database cannot be written"), (self.spool, "the spool cannot be written")]
        unwritten = [words for readiness, words in found if not readiness.is_ready()]
        return [*unwritten, *self.log.faults(), *self.before.faults()]
