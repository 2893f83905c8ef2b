"""Callers that give feedback and open charts without a pause, and a book of what they were told.

What may live here: the callers, and the comparison of their book with what the database holds.
"""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

from cds_service.api.services import SERVICES
from tests.fuzz.bodies import HOOKS

SERVICE = SERVICES[0]
PATH = f"/cds-services/{SERVICE.ID}"
JSON = {"Content-Type": "application/json"}
CARDS = json.dumps({**HOOKS[SERVICE.HOOK], "fhirServer": None, "fhirAuthorization": None}).encode()
TIMEOUT_SECONDS = 15.0
EVERY = 4
"""One call in so many opens a chart, the others give feedback."""

Pair = tuple[str, str]
"""The two cards of one feedback: both are stored, or none."""


@dataclass(frozen=True)
class Tally:
    """What became of feedback: acknowledged with 200, in the database, acknowledged and not there, there although
    nobody was told, and pairs of which one half is there.
    """

    acknowledged: int
    stored: int
    lost: int
    unacknowledged: int
    half: int


@dataclass
class Book:
    """What was sent and what was acknowledged; `charts` counts the answers with cards, `refused` everything else."""

    sent: set[Pair] = field(default_factory=set)
    acknowledged: set[Pair] = field(default_factory=set)
    charts: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def compared(self, stored: Collection[str]) -> Tally:
        """This book beside the cards of the feedback that the database holds."""
        there = {pair: sum(card in stored for card in pair) for pair in self.sent}
        return Tally(
            2 * len(self.acknowledged),
            sum(there.values()),
            sum(2 - there[pair] for pair in self.acknowledged),
            sum(count for pair, count in there.items() if pair not in self.acknowledged),
            sum(count == 1 for count in there.values()),
        )


@dataclass
class Writers:
    """So many callers at the service at `port()`, from entering to leaving the block."""

    count: int
    port: Callable[[], int]
    book: Book = field(default_factory=Book)

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
        number = 0
        while not self._stopping.is_set():
            number += 1
            told = self._open_chart() if number % EVERY == 0 else self._give_feedback()
            if not told:
                # Nobody is there at the moment.
                self._stopping.wait(0.02)

    def _give_feedback(self) -> bool:
        pair = (str(uuid.uuid4()), str(uuid.uuid4()))
        with self.book.lock:
            self.book.sent.add(pair)
        is_told = post(self.port(), f"{PATH}/feedback", feedback_on(*pair)) == 200
        with self.book.lock:
            if is_told:
                self.book.acknowledged.add(pair)
            self.book.refused += not is_told
        return is_told

    def _open_chart(self) -> bool:
        is_told = post(self.port(), PATH, CARDS) == 200
        with self.book.lock:
            self.book.charts += is_told
            self.book.refused += not is_told
        return is_told


def feedback_on(*cards: str) -> bytes:
    """Feedback on these cards, which nobody has given."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"outcome": "accepted", "outcomeTimestamp": now, "acceptedSuggestions": [{"id": str(uuid.uuid4())}]}
    return json.dumps({"feedback": [{"card": card, **said} for card in cards]}).encode()


def post(port: int, path: str, body: bytes) -> int:
    """The status of the answer; 0 where none came whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    with suppress(OSError, http.client.HTTPException):
        try:
            connection.request("POST", path, body, JSON)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()
    return 0


def stop_cleanly(*_: object) -> NoReturn:
    """For SIGTERM: end as after a failure, so that what was started is stopped."""
    raise SystemExit(143)
