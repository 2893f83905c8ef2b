"""An event: one line of what happened, and its form in the spool.

What may live here: the kinds, the type, and JSON. Nothing here may identify a patient or a user; a clinician's comment
is free text and may: no repr shows it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from cds_service.storage.records import FeedbackItem
from cds_service.storage.schema import event as event_table
from cds_service.storage.schema import storable


class Kind(StrEnum):
    """What happened."""

    ANSWERED = "answered"
    """A call was answered 200; `content` says with how many cards, and with how many `held` back, if any."""
    ISSUED = "card-issued"
    SUPPRESSED = "card-suppressed"
    """A card was worked out and not shown, for this `reason`."""
    GAP = "silent-for-a-gap"
    """A call was answered without a card, and something could not be read: `reason`."""
    REFUSED = "refused"
    """A call was answered 412, because of what `reason` names."""
    FEEDBACK = "feedback"
    SWITCHED = "switched"
    """Somebody switched cards off or on again; `content` says which way, and by whom."""
    POLICY_CHANGED = "policy-changed"
    """A site policy was taken, changed, removed or refused; `content` says which, and who answers for it."""
    REVIEWED = "reviewed"
    """A card is in a sample for review, and what a reviewer judged of it; see `verdicts`."""


OPENED = "patient-view"
"""The hook of a chart that is opened."""
UNMAPPED = "unmapped"
"""Where the content of some answers has codes: [["lab", system, code, unit], ["drug", system, code, ""]].

A remark in brackets stands in place of a code that could be a name.
"""


class UnreadableLine(ValueError):
    """A line of the spool is no event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of what happened. `at` has a time zone.

    `client` is the issuer of the trusted client and `tenant` its organisation, "" where callers are not known. `policy`
    and `rules` are the versions of both. `patient`, `user` and `facts` (what decided) are keyed hashes, None without a
    key. What only one kind has stands in `content`.
    """

    id: str
    at: datetime
    kind: str
    client: str = ""
    tenant: str = ""
    service: str = ""
    hook: str = ""
    hook_instance: str = ""
    topic: str = ""
    indicator: str = ""
    reason: str = ""
    card_uuid: str | None = None
    policy: str = ""
    rules: str = ""
    facts: str | None = None
    patient: str | None = None
    user: str | None = None
    outcome: str | None = None
    outcome_timestamp: datetime | None = None
    override_reason_code: str | None = None
    override_reason_system: str | None = None
    override_reason_display: str | None = None
    user_comment: str | None = field(default=None, repr=False)
    content: Mapping[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """The columns of the table `event`, with texts as every database can hold them, cut where one is too long."""
        return {name: _storable(getattr(self, name), _MOST.get(name)) for name in NAMES}

    def line(self) -> bytes:
        """As JSON without a line break in it; what has its usual value is left out. ValueError without a time zone."""
        if self.at.tzinfo is None or (self.outcome_timestamp is not None and self.outcome_timestamp.tzinfo is None):
            raise ValueError("a stored moment needs a time zone")
        told = {name: value for name in NAMES if (value := getattr(self, name))}
        line = _line(told)
        if _NUL in line or any(len(getattr(self, name)) > _MOST[name] for name in _OF_OTHERS):
            line = _line({name: value for name, value in self.row().items() if value})
        return line


def _line(told: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(told)
    except orjson.JSONEncodeError:
        # What is no text, or half a surrogate pair: to be replaced as a NUL is.
        return _NUL


NAMES = tuple(one.name for one in fields(Event))
_MOMENTS = {"at", "outcome_timestamp"}
_NO_END = 1 << 30
_NUL = rb"\u0000"
_MOST = {
    column.name: getattr(column.type, "length", None) or _NO_END
    for column in event_table.columns
    if column.name not in {*_MOMENTS, "content"}
}
"""How many characters a text may have."""
_OF_OTHERS = ("client", "tenant", "topic", "reason")
"""Texts whose length is not ours to say."""
_NEEDED = {column.name for column in event_table.columns if not column.nullable}


def event_of(line: bytes) -> Event:
    """The event that this line holds. Raises UnreadableLine."""
    try:
        told = orjson.loads(line)
        moments = {name: datetime.fromisoformat(told[name]) for name in _MOMENTS & told.keys()}
        event = Event(**{name: value for name, value in told.items() if name in NAMES} | moments)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableLine(type(error).__name__) from None
    if not _can_be_a_row(event):
        raise UnreadableLine("a value of another kind")
    return event


def _can_be_a_row(event: Event) -> bool:
    """No database refuses it: one line that no database takes would hold up all that come after it."""
    texts = all(_fits(getattr(event, name), most, name in _NEEDED) for name, most in _MOST.items())
    moments = [event.at] if event.outcome_timestamp is None else [event.at, event.outcome_timestamp]
    return texts and all(one.tzinfo is not None for one in moments) and isinstance(event.content, dict)


def _fits(value: object, most: int, needed: bool) -> bool:
    return (value is None and not needed) or (isinstance(value, str) and len(value) <= most)


def new_id() -> str:
    """An id that nothing else has."""
    return os.urandom(16).hex()


def feedback_id(service: str, client: str, item: FeedbackItem) -> str:
    """The same for the same answer: sent or kept again it stays one event."""
    parts = (service, client, storable(item.card), item.outcome, item.outcome_timestamp.astimezone().timestamp())
    return "feedback-" + hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()


def _storable(value: Any, most: int | None = None) -> Any:
    """What JSON and every database can hold."""
    if isinstance(value, str):
        return storable(value)[:most]
    if isinstance(value, Mapping):
        return {storable(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


def feedback_event(service: str, client: str, item: FeedbackItem, received_at: datetime, tenant: str = "") -> Event:
    """An answer to a card."""
    return Event(
        id=feedback_id(service, client, item),
        at=received_at,
        kind=Kind.FEEDBACK,
        client=client,
        tenant=tenant,
        service=service,
        card_uuid=item.card,
        outcome=item.outcome,
        outcome_timestamp=item.outcome_timestamp,
        override_reason_code=item.override_reason_code,
        override_reason_system=item.override_reason_system,
        override_reason_display=item.override_reason_display,
        user_comment=item.user_comment,
        content={"accepted_suggestions": list(item.accepted_suggestions)},
    )
