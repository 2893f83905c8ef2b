"""What a store has kept, read by the functions that the commands and the page read it with.

What may live here: reaching the database of a store, for tests that hold nothing but the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_service.storage import EventLog, override_counts, stored_feedback
from cds_service.storage.records import OverrideCount, StoredFeedback


def answers_in(store: EventLog, **asked: Any) -> Iterator[StoredFeedback]:
    """The feedback, oldest first. `asked` is what `stored_feedback` can be asked for."""
    store.ship()
    return stored_feedback(store._database, **asked)


def overrides_in(store: EventLog, **asked: Any) -> Iterator[OverrideCount]:
    """Why cards were overridden. `asked` is what `override_counts` can be asked for."""
    store.ship()
    return override_counts(store._database, **asked)
