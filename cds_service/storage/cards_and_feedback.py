"""What we remember: the cards we gave (without the patient) and what clinicians answered to them.

What may live here: the two tables, writing to them and reading from them for the command line. No patient data goes
into `card`. A clinician's comment is free text and may name the patient: it is stored, but no log, exception or repr
shows it.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    exists,
    func,
    select,
)
from sqlalchemy.engine import Connection

from cds_service.storage.database import TIMEOUT_SECONDS, Database, StoreError

__all__ = ["FeedbackItem", "IssuedCard", "OverrideCount", "Store", "StoreError", "StoredFeedback", "SuggestionLabel"]

_CARD_TIMEOUT_SECONDS = 0.2
_RETRY_SECONDS = 5.0
_ROWS_AT_A_TIME = 500
_CARDS_AT_A_TIME = 500
_CARDS_WAITING = 10_000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class SuggestionLabel(NamedTuple):
    """A suggestion of a card, as far as feedback refers to it."""

    uuid: str
    label: str


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card that was given. `issued_at` has a time zone. Nothing here may identify a patient."""

    uuid: str
    service: str
    hook_instance: str
    topic: str
    indicator: str
    issued_at: datetime
    suggestions: tuple[SuggestionLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """What a clinician did with one card; `outcome` is CDS Hooks' "accepted" or "overridden".

    `outcome_timestamp` has a time zone; `accepted_suggestions` are uuids.
    """

    card: str
    outcome: str
    outcome_timestamp: datetime
    accepted_suggestions: tuple[str, ...] = ()
    override_reason_code: str | None = None
    override_reason_system: str | None = None
    override_reason_display: str | None = None
    user_comment: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """One feedback as stored. `known` tells whether we had given that card; `topic` is empty where we had not."""

    service: str
    item: FeedbackItem
    received_at: datetime
    known: bool
    topic: str


@dataclass(frozen=True, slots=True)
class OverrideCount:
    """How often the cards of one topic were overridden for one reason; empty strings where none was given."""

    service: str
    topic: str
    reason_system: str
    reason_code: str
    reason_display: str
    times: int


class _Utc(TypeDecorator[datetime]):
    """A moment, kept in UTC. SQLite forgets time zones, so it is given UTC and read back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        moment: datetime | None = value
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


class _Words(TypeDecorator[str]):
    """Text from outside. What a database cannot hold (NUL, half a surrogate pair) becomes a replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


_metadata = MetaData()

_card = Table(
    "card",
    _metadata,
    Column("uuid", _Words, primary_key=True),
    Column("service", String(200), nullable=False),
    Column("hook_instance", _Words, nullable=False),
    Column("topic", String(200), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("issued_at", _Utc, nullable=False),
    Column("suggestions", JSON, nullable=False),
)

# `card_uuid` is no foreign key: feedback on a card that we do not know is kept, too.
_feedback = Table(
    "feedback",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("card_uuid", _Words, nullable=False),
    Column("service", String(200), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("outcome_timestamp", _Utc, nullable=False),
    Column("accepted_suggestions", JSON, nullable=False),
    Column("override_reason_code", _Words),
    Column("override_reason_system", _Words),
    Column("override_reason_display", _Words),
    Column("user_comment", _Words),
    Column("received_at", _Utc, nullable=False),
    Column("known", Boolean, nullable=False),
    UniqueConstraint("service", "card_uuid", "outcome", "outcome_timestamp", name="feedback_once"),
    Index("feedback_received_at", "received_at"),
)


class Store:
    """The memory of one worker. The engine is made at the first use, so create it anywhere but use it after the fork.

    Every method but `ping` raises StoreError when the database cannot be used; `ping` says so. Cards that could not be
    written at once wait in memory, the newest 10 000 of them, and go along with the next write.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL; ValueError for another. `clock` gives monotonic seconds."""
        self._database = Database(url, _metadata)
        self._new_card = self._database.insert_once(_card)
        self._new_feedback = self._database.insert_once(_feedback)
        # SQLite has one writer: threads that queue here do not meet its own lock, which makes the loser sleep.
        self._one_writer = threading.Lock() if self._database.backend == "sqlite" else None
        self._queue = threading.Lock()
        self._waiting: deque[IssuedCard] = deque(maxlen=_CARDS_WAITING)
        self._clock = clock
        self._retry_after = 0.0

    def record_cards(self, cards: Sequence[IssuedCard]) -> None:
        """Remember the cards of one answer, and some of those that wait. A card that is known stays as it is.

        A clinician waits for the answer, so this gives up after a fraction of a second, and for some seconds after a
        failure it does not even try. StoreError means that the cards wait in memory; feedback finds them there as well.
        """
        if not cards:
            return
        with self._queue:
            self._waiting.extend(cards)
        if self._clock() < self._retry_after:
            raise StoreError("the database could not be used a moment ago")
        with self._writer_lock(_CARD_TIMEOUT_SECONDS):
            if not self._waiting:
                return  # The thread before us has written ours, too.
            try:
                written = self._database.transact(self._write_waiting, _CARD_TIMEOUT_SECONDS)
            except StoreError:
                self._retry_after = self._clock() + _RETRY_SECONDS
                raise
            self._forget_waiting(written)

    def record_feedback(self, service: str, items: Sequence[FeedbackItem], received_at: datetime) -> list[str]:
        """Keep all of this feedback or none of it; it is committed when this returns.

        The same card, outcome and moment again is stored once. Returns the cards that we never gave.
        """
        if not items:
            return []
        named = list(dict.fromkeys(storable(item.card) for item in items))

        def write(connection: Connection) -> tuple[list[IssuedCard], set[str]]:
            written = self._write_waiting(connection)
            known = _known_cards(connection, service, named) | self._known_waiting(service)
            connection.execute(self._new_feedback, [_feedback_row(service, item, received_at, known) for item in items])
            return written, known

        with self._writer_lock(TIMEOUT_SECONDS):
            written, known = self._database.transact(write)
            self._forget_waiting(written)
        return [uuid for uuid in named if uuid not in known]

    def feedback(self, since: datetime | None = None, service: str | None = None) -> Iterator[StoredFeedback]:
        """Feedback received at or after `since`, oldest first."""
        query = _joined(_feedback, _card.c.topic).order_by(_feedback.c.received_at, _feedback.c.id)
        return (_stored(row) for row in self._rows(_narrowed(query, since, service)))

    def overrides(self, since: datetime | None = None, service: str | None = None) -> Iterator[OverrideCount]:
        """Why cards were overridden, most frequent first, counted per service, topic and reason."""
        groups = [
            _feedback.c.service,
            func.coalesce(_card.c.topic, "").label("topic"),
            func.coalesce(_feedback.c.override_reason_system, "").label("reason_system"),
            func.coalesce(_feedback.c.override_reason_code, "").label("reason_code"),
        ]
        display = func.coalesce(func.max(_feedback.c.override_reason_display), "").label("reason_display")
        times = func.count().label("times")
        query = _joined(*groups, display, times).where(_feedback.c.outcome == "overridden").group_by(*groups)
        ordered = _narrowed(query, since, service).order_by(times.desc(), *groups)
        return (OverrideCount(**row) for row in self._rows(ordered))

    def ping(self) -> bool:
        """Can the database be used right now?"""
        try:
            self._database.transact(lambda connection: connection.execute(select(exists(select(_feedback.c.id)))))
        except StoreError:
            return False
        return True

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self._database.close()

    def _write_waiting(self, connection: Connection) -> list[IssuedCard]:
        """Write the oldest of the cards that wait; they stop waiting when the transaction has been committed."""
        with self._queue:
            cards = list(islice(self._waiting, _CARDS_AT_A_TIME))
        if cards:
            connection.execute(self._new_card, [_card_row(card) for card in cards])
        return cards

    def _forget_waiting(self, written: Sequence[IssuedCard]) -> None:
        self._retry_after = 0.0
        done = set(map(id, written))
        with self._queue:
            self._waiting = deque((card for card in self._waiting if id(card) not in done), _CARDS_WAITING)

    def _known_waiting(self, service: str) -> set[str]:
        with self._queue:
            return {storable(card.uuid) for card in self._waiting if card.service == service}

    @contextmanager
    def _writer_lock(self, seconds: float) -> Iterator[None]:
        """Wait for the turn of this thread to write, where there can be only one writer."""
        lock = self._one_writer
        if lock is not None and not lock.acquire(timeout=seconds):
            raise StoreError("the database could not be used (other writers took too long)")
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _rows(self, query: Select[Any]) -> Iterator[RowMapping]:
        with self._database.connected() as connection:
            streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
            yield from streaming.execute(query).mappings()


def storable(words: str) -> str:
    """The same text without what no database can hold: NUL and half surrogate pairs become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", words)


def _known_cards(connection: Connection, service: str, named: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(named), _CARDS_AT_A_TIME):
        some = named[start : start + _CARDS_AT_A_TIME]
        query = select(_card.c.uuid).where(_card.c.service == service, _card.c.uuid.in_(some))
        known.update(connection.scalars(query))
    return known


def _joined(*columns: Any) -> Select[Any]:
    same_card = (_card.c.uuid == _feedback.c.card_uuid) & (_card.c.service == _feedback.c.service)
    return select(*columns).select_from(_feedback.outerjoin(_card, same_card))


def _narrowed(query: Select[Any], since: datetime | None, service: str | None) -> Select[Any]:
    if since is not None:
        query = query.where(_feedback.c.received_at >= since)
    return query if service is None else query.where(_feedback.c.service == service)


def _card_row(card: IssuedCard) -> dict[str, Any]:
    return {
        "uuid": card.uuid,
        "service": card.service,
        "hook_instance": card.hook_instance,
        "topic": card.topic,
        "indicator": card.indicator,
        "issued_at": card.issued_at,
        "suggestions": [{"uuid": suggestion.uuid, "label": suggestion.label} for suggestion in card.suggestions],
    }


def _feedback_row(service: str, item: FeedbackItem, received_at: datetime, known: set[str]) -> dict[str, Any]:
    return {
        "card_uuid": item.card,
        "service": service,
        "outcome": item.outcome,
        "outcome_timestamp": item.outcome_timestamp,
        "accepted_suggestions": list(item.accepted_suggestions),
        "override_reason_code": item.override_reason_code,
        "override_reason_system": item.override_reason_system,
        "override_reason_display": item.override_reason_display,
        "user_comment": item.user_comment,
        "received_at": received_at,
        "known": storable(item.card) in known,
    }


def _stored(row: RowMapping) -> StoredFeedback:
    item = FeedbackItem(
        card=row["card_uuid"],
        outcome=row["outcome"],
        outcome_timestamp=row["outcome_timestamp"],
        accepted_suggestions=tuple(row["accepted_suggestions"]),
        override_reason_code=row["override_reason_code"],
        override_reason_system=row["override_reason_system"],
        override_reason_display=row["override_reason_display"],
        user_comment=row["user_comment"],
    )
    return StoredFeedback(row["service"], item, row["received_at"], row["known"], row["topic"] or "")
