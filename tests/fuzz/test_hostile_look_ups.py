"""What the FHIR client itself makes of a server at its worst: the right resources, or an error, and never late.

The same modes as in `test_hostile_fhir`, one look-up at a time: a card would not show every wrong resource.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits
from cds_service.fhir_client.terms import LATE
from tests.fuzz.bodies import TOKEN
from tests.fuzz.hostile import KINDS, Mode
from tests.fuzz.hostile.chart import HELD, OF_THE_STRANGER, PATIENT_ID
from tests.fuzz.hostile.play import REST_SECONDS
from tests.fuzz.hostile.server import HostileFhir, Trap, hostile_fhir, trap

pytestmark = pytest.mark.fuzz

LIMITS = Limits(deadline_seconds=0.8)
WITHIN_SECONDS = 2 * LIMITS.deadline_seconds
SEARCH = f"Condition?patient={PATIENT_ID}&_count=1000"
RIGHT = {one["id"] for one in HELD if one["resourceType"] == "Condition"}
STRANGERS = {one["id"] for one in OF_THE_STRANGER} - {one["id"] for one in HELD}
LOOKS_AGAIN, AGAIN = 3, 5
"""How often a late answer is looked for again, and how often a server that has gone bad is asked again at once."""
SOUND = Mode("sound", "answers as it should", lambda exchange: exchange.answer(), right=True)


@contextmanager
def new_client() -> Iterator[FhirClient]:
    """One for each mode: what one server does is no matter of the next."""
    client = FhirClient(LIMITS, lambda base: True)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Trap]:
    with trap() as laid:
        yield laid


def look_up(client: FhirClient, base: str) -> tuple[set[str], str, float]:
    """The ids of what was found, why that is not all ("" where it is), and after how many seconds."""
    began = time.perf_counter()
    try:
        with client.talk(FhirServer(base, TOKEN), client.deadline()) as talk:
            result = talk.answer(talk.search(SEARCH))
    except FhirError as failure:
        return set(), failure.reason, time.perf_counter() - began
    found = {str(resource["id"]) for resource in result.resources}
    return found, "" if result.complete else result.reason, time.perf_counter() - began


def ways(client: FhirClient, server: HostileFhir, mode: Mode) -> Iterator[tuple[str, tuple[set[str], str, float]]]:
    yield "on new connections", look_up(client, server.base(mode))
    if not mode.accepts:
        return
    warm = server.base(mode, "warm")
    server.calm.add(warm)
    for _ in range(2):
        look_up(client, warm)
        time.sleep(REST_SECONDS)
    server.calm.discard(warm)
    for number in range(AGAIN):
        yield f"on kept connections, {number + 1}", look_up(client, warm)


def complaint(mode: Mode, ids: set[str], reason: str, seconds: float) -> str:
    """What is wrong with what was found, or "". Where a mode sends more than the chart holds, that is no fault."""
    is_right = ids >= RIGHT if not reason else not mode.right
    if not is_right or ids & STRANGERS:
        return f"{sorted(ids)[:5]} {reason or 'and says that is all'}"
    return f"{seconds:.1f} s" if seconds > WITHIN_SECONDS else ""


def complaints(mode: Mode, elsewhere: Trap) -> list[str]:
    wrong = []
    with new_client() as client, hostile_fhir(mode, elsewhere=elsewhere.origin) as server:
        for way, (ids, reason, seconds) in ways(client, server, mode):
            problem = complaint(mode, ids, reason, seconds)
            if seconds > WITHIN_SECONDS or (problem and reason == LATE):
                problem = by_itself(server, mode)
            wrong += [f"{mode.name} ({mode.does}), {way}: {problem}"] if problem else []
    return wrong


def by_itself(server: HostileFhir, mode: Mode) -> str:
    """What is wrong each time: a busy machine is late now and then, a look-up that is held up is late always."""
    for number in range(LOOKS_AGAIN):
        with new_client() as client:
            problem = complaint(mode, *look_up(client, server.base(mode, f"again-{number}")))
        if not problem:
            return ""
    return problem


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_up_brings_what_is_right_or_an_error(kind: str, elsewhere: Trap) -> None:
    light, heavy = ([mode for mode in KINDS[kind] if mode.heavy is is_heavy] for is_heavy in (False, True))
    found: list[str] = []
    for modes, at_once in ((light, 6), (heavy, 1)):
        with ThreadPoolExecutor(at_once + 1) as threads:
            played = [threads.submit(complaints, mode, elsewhere) for mode in modes]
            control = threads.submit(complaints, SOUND, elsewhere)
            found += [problem for one in (*played, control) for problem in one.result()]
    assert found == [], "\n".join(found)
    assert elsewhere.connections == 0, elsewhere.visits
