"""What we remember: the cards we gave (without the patient) and what clinicians answered to them.

What may live here: writing both, and the cards that wait in memory until they can be written. A clinician's comment
is free text and may name the patient: it is stored, but no log, exception or repr shows it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from cds_service.storage.database import TIMEOUT_SECONDS, Database, StoreError
from cds_service.storage.records import FeedbackItem, IssuedCard, SuggestionLabel
from cds_service.storage.schema import card as card_table
from cds_service.storage.schema import feedback as feedback_table
from cds_service.storage.schema import storable
from cds_service.storage.waiting import RETRY_SECONDS, Backlog, write_out

__all__ = ["FeedbackItem", "IssuedCard", "Store", "StoreError", "SuggestionLabel"]

_CARD_TIMEOUT_SECONDS = 0.2
_SAID = "the card log cannot be written, cards wait in memory", "the card log is written again"
_LATER_SECONDS = 1.0
"""How long a write that nobody waits for keeps the turn of the others."""
_CARDS_AT_A_TIME = 500
_CARDS_WAITING = 10_000


class Store:
    """The memory of one worker.

    Every method raises StoreError when the database cannot be used. Cards that could not be written at once wait in
    memory, the newest 10 000 of them; they go along with the next write, or are tried again every few seconds.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        *,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`clock` gives monotonic seconds; so often what waits is tried again aside from all calls."""
        self._database = database
        self._new_card = self._database.insert_once(card_table)
        self._new_feedback = self._database.insert_once(feedback_table)
        self._queue = threading.Lock()
        self._waiting: deque[IssuedCard] = deque(maxlen=_CARDS_WAITING)
        self._clock = clock
        self._retry_after = 0.0
        self._backlog = Backlog("cards that wait", _SAID, self._write_them, self._some_waiting, retry_seconds)

    def record_cards(self, cards: Sequence[IssuedCard]) -> None:
        """Remember the cards of one answer, and some of those that wait. A card that is known stays as it is.

        A clinician waits for the answer, so this gives up after a fraction of a second, and for some seconds after a
        failure it does not even try. StoreError means that the cards wait in memory; feedback finds them there as well.
        The log says it once when they have to wait, and once when they no longer do.
        """
        if not cards:
            return
        with self._queue:
            self._waiting.extend(cards)
        try:
            if self._clock() < self._retry_after:
                raise StoreError("the database could not be used a moment ago")
            self._try_to_write(_CARD_TIMEOUT_SECONDS)
        except StoreError as error:
            # Without another card nobody else would try again.
            self._backlog.begin(str(error))
            raise

    def write_what_waits(self, seconds: float) -> None:
        """Write all cards that wait; StoreError where that does not succeed within about so many seconds."""
        write_out(self._some_waiting, lambda cards, left: self._try_to_write(left), seconds)

    def record_feedback(
        self, service: str, items: Sequence[FeedbackItem], received_at: datetime, client: str = ""
    ) -> list[str]:
        """Keep all of this feedback of one client or none of it; it is committed when this returns.

        The same card, outcome and moment again is stored once. Returns the cards that we never gave to this client: a
        card of another one is no different from a card that does not exist. `client` is the issuer, "" where callers
        are not known.
        """
        if not items:
            return []
        named = list(dict.fromkeys(storable(item.card) for item in items))

        def write(connection: Connection) -> tuple[list[IssuedCard], set[str]]:
            written = self._write_waiting(connection)
            known = _known_cards(connection, service, client, named) | self._known_waiting(service, client)
            about = {"service": service, "client": client, "received_at": received_at}
            connection.execute(self._new_feedback, [about | _feedback_row(item, known) for item in items])
            return written, known

        with self._database.turn(TIMEOUT_SECONDS) as left:
            written, known = self._database.transact(write, left)
            self._forget_waiting(written)
        return [uuid for uuid in named if uuid not in known]

    def _try_to_write(self, seconds: float) -> None:
        """Write some of the cards that wait; after a failure callers do not try again for some seconds."""
        try:
            with self._database.turn(seconds) as left:
                if not self._waiting:
                    return  # The thread before us has written ours, too.
                self._forget_waiting(self._database.transact(self._write_waiting, left))
        except StoreError:
            self._retry_after = self._clock() + RETRY_SECONDS
            raise

    def _write_them(self) -> None:
        self.write_what_waits(_LATER_SECONDS)

    def _some_waiting(self) -> list[IssuedCard]:
        """The oldest of the cards that wait."""
        with self._queue:
            return list(islice(self._waiting, _CARDS_AT_A_TIME))

    def _write_waiting(self, connection: Connection) -> list[IssuedCard]:
        """Write the oldest of the cards that wait; they stop waiting when the transaction has been committed."""
        cards = self._some_waiting()
        if cards:
            connection.execute(self._new_card, [_card_row(card) for card in cards])
        return cards

    def _forget_waiting(self, written: Sequence[IssuedCard]) -> None:
        self._retry_after = 0.0
        done = set(map(id, written))
        with self._queue:
            self._waiting = deque((card for card in self._waiting if id(card) not in done), _CARDS_WAITING)
        self._backlog.end_if_nothing_waits()

    def _known_waiting(self, service: str, client: str) -> set[str]:
        with self._queue:
            waiting = [card for card in self._waiting if (card.service, card.client) == (service, client)]
        return {storable(card.uuid) for card in waiting}


def _known_cards(connection: Connection, service: str, client: str, named: Sequence[str]) -> set[str]:
    known: set[str] = set()
    # Cards of releases that did not keep the client may be answered by any.
    theirs = (card_table.c.client == client) | card_table.c.client.is_(None)
    for start in range(0, len(named), _CARDS_AT_A_TIME):
        some = named[start : start + _CARDS_AT_A_TIME]
        query = select(card_table.c.uuid).where(card_table.c.service == service, theirs, card_table.c.uuid.in_(some))
        known.update(connection.scalars(query))
    return known


def _card_row(card: IssuedCard) -> dict[str, Any]:
    return {
        "uuid": card.uuid,
        "service": card.service,
        "client": card.client,
        "hook_instance": card.hook_instance,
        "topic": card.topic,
        "indicator": card.indicator,
        "issued_at": card.issued_at,
        "suggestions": [{"uuid": suggestion.uuid, "label": suggestion.label} for suggestion in card.suggestions],
    }


def _feedback_row(item: FeedbackItem, known: set[str]) -> dict[str, Any]:
    return {
        "card_uuid": item.card,
        "outcome": item.outcome,
        "outcome_timestamp": item.outcome_timestamp,
        "accepted_suggestions": list(item.accepted_suggestions),
        "override_reason_code": item.override_reason_code,
        "override_reason_system": item.override_reason_system,
        "override_reason_display": item.override_reason_display,
        "user_comment": item.user_comment,
        "known": storable(item.card) in known,
    }
