"""A mixture of ordinary, mutated, broken and fetch-mode calls, sent to a running service over kept-alive connections.

What may live here: what is sent, in which proportion, and the client that sends it. The mixture of one seed is always
the same, so that memory can be compared between rounds of it.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from cds_service.api.services import SERVICES
from tests.contract.records import Json
from tests.fuzz.bodies import FEEDBACK, HOOKS
from tests.fuzz.faulty_fhir import FAULTS
from tests.fuzz.mutations import VALUES, changed, places
from tests.fuzz.mutations import Path as Place

PATHS = {service.HOOK: f"/cds-services/{service.ID}" for service in SERVICES}
FETCHING, WAITING = 0.04, 0.1
"""The share of calls in which the service has to ask the FHIR server, and of those the share whose fault takes time."""
NAMING = 0.1
"""The share of the other bodies that name a FHIR server, one that is down: each costs two vain tries and a pause."""
SLOW_FAULTS = ("slow", "drip", "endless", "huge")
FAST_FAULTS = tuple(fault for fault in FAULTS if fault not in SLOW_FAULTS)
BROKEN_BODIES = (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"hook": NaN}', b"{" * 2_000, b" " * 50_000)


@dataclass(frozen=True)
class Call:
    """One request, as it goes over the wire."""

    path: str
    body: bytes
    method: str = "POST"
    kind: str = "application/json"


@dataclass(frozen=True)
class Answered:
    """What came back for one call."""

    call: Call
    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True)
class _Sound:
    """A sound body with all prefetch: as an object, over the wire, and every place in it."""

    path: str
    body: Json
    raw: bytes
    places: list[Place]


def calls(fhir: str, seed: int = 0) -> Iterator[Call]:
    """An endless mixture; `fhir` is the address of the faulty FHIR server."""
    chance = random.Random(seed)
    naming = [_sound(body) for body in HOOKS.values()]
    alone = [_sound(without(body, "fhirServer", "fhirAuthorization")) for body in HOOKS.values()]
    while True:
        chosen, dice = chance.choice(naming if chance.random() < NAMING else alone), chance.random()
        if dice < FETCHING:
            body = fetching(chance.choice(list(HOOKS.values())), f"{fhir}/{_fault(chance)}")
            yield Call(PATHS[body["hook"]], json.dumps(body).encode())
        elif dice < 0.45:
            yield Call(chosen.path, chosen.raw)
        elif dice < 0.85:
            mutated = changed(chosen.body, chance.choice(chosen.places), chance.choice(VALUES))
            yield Call(chosen.path, json.dumps(mutated).encode())
        elif dice < 0.90:
            yield Call(f"{chosen.path}/feedback", json.dumps(FEEDBACK).encode())
        elif dice < 0.97:
            yield Call(chosen.path, chance.choice(BROKEN_BODIES))
        else:
            yield chance.choice(ODDITIES)


def _sound(body: Json) -> _Sound:
    return _Sound(PATHS[body["hook"]], body, json.dumps(body).encode(), list(places(body))[1:])


def _fault(chance: random.Random) -> str:
    return chance.choice(SLOW_FAULTS if chance.random() < WAITING else FAST_FAULTS)


ODDITIES = (
    Call("/cds-services", b"", "GET"),
    Call("/health", b"", "GET"),
    Call("/cds-services", b"", "DELETE"),
    Call("/cds-services/unknown", b"{}"),
    Call("/cds-services/%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"{}"),
    Call(PATHS["patient-view"], b"{}", kind="text/plain"),
    Call(PATHS["patient-view"], b"", "OPTIONS"),
)


def heaviest(fhir: str) -> Call:
    """What costs most memory: the largest answer of the FHIR server. Many at once show a worker's peak."""
    return Call(PATHS["patient-view"], json.dumps(fetching(HOOKS["patient-view"], f"{fhir}/huge")).encode())


def fetching(body: Json, server: str) -> Json:
    """The same call without prefetch, from an EHR with this FHIR server."""
    return without(body, "prefetch") | {"fhirServer": server}


def without(body: Json, *names: str) -> Json:
    """The same object without these members."""
    return {name: value for name, value in body.items() if name not in names}


def send(
    port: int, stream: Iterator[Call], count: int, connections: int, until: float = float("inf")
) -> list[Answered]:
    """Send so many calls over so many connections at once; a dropped connection counts as status 0.

    None begins after `until` (monotonic seconds).
    """
    parts = [list(islice(stream, count // connections)) for _ in range(connections)]
    with ThreadPoolExecutor(connections) as threads:
        sent = threads.map(lambda some: list(_one_by_one(port, some, until)), parts)
        return [answer for part in sent for answer in part]


def _one_by_one(port: int, some: list[Call], until: float) -> Iterator[Answered]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        for call in some:
            if time.monotonic() >= until:
                break
            began = time.perf_counter()
            try:
                connection.request(call.method, call.path, call.body, {"Content-Type": call.kind})
                response = connection.getresponse()
                status, body = response.status, response.read()
            except (OSError, http.client.HTTPException):
                status, body = 0, b""
                connection.close()
            yield Answered(call, status, body, time.perf_counter() - began)
    finally:
        connection.close()


def statuses(answers: list[Answered]) -> dict[int, int]:
    """How often each status came."""
    return dict(sorted(Counter(answer.status for answer in answers).items()))
