"""What a store has kept, read by the functions that the commands and the page read it with; and cards to keep.

What may live here: reaching the database of a store, for tests that hold nothing but the store; events as calls leave
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from cds_service.storage import Event, EventLog, Kind, override_counts, stored_feedback
from cds_service.storage.records import OverrideCount, StoredFeedback


def shown_card(
    uuid: str, service: str, hook_instance: str, topic: str, indicator: str, at: datetime, **more: Any
) -> Event:
    """A card that was shown. `more` are further columns of its event."""
    return Event(
        f"card-{uuid}",
        at,
        Kind.ISSUED,
        service=service,
        hook_instance=hook_instance,
        topic=topic,
        indicator=indicator,
        card_uuid=uuid,
        **{"content": {"suggestions": []}, **more},
    )


def card_like(card: Event, uuid: str, **changed: Any) -> Event:
    """Another card that was shown, like this one apart from what is changed."""
    return replace(card, id=f"card-{uuid}", card_uuid=uuid, **changed)


def answers_in(store: EventLog, **asked: Any) -> Iterator[StoredFeedback]:
    """The feedback, oldest first. `asked` is what `stored_feedback` can be asked for."""
    store.ship()
    return stored_feedback(store._database, **asked)


def overrides_in(store: EventLog, **asked: Any) -> Iterator[OverrideCount]:
    """Why cards were overridden. `asked` is what `override_counts` can be asked for."""
    store.ship()
    return override_counts(store._database, **asked)
