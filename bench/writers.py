"""Callers that open charts and answer the cards without a pause, and a book of what they were told.

What may live here: the callers, and the comparison of their book with what the database holds.
"""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, cycle
from typing import Any, NamedTuple, NoReturn

from bench.other_calls import NO_SERVER, Call, anew
from bench.stored import Kept
from cds_service.api.services import SERVICES
from cds_service.storage import Kind
from tests.fuzz.bodies import HOOKS

SERVICE = SERVICES[0]
CHART = {**HOOKS[SERVICE.HOOK], **NO_SERVER}
PATH = f"/cds-services/{SERVICE.ID}"
JSON = {"Content-Type": "application/json"}
CARDS = json.dumps(CHART).encode()
TIMEOUT_SECONDS = 15.0

Cards = tuple[str, ...]
"""The cards of one answer, by their uuids. The feedback on them is sent as one: all of it is stored, or nothing."""


@dataclass(frozen=True)
class Tally:
    """What became of what was acknowledged: cards in an answer that came whole, feedback answered 200, and each call.

    `lost` is what was acknowledged and is not there, `twice` what is there more than once. `unacknowledged` is feedback
    that is there although nobody was told, `half` answers of which only some of the feedback is there, and calls of
    which only some of the cards held back are. `strangers` is feedback of whose card it was said that nobody knows it.
    """

    cards: int
    feedback: int
    lost: int
    twice: int
    unacknowledged: int
    half: int
    strangers: int

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.twice or self.half or self.strangers)


@dataclass
class Book:
    """What was acknowledged, and the feedback that was sent, each as the cards of one answer.

    `charts` counts the answers with cards, `refused` everything else, by status; 0 is no answer at all. `calls` are the
    calls that were answered as they should be, by their hookInstance, with the kinds of events that each has to leave.
    """

    given: set[Cards] = field(default_factory=set)
    sent: set[Cards] = field(default_factory=set)
    acknowledged: set[Cards] = field(default_factory=set)
    strangers: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    calls: dict[str, tuple[Kind, ...]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def charts(self) -> int:
        return len(self.given)

    def wanted(self) -> Kept:
        """What the database has to hold."""
        calls = Counter((call, str(kind)) for call, kinds in self.calls.items() for kind in kinds)
        return Kept(Counter(chain(*self.given)), Counter(chain(*self.acknowledged)), calls)

    def compared(self, kept: Kept) -> Tally:
        """This book beside what the database holds."""
        wanted = self.wanted()
        there = {cards: sum(card in kept.feedback for card in cards) for cards in self.sent}
        return Tally(
            wanted.cards.total(),
            wanted.feedback.total(),
            kept.lacks(wanted),
            kept.twice(wanted),
            sum(count for cards, count in there.items() if cards not in self.acknowledged),
            sum(0 < count < len(cards) for cards, count in there.items()) + self._half_held(kept),
            self.strangers,
        )

    def _half_held(self, kept: Kept) -> int:
        """Calls of which fewer cards are there than of others: all of these calls are the same."""
        held = [kept.calls[call, Kind.SUPPRESSED] for call, kinds in self.calls.items() if Kind.SUPPRESSED in kinds]
        return sum(0 < count < max(held) for count in held)


@dataclass
class Writers:
    """So many callers at the service at `port()`, from entering to leaving the block.

    After each chart and the feedback on it comes one of the `others`, by turns.
    """

    count: int
    port: Callable[[], int]
    book: Book = field(default_factory=Book)
    others: Sequence[Call] = ()

    def __enter__(self) -> Book:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._write, daemon=True) for _ in range(self.count)]
        for thread in self._threads:
            thread.start()
        return self.book

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT_SECONDS)

    def _write(self) -> None:
        others = cycle(self.others or (None,))
        while not self._stopping.is_set():
            cards = self._open_chart()
            # Without cards nobody is there at the moment.
            if not cards or not self._give_feedback(cards):
                self._stopping.wait(0.1)
            elif (other := next(others)) is not None:
                self._call(other)

    def _call(self, call: Call) -> None:
        instance, body = anew(call.body)
        answer = post(self.port(), call.path, body)
        with self.book.lock:
            if answer.status == call.status and not answer.body.get("cards"):
                self.book.calls[instance] = call.kinds
            else:
                self.book.refused[answer.status] += 1

    def _open_chart(self) -> Cards:
        instance, body = anew(CHART)
        answer = post(self.port(), PATH, body)
        cards = tuple(card["uuid"] for card in answer.body.get("cards", ()))
        with self.book.lock:
            if cards:
                self.book.given.add(cards)
                self.book.calls[instance] = (Kind.ANSWERED,)
            else:
                self.book.refused[answer.status] += 1
        return cards

    def _give_feedback(self, cards: Cards) -> bool:
        with self.book.lock:
            self.book.sent.add(cards)
        answer = post(self.port(), f"{PATH}/feedback", feedback_on(*cards))
        with self.book.lock:
            if answer.status != 200:
                self.book.refused[answer.status] += 1
                return False
            self.book.acknowledged.add(cards)
            self.book.strangers += "issue" in answer.body
        return True


def feedback_on(*cards: str) -> bytes:
    """Feedback on these cards, whether somebody has given them or not."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"outcome": "accepted", "outcomeTimestamp": now, "acceptedSuggestions": [{"id": str(uuid.uuid4())}]}
    return json.dumps({"feedback": [{"card": card, **said} for card in cards]}).encode()


class Answer(NamedTuple):
    """The status and body of an answer; 0 and nothing where none came whole."""

    status: int = 0
    body: dict[str, Any] = {}  # noqa: RUF012 (nobody changes it)


def post(port: int, path: str, body: bytes) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    with suppress(OSError, http.client.HTTPException, ValueError):
        try:
            connection.request("POST", path, body, JSON)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))
        finally:
            connection.close()
    return Answer()


def stop_cleanly(*_: object) -> NoReturn:
    """For SIGTERM: end as after a failure, so that what was started is stopped."""
    raise SystemExit(143)
