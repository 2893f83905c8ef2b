"""Twenty thousand ordinary and hostile calls leave a worker as it was: memory, threads, sockets, files.

What may live here: rounds of the same mixture, and what is left behind between them. The kernel sees all of a worker,
but the heaviest calls leave it holes in which a small leak hides for long; Python, in this process, sees every byte
that it has handed out itself.
"""

from __future__ import annotations

import gc
import logging
import re
import threading
import time
import tracemalloc
from collections.abc import Iterator
from itertools import cycle, islice, repeat
from pathlib import Path

import pytest
from flask import Flask

from tests.fuzz.bodies import PLANTED
from tests.fuzz.faulty_fhir import faulty_fhir
from tests.fuzz.promises import WITHIN_SECONDS, check_silent
from tests.fuzz.service_process import Figures, grown, running_service
from tests.fuzz.traffic import Answered, Call, calls, heaviest, send, statuses

pytestmark = pytest.mark.fuzz

ROUND, ROUNDS, CONNECTIONS = 2_500, 8, 8
THREADS, POOL = 8, 16
LEVEL_ROUNDS, MOST_ROUNDS = 4, 12
"""A worker is warm when it has kept its size for this many rounds; one that never does is leaking."""
MEGABYTES_PER_1000_CALLS = 0.2
"""A leak adds to every window of rounds; a peak, which leaves holes in the heap, adds to one of them."""
SQLITE_FILES = 2 * 4
"""SQLAlchemy keeps five connections; each has the database and its log open, and the first is there from the start."""
# With one memory arena per thread resident memory spreads over all of them for a very long time; with two a leak shows.
SETTINGS = {
    "MALLOC_ARENA_MAX": "2",
    "CDS_FHIR_DEADLINE_SECONDS": "0.5",
    "CDS_THREADS": str(THREADS),
    "CDS_FHIR_POOL_SIZE": str(POOL),
}
TRACED_ROUND, TRACED_ROUNDS, TRACED_LOOKS = 400, 2, 2
SHIPPED_SECONDS = 30.0
BYTES_PER_CALL = 200
"""What the threads of the moment hold goes up and down by less than this."""
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Seen = list[dict[int, Figures]]


def check_answers(answers: list[Answered]) -> None:
    assert all(0 < answer.status < 500 for answer in answers), statuses(answers)
    assert max(answer.seconds for answer in answers) < WITHIN_SECONDS
    # But for their uuids most answers are the same.
    for body in {_UUID.sub(b"", answer.body) for answer in answers}:
        check_silent(body.decode())


def is_level(seen: Seen) -> bool:
    """Did the worker that grew most stay below the bound over the last rounds?"""
    return grown(seen[-1 - LEVEL_ROUNDS], seen[-1]) <= MEGABYTES_PER_1000_CALLS * LEVEL_ROUNDS * ROUND / 1000


def test_workers_stay_as_they_are(tmp_path: Path) -> None:
    seen: Seen = []
    with faulty_fhir() as fhir, running_service(tmp_path, 1, **SETTINGS) as service:
        # The same calls round after round: what a round leaves behind is a leak, not another mixture.
        stream = cycle(islice(calls(fhir), ROUND))
        (idle,) = service.at_rest().values()
        # One worker takes all calls: of two, the less busy one would still be warming up long after the other.
        # All its threads at their heaviest at once: otherwise a coincidence later on looks like growth.
        check_answers(send(service.port, repeat(heaviest(fhir)), 96, 2 * THREADS))
        while len(seen) < ROUNDS or (len(seen) < MOST_ROUNDS and not is_level(seen)):
            check_answers(send(service.port, stream, ROUND, CONNECTIONS))
            seen.append(service.at_rest())
        log = service.log.read_text(errors="replace")
    assert is_level(seen), seen
    assert len({tuple(workers) for workers in seen}) == 1, "a worker died"
    for after in [figures for workers in seen for figures in workers.values()]:
        check_bounds(idle, after)
    assert not [secret for secret in PLANTED if secret in log]


def check_bounds(idle: Figures, after: Figures) -> None:
    """What the settings allow a worker to hold when nobody calls; one thing left open in a thousand calls is more."""
    # The pool of callers, the main thread, and one that gunicorn or Python may need for a moment.
    assert after.threads <= THREADS + 2, after
    assert after.inbound == 0, after
    assert after.outbound <= POOL, after
    assert after.files <= idle.files + SQLITE_FILES, (idle, after)


@pytest.fixture
def nothing_else_remembers() -> Iterator[None]:
    """Log lines are not kept for the report of a failed test."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    tracemalloc.stop()


@pytest.mark.usefixtures("nothing_else_remembers")
def test_a_call_leaves_no_object_behind(app: Flask) -> None:
    with faulty_fhir() as fhir:
        some = list(islice(calls(fhir), TRACED_ROUND))
        play(app, some)
        tracemalloc.start()
        # The first round under observation renews what is kept of the last calls, and with that makes it visible.
        play(app, some)
        # What calls leave behind grows each time; what a thread has in hand at the moment of one look does not.
        left = [left_by(app, some) for _ in range(TRACED_LOOKS)]
    assert min(left) <= BYTES_PER_CALL * TRACED_ROUND * TRACED_ROUNDS, left


def left_by(app: Flask, some: list[Call]) -> int:
    """Bytes that are in use after some rounds, and were not before."""
    before = in_use()
    for _ in range(TRACED_ROUNDS):
        play(app, some)
    return in_use() - before


def play(app: Flask, some: list[Call]) -> None:
    """Send these calls to the service in this process."""
    client = app.test_client()
    for call in some:
        client.open(call.path, method=call.method, data=call.body, content_type=call.kind).close()
    # How many connections are kept at the moment is chance, and the FHIR server in this process has a thread for each.
    app.extensions["cds_fhir_client"].close()
    # So are the events that a thread has in hand between the spool and the database.
    app.extensions["cds_event_log"].ship(SHIPPED_SECONDS)
    while any("process_request_thread" in thread.name for thread in threading.enumerate()):
        time.sleep(0.05)


def in_use() -> int:
    """Bytes that Python has handed out since tracing began and that something still refers to."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
