"""The log of events: into the spool before the answer leaves, from there into the database, aside from all calls.

What may live here: the order of these steps, and what is said where one of them fails. The files stand in `spool`, the
tables in `schema`, how events come from one to the other in `carrying`.

Without a spool (a database in memory) events go straight to the database.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection

from cds_service.metrics import LOST
from cds_service.storage.carrying import Carrying, event_or_none
from cds_service.storage.database import TIMEOUT_SECONDS, Database
from cds_service.storage.event import Event, Kind, feedback_event
from cds_service.storage.places import Places
from cds_service.storage.records import FeedbackItem
from cds_service.storage.retention import Retention
from cds_service.storage.schema import card as card_table
from cds_service.storage.schema import event as event_table
from cds_service.storage.schema import storable
from cds_service.storage.shipping import Shipping
from cds_service.storage.spool import Spool, SpoolError
from cds_service.storage.store_error import StoreError
from cds_service.storage.waiting import RETRY_SECONDS
from cds_service.tracing import span

log = logging.getLogger("cds_service")

BRIEFLY_SECONDS = 0.2
"""How long a clinician's call waits for the database where the spool cannot be written."""
_ASKING_SECONDS = 0.5
"""How long the database may take to tell whether a card is known; the feedback on it is kept by then."""
_LOSS_SECONDS = 60.0
"""How long after events could not be made this is told: whoever asks now and then is to see it, and nothing else shows.
What is lost because it cannot be written is told for as long as that lasts."""
_AT_A_TIME = 500
_MOST_ASKING = 2
"""So many threads may ask the database about cards at a time; whoever comes then does without."""


