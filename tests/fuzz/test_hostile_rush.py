"""Many calls at once to FHIR servers that are bad or slow, on the usual number of threads: the places run out, and that
silences nobody and shuts no other server out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.fhir_client.terms import CROWDED
from tests.fuzz.hostile import KINDS, Mode
from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.play import FIRST, MARKS, Answer, Right, Way, ask, complaint
from tests.fuzz.hostile.server import HostileFhir, Trap, hostile_fhir, trap
from tests.fuzz.service_process import Service, running_service

pytestmark = pytest.mark.fuzz

AT_ONCE = 12
"""More than there are places, fewer than there are threads, so that the neighbour finds a thread."""
ROUNDS, NEIGHBOURS_CALLS = 2, 16
SOUND = Mode("sound", "answers as it should", lambda exchange: exchange.answer(), right=True)
BAD = tuple(mode for kind in ("time", "entries") for mode in KINDS[kind] if mode.accepts and not mode.right)


def slow_but_for_the_patient(exchange: Exchange) -> None:
    """The first answer at once, so that it counts as a server that answers; the others after a second."""
    if not exchange.question.is_search or not exchange.pause(1.0):
        exchange.answer()


QUICK_THEN_SLOW = Mode("quick, then slow", "answers the first question at once", slow_but_for_the_patient)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Trap]:
    with trap() as laid:
        yield laid


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("rush"), 1) as running:
        yield running


@pytest.fixture
def sound(elsewhere: Trap) -> Iterator[HostileFhir]:
    with hostile_fhir(SOUND, elsewhere=elsewhere.origin) as server:
        yield server


@pytest.fixture
def right(service: Service, sound: HostileFhir) -> Right:
    """What the neighbour's cards are about; from here on its server is one that answers."""
    return {hook: ask(service.port, sound.base(SOUND), way=Way("", hook=hook)).topics for hook in MARKS}


def refused(answers: Sequence[Answer]) -> int:
    """How many were told that there was no place."""
    return sum(CROWDED in answer.text for answer in answers)


def test_where_no_place_is_left_no_call_is_answered_as_if_all_had_been_read(
    service: Service, elsewhere: Trap, right: Right
) -> None:
    with hostile_fhir(*BAD, elsewhere=elsewhere.origin) as server, ThreadPoolExecutor(AT_ONCE) as threads:
        played = [(mode, server.base(mode, f"rush-{number}")) for number in range(ROUNDS) for mode in BAD]
        answers = list(threads.map(lambda one: ask(service.port, one[1]), played))
    wrong = [complaint(answer, mode, FIRST, right) for (mode, _), answer in zip(played, answers, strict=True)]
    assert [one for one in wrong if one] == []
    assert refused(answers), "or else places did not run out"


def test_a_server_that_is_slow_after_its_first_answer_does_not_take_the_places_of_another(
    service: Service, elsewhere: Trap, sound: HostileFhir, right: Right
) -> None:
    over = threading.Event()
    found: list[Answer] = []

    def call_on(base: str) -> None:
        while not over.is_set():
            found.append(ask(service.port, base))

    with hostile_fhir(QUICK_THEN_SLOW, elsewhere=elsewhere.origin) as server:
        callers = [threading.Thread(target=call_on, args=(server.base(QUICK_THEN_SLOW),)) for _ in range(AT_ONCE)]
        for caller in callers:
            caller.start()
        answers = [ask(service.port, sound.base(SOUND)) for _ in range(NEIGHBOURS_CALLS) if not over.wait(0.15)]
        over.set()
        for caller in callers:
            caller.join(30)
    assert refused(answers) == 0
    assert {answer.status for answer in answers} <= {200, 412}
    assert refused(found), "or else places did not run out"
