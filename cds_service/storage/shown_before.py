"""What was shown to one user on one patient before: read for a call that waits for its answer.

What may live here: where it is read, and what happens when that takes too long. What follows from it is decided
elsewhere; where it cannot be read in time the call does without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection

from cds_service.storage.carrying import event_or_none
from cds_service.storage.database import Database
from cds_service.storage.event import ADVICE, Event, Kind
from cds_service.storage.records import FeedbackItem
from cds_service.storage.schema import event as event_table
from cds_service.storage.spool import Spool
from cds_service.storage.store_error import StoreError
from cds_service.storage.waiting import RETRY_SECONDS

log = logging.getLogger("cds_service")

OVERRIDDEN = "overridden"
IN_TIME_SECONDS = 0.1
"""How long a call may wait for this."""
_FAULT_SECONDS = 60.0
"""After so long without a call that asks, nobody knows whether it still cannot be read."""
MOST = 500
"""So many cards are looked at, the newest. What is older than these is shown again."""


class Shown(NamedTuple):
    """A card that was shown, and when it was overridden: None where its last answer is another one.

    `advice` is the hash that stands for it.
    """

    hook: str
    topic: str
    indicator: str
    advice: str
    at: datetime
    overridden: datetime | None


T = TypeVar("T")


class Source(Protocol):
    """Where the cards of before are known. Every method raises StoreError where it cannot be asked in time."""

    def find(self, patients: Sequence[str], users: Sequence[str], since: datetime) -> list[Shown]:
        """See ShownBefore."""

    def remember(self, events: Sequence[Event]) -> None:
        """See ShownBefore."""

    def answer(self, service: str, client: str, items: Sequence[FeedbackItem], at: datetime) -> None:
        """See ShownBefore."""


class ShownBefore:
    """The cards of before, for one worker. A source that fails is left alone for a while, and that is said once."""

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._source, self._clock = source, clock
        self._lock = threading.Lock()
        self._ask_after = self._fault_until = 0.0
        self._is_told = False

    def faults(self) -> list[str]:
        """What could not be read a moment ago, in words."""
        is_wrong = self._is_told and self._clock() < self._fault_until
        return ["what was shown before cannot be read, so no card is held back as repeated"] if is_wrong else []

    def find(self, patients: Sequence[str], users: Sequence[str], since: datetime) -> list[Shown]:
        """What was shown since then to a user who has one of these pseudonyms, on a patient who has one of those.

        Raises:
            StoreError: it could not be read in time.
        """
        return self._asked(lambda: self._source.find(patients, users, since))

    def remember(self, events: Sequence[Event]) -> None:
        """Keep the cards among the events of a call. Where that fails they will be shown once more."""
        with suppress(StoreError):
            self._asked(lambda: self._source.remember(events))

    def answer(self, service: str, client: str, items: Sequence[FeedbackItem], at: datetime) -> None:
        """Keep what a client answered to cards of this service, which came at `at`.

        Where that fails a card is shown once more; and one that was overridden and then accepted may stay held back
        until the time of its override is over.
        """
        with suppress(StoreError):
            self._asked(lambda: self._source.answer(service, client, items, at))

    def _asked(self, work: Callable[[], T]) -> T:
        if self._clock() < self._ask_after:
            raise StoreError("it could not be used a moment ago")
        try:
            found = work()
        except StoreError as error:
            with self._lock:
                self._ask_after = self._clock() + RETRY_SECONDS
                self._fault_until = self._clock() + _FAULT_SECONDS
                if not self._is_told:
                    self._is_told = True
                    log.error("what was shown before cannot be read, so no card is held back as repeated: %s", error)
            raise
        if self._is_told:
            self._is_told = False
            log.warning("what was shown before can be read again")
        return found


class ShownInLog:
    """What the log of events knows: the spool of this machine, and the database. Use it after the fork."""

    def __init__(self, database: Database, spool: Spool | None = None) -> None:
        self._database, self._spool = database, spool

    def remember(self, events: Sequence[Event]) -> None:
        """Nothing to do: they are in the spool already."""

    def answer(self, service: str, client: str, items: Sequence[FeedbackItem], at: datetime) -> None:
        """Nothing to do: the log has the feedback."""

    def find(self, patients: Sequence[str], users: Sequence[str], since: datetime) -> list[Shown]:
        """See ShownBefore."""
        # First the spool: what goes from there to the database meanwhile is then found twice, and not missed.
        waiting = [event for event in self._in_spool("patient", patients) if _is_theirs(event, patients, users, since)]
        events, answers = self._database.transact(
            lambda connection: _stored(connection, patients, users, since, [event.card_uuid for event in waiting]),
            IN_TIME_SECONDS,
        )
        cards = {event.card_uuid: event for event in (*waiting, *events)}
        for event in self._in_spool("card_uuid", [uuid for uuid in cards if uuid]):
            if event.kind == Kind.FEEDBACK:
                answers.append(event)
        overridden = overrides(one for one in answers if _is_of(one, cards.get(one.card_uuid)))
        return [
            Shown(one.hook, one.topic, one.indicator, one.content[ADVICE], one.at, overridden.get(uuid))
            for uuid, one in cards.items()
            if one.content.get(ADVICE)
        ]

    def _in_spool(self, name: str, values: Iterable[str]) -> Iterator[Event]:
        if self._spool is None:
            return
        # As `Event.line` writes it: a card called "a" is not found in every line.
        words = [f'"{name}":'.encode() + orjson.dumps(value) for value in values]
        yield from filter(None, map(event_or_none, self._spool.lines_with(words)))


def _is_of(answer: Event, card: Event | None) -> bool:
    """Does this answer come from where the card went?"""
    return card is not None and (answer.client, answer.service) == (card.client, card.service)


def _is_theirs(event: Event, patients: Sequence[str], users: Sequence[str], since: datetime) -> bool:
    return event.kind == Kind.ISSUED and event.patient in patients and event.user in users and event.at >= since


def _stored(
    connection: Connection, patients: Sequence[str], users: Sequence[str], since: datetime, also: Sequence[str | None]
) -> tuple[list[Event], list[Event]]:
    """The cards shown, and the answers to those and to `also`."""
    column = event_table.c
    theirs = (column.kind == Kind.ISSUED, column.patient.in_(patients), column.user.in_(users), column.at >= since)
    common = (column.id, column.at, column.kind, column.client, column.service, column.card_uuid)
    newest = (
        select(*common, column.hook, column.topic, column.indicator, column.content)
        .where(*theirs)
        .order_by(column.at.desc())
        .limit(MOST)
    )
    events = [Event(**row) for row in connection.execute(newest).mappings()]
    uuids = [*also, *(event.card_uuid for event in events)]
    answers = select(*common, column.outcome, column.outcome_timestamp).where(
        column.kind == Kind.FEEDBACK, column.card_uuid.in_(uuids)
    )
    return events, [Event(**row) for row in connection.execute(answers).mappings()] if uuids else []


def overrides(answers: Iterable[Event]) -> dict[str | None, datetime]:
    """When the cards of these answers were overridden: those of which the last answer says so."""
    told: dict[str | None, list[Told]] = {}
    for one in answers:
        at = answered_at(one.at, one.outcome_timestamp)
        told.setdefault(one.card_uuid, []).append(Told(at, one.outcome == OVERRIDDEN))
    found = {uuid: overridden_at(those) for uuid, those in told.items()}
    return {uuid: at for uuid, at in found.items() if at is not None}


class Told(NamedTuple):
    """An answer to a card: from when it counts, and whether it was overridden."""

    at: datetime
    is_overridden: bool


def overridden_at(answers: Iterable[Told]) -> datetime | None:
    """When it was overridden, where the last answer says so.

    Of two of the same moment that counts which holds nothing back.
    """
    last = max(answers, key=lambda one: (one.at, not one.is_overridden), default=None)
    return last.at if last is not None and last.is_overridden else None


def answered_at(came: datetime, happened: datetime | None) -> datetime:
    """When an answer counts from: when it happened or when it came here, whichever was first.

    A late message prolongs nothing, and one that is dated ahead is not the last word.
    """
    return min(came, happened or came)