class EventLog:
    """The log of one worker. Create it anywhere, use it after the fork."""

    def __init__(
        self,
        database: Database,
        spool: Spool | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        retry_seconds: float = RETRY_SECONDS,
        retention: Retention | None = None,
    ) -> None:
        """`clock` gives monotonic seconds; so often a database that could not be used is tried again.

        `retention` deletes what is too old, after something was brought to the database.
        """
        self._database, self._spool, self._clock, self._retention = database, spool, clock, retention
        self._carrying = Carrying(database, spool, clock)
        self._shipping = Shipping(self._ship_and_prune, retry_seconds)
        self._lock = threading.Lock()
        self._retry_after = self._ask_after = 0.0
        self._retry_seconds = retry_seconds
        self._is_spool_told = False
        self._asking = Places(_MOST_ASKING)
        self._loses_until = -1.0
        self.lost = 0
        """Events that went neither to the spool nor to the database, or could not be made, since the worker began."""

    def begin(self) -> None:
        """In a worker, before its first call: what an earlier process left in the spool goes to the database."""
        if self._spool is not None:
            self._carrying.begin()
            self._shipping.begin()

    def record(self, events: Sequence[Event]) -> None:
        """Remember what happened in one call. A clinician waits for the answer, so this hardly takes time.

        Raises:
            StoreError: neither spool nor database could take it. It is lost, counted and logged; the answer goes out.
        """
        if not events:
            return
        try:
            self._keep(events, BRIEFLY_SECONDS, durable=False)
        except StoreError as error:
            with self._lock:
                self.lost += len(events)
            LOST.count(by=len(events))
            log.error("%d events of a call are lost, %d since the start: %s", len(events), self.lost, error)
            raise

    def could_not_make(self, number: int) -> None:
        """So many events are nowhere, although they could have been written. Whoever calls this says so in the log."""
        with self._lock:
            self.lost += number
            LOST.count(by=number)
            self._loses_until = self._clock() + _LOSS_SECONDS

    def faults(self) -> list[str]:
        """What is wrong with the log itself, in words, while it can be written."""
        lost = ["events of calls cannot be made"] if self._clock() < self._loses_until else []
        return [*lost, *self._carrying.faults()]

    def accept(self, events: Sequence[Event]) -> None:
        """Keep what somebody is told that it is kept: it survives the process and the power.

        Raises:
            StoreError: neither spool nor database could take it.
        """
        if events:
            self._keep(events, TIMEOUT_SECONDS, durable=True)

    def record_feedback(
        self,
        service: str,
        items: Sequence[FeedbackItem],
        received_at: datetime,
        client: str = "",
        tenant: str = "",
        *,
        place: AbstractContextManager[None] | None = None,
    ) -> list[str]:
        """Keep all of this feedback of one client or none of it, over a power failure too.

        `place` is held while it is kept, not while the database is asked about the cards: what the spool can take is
        not refused because others wait for that. The same answer again stays one. Returns the cards that we never gave
        to this client, as far as can be told now: a card of another client is no different from one that does not
        exist. Raises StoreError.
        """
        with place or nullcontext():
            self.accept([feedback_event(service, client, item, received_at, tenant) for item in items])
        with suppress(StoreError):
            return self.unknown(service, client, list(dict.fromkeys(storable(item.card) for item in items)))
        return []

    def unknown(self, service: str, client: str, cards: Sequence[str]) -> list[str]:
        """Which of these cards we never gave this client by this service. Raises StoreError where nobody can tell."""
        with self._asking.one():
            waiting = self._in_spool(service, client, cards)
            left = [card for card in cards if card not in waiting]
            if not left:
                return []
            if self._clock() < self._ask_after:
                raise StoreError("the database could not be used a moment ago")
            try:
                known = self._database.transact(lambda asked: _known(asked, service, client, left), _ASKING_SECONDS)
            except StoreError:
                self._ask_after = self._clock() + self._retry_seconds
                raise
        return [card for card in left if card not in known]

    def ship(self, seconds: float = TIMEOUT_SECONDS) -> None:
        """Bring everything from the spool to the database; whoever comes second waits for that so many seconds.

        Raises:
            StoreError: it could not be used, or another thread is at it; what was not brought there stays in the spool.
        """
        self._carrying.carry(seconds)

    def _ship_and_prune(self) -> None:
        self.ship()
        if self._retention is not None:
            self._retention.prune_if_due(self.ship)

    def write_what_waits(self, seconds: float) -> None:
        """At the end of a worker: ship once more. What stays in the spool is shipped by whoever comes.

        Raises:
            StoreError: nothing could be shipped.
        """
        try:
            self.ship(seconds)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ship no more, and leave the spool to whoever comes.

        Where a thread is still shipping, its files stay ours until the process ends.
        """
        self._shipping.close()
        self._carrying.stop()

    def try_out(self) -> None:
        """Could an event be kept now, without the database? Raises StoreError where not."""
        if self._spool is not None:
            self._spool.try_out()

    def _keep(self, events: Sequence[Event], seconds: float, *, durable: bool) -> None:
        with span("log", {"cds.events": len(events)}) as step:
            is_spooled = self._spooled(events, durable=durable)
            step.set("cds.to", "spool" if is_spooled else "database")
            if not is_spooled:
                self._write_directly(events, seconds, in_haste=not durable)
                if durable:
                    self._database.to_disk()

    def _spooled(self, events: Sequence[Event], *, durable: bool) -> bool:
        """Did the spool take them? That it begins to refuse, and that it takes them again, is said once."""
        if self._spool is None:
            return False
        try:
            self._spool.append([event.line() for event in events], durable=durable)
        except SpoolError as error:
            if not self._is_spool_told:
                self._is_spool_told = True
                log.error("events go straight to the database: %s", error)
            return False
        if self._is_spool_told:
            self._is_spool_told = False
            log.warning("the spool is written again")
        self._shipping.there_is_something()
        return True

    def _write_directly(self, events: Sequence[Event], seconds: float, *, in_haste: bool) -> None:
        """To the database; after a failure nobody who is in haste waits for it for some seconds."""
        if in_haste and self._clock() < self._retry_after:
            raise StoreError("the database could not be used a moment ago")
        try:
            self._carrying.write(events, seconds)
        except StoreError:
            self._retry_after = self._clock() + self._retry_seconds
            raise

    def _in_spool(self, service: str, client: str, cards: Sequence[str]) -> set[str]:
        """Those of these cards that stand in the spool, given to this client by this service."""
        if self._spool is None:
            return set()
        # As `Event.line` writes it: a card called "a" is not found in every line.
        words = [b'"card_uuid":' + orjson.dumps(card) for card in cards]
        given = (event_or_none(line) for line in self._spool.lines_with(words))
        theirs = [event for event in given if event and _kind(event) == (Kind.ISSUED, service, client)]
        return {event.card_uuid for event in theirs if event.card_uuid is not None}


def _kind(event: Event) -> tuple[str, str, str]:
    return event.kind, event.service, event.client


def _known(connection: Connection, service: str, client: str, cards: Sequence[str]) -> set[str]:
    known: set[str] = set()
    issued, before = event_table.c, card_table.c
    # Cards of releases that did not keep the client may be answered by any.
    theirs = (before.client == client) | before.client.is_(None)
    for start in range(0, len(cards), _AT_A_TIME):
        some = cards[start : start + _AT_A_TIME]
        ours = (issued.kind == Kind.ISSUED) & (issued.service == service) & (issued.client == client)
        known.update(connection.scalars(select(issued.card_uuid).where(ours, issued.card_uuid.in_(some))))
        known.update(
            connection.scalars(select(before.uuid).where(before.service == service, theirs, before.uuid.in_(some)))
        )
    return known
