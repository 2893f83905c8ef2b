"""Twenty thousand ordinary and hostile calls leave a worker as it was: memory, threads, sockets.

What may live here: rounds of the same mixture against a running service, and what the kernel says between them.
"""

from __future__ import annotations

from itertools import cycle, islice, repeat
from pathlib import Path

import pytest

from tests.fuzz.bodies import PLANTED
from tests.fuzz.faulty_fhir import faulty_fhir
from tests.fuzz.promises import WITHIN_SECONDS, check_silent
from tests.fuzz.service_process import Figures, running_service
from tests.fuzz.traffic import Answered, calls, heaviest, send, statuses

pytestmark = pytest.mark.fuzz

ROUND, ROUNDS, CONNECTIONS = 2_500, 8, 8
THREADS, POOL = 8, 16
LEVEL_ROUNDS, MOST_ROUNDS = 4, 12
"""A worker is warm when it has kept its size for this many rounds; one that never does is leaking."""
# With one memory arena per thread resident memory spreads over all of them for a very long time; with two a leak shows.
SETTINGS = {
    "MALLOC_ARENA_MAX": "2",
    "CDS_FHIR_DEADLINE_SECONDS": "0.5",
    "CDS_THREADS": str(THREADS),
    "CDS_FHIR_POOL_SIZE": str(POOL),
}


def check_answers(answers: list[Answered]) -> None:
    assert all(0 < answer.status < 500 for answer in answers), statuses(answers)
    assert max(answer.seconds for answer in answers) < WITHIN_SECONDS
    for body in {answer.body for answer in answers}:
        check_silent(body.decode())


def is_level(seen: list[dict[int, Figures]]) -> bool:
    """Has no worker grown by more than a tenth in the last rounds?"""
    earlier, last = seen[-1 - LEVEL_ROUNDS], seen[-1]
    return all(last[pid].megabytes <= figures.megabytes * 1.1 for pid, figures in earlier.items())


def test_workers_stay_as_they_are(tmp_path: Path) -> None:
    seen: list[dict[int, Figures]] = []
    with faulty_fhir() as fhir, running_service(tmp_path, 1, **SETTINGS) as service:
        # The same calls round after round: what a round leaves behind is a leak, not another mixture.
        stream = cycle(islice(calls(fhir), ROUND))
        # One worker takes all calls: of two, the less busy one would still be warming up long after the other.
        # All its threads at their heaviest at once: otherwise a coincidence later on looks like growth.
        check_answers(send(service.port, repeat(heaviest(fhir)), 96, 2 * THREADS))
        while len(seen) < ROUNDS or (len(seen) < MOST_ROUNDS and not is_level(seen)):
            check_answers(send(service.port, stream, ROUND, CONNECTIONS))
            seen.append(service.figures())
        log = service.log.read_text(errors="replace")
    assert is_level(seen), seen
    warm, last = seen[-1 - LEVEL_ROUNDS], seen[-1]
    assert len(warm) == 1
    assert warm.keys() == last.keys(), "a worker died"
    for pid, before in warm.items():
        after = last[pid]
        # The two pools, the main thread, and one that gunicorn or Python may need for a moment.
        assert after.threads <= THREADS + POOL + 2, seen
        # A few kept-alive connections come and go.
        assert after.files <= before.files + CONNECTIONS, seen
    assert not [secret for secret in PLANTED if secret in log]
