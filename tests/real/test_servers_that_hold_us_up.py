"""A running service beside FHIR servers that are silent or answer too much: whoever does not need them does not wait.

Each bound stands beside a control: the same call to the same service, while nobody else calls.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.bodies import PATIENT_ID, patient_view_body, prefetch
from cds_service.fhir_client.terms import LATE, TOO_LARGE, TOO_LARGE_TOGETHER, TOO_MANY_ENTRIES
from tests.contract.records import bundle
from tests.fhir_stand_in import EHR, Asked, FhirStandIn, Reply
from tests.fuzz.service_process import Service, running_service

pytestmark = [pytest.mark.real, pytest.mark.alone]

CALLS_AT_ONCE = 64
PROMISED_SECONDS = 0.1
"""More than the control for a call that brings everything along, while others wait for a silent server."""
DEADLINE = 1.5
BEYOND_IT, BEYOND_IT_BY_FOUR = 0.5, 1.0
"""Seconds by which a call that was flooded exceeds the deadline at most, alone and as one of four."""
HEALTHY_SECONDS = 1.0
MEGABYTES = 500
"""More than the control for a call that brings everything along beside four such calls, and what these make us hold."""
LEFT_OUT = (LATE, TOO_LARGE, TOO_LARGE_TOGETHER, TOO_MANY_ENTRIES)


class Answer(NamedTuple):
    status: int
    body: Any
    seconds: float


class Caller:
    """An EHR that has discovered the service."""

    def __init__(self, service: Service) -> None:
        self._port = service.port
        found = self._send("GET", "/cds-services").body["services"]
        self._service = next(one for one in found if one["hook"] == "patient-view")
        self.templates: Mapping[str, str] = self._service["prefetch"]
        self._whole = patient_view_body(self._service, datetime.now(UTC))

    def with_everything(self) -> Answer:
        """A call that brings along all that is asked for."""
        return self._call(self._whole)

    def with_nothing(self, base: str) -> Answer:
        """A call that leaves everything to the FHIR server at this base."""
        body = {**json.loads(self._whole), "fhirServer": base}
        del body["prefetch"]
        return self._call(json.dumps(body).encode())

    def _call(self, body: bytes) -> Answer:
        return self._send("POST", f"/cds-services/{self._service['id']}", body)

    def _send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        begun = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            read = json.loads(answer.read())
        return Answer(answer.status, read, time.perf_counter() - begun)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path, 1, CDS_THREADS="16") as running:
        yield running


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The base of a server that accepts every connection and never says anything."""
    listener, held = socket.create_server(("127.0.0.1", 0), backlog=512), []

    def accept() -> None:
        with suppress(OSError):
            while True:
                held.append(listener.accept()[0])

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for one in (listener, *held):
        one.close()


@pytest.fixture
def server() -> Iterator[FhirStandIn]:
    EHR.forget()
    yield EHR
    EHR.forget()


def beside(calls: Sequence[Callable[[], Answer]], one: Callable[[], Answer]) -> tuple[list[Answer], list[Answer]]:
    """What these calls bring, all begun in one moment, and what `one` brings again and again meanwhile."""
    others: list[Answer] = []
    threads = [threading.Thread(target=lambda call=call: others.append(call())) for call in calls]
    for thread in threads:
        thread.start()
    # So many requests at once take a moment to be read, whatever becomes of them.
    time.sleep(0.3)
    mine = [one()]
    while any(thread.is_alive() for thread in threads):
        mine.append(one())
    return others, mine


def usual(answers: Sequence[Answer]) -> float:
    """The seconds that two thirds of the time brought at most, for what else the machine does.

    Not two thirds of the answers: many quick ones may follow a single one that was held up for long.
    """
    seconds = sorted(answer.seconds for answer in answers)
    beyond = sum(seconds) / 3
    while len(seconds) > 1 and seconds[-1] < beyond:
        beyond -= seconds.pop()
    return seconds[-1]


def slowest(answers: Sequence[Answer]) -> float:
    return max(answer.seconds for answer in answers)


def test_a_call_that_brings_everything_along_does_not_wait_for_a_silent_server(
    service: Service, silent_server: str
) -> None:
    """In the quietest of three rounds, each with a server that nobody has asked before: the machine may be busy."""
    caller, taken = Caller(service), []
    alone = [caller.with_everything() for _ in range(30)]
    for turn in range(3):
        base = f"{silent_server}-{turn}"
        others, mine = beside([partial(caller.with_nothing, base)] * CALLS_AT_ONCE, caller.with_everything)
        assert {answer.status for answer in (*alone, *mine)} == {200}
        assert {answer.status for answer in others} == {412}
        assert slowest(others) > DEADLINE / 2, "some of them did wait for the server"
        taken.append(usual(mine))
    assert min(taken) < PROMISED_SECONDS + slowest(alone)


def flood(caller: Caller, entries: int) -> Mapping[str, Reply]:
    """By type, searchsets of so many entries each, such as rules read."""
    found = prefetch(caller.templates, datetime.now(UTC))
    some = {
        template.split("?")[0]: found[key]["entry"]
        for key, template in caller.templates.items()
        if "?" in template and found[key]
    }
    return {kind: Reply(200, whole(bundle(*numbered(kept, entries)))) for kind, kept in some.items()}


def numbered(kept: Sequence[Any], entries: int) -> Iterator[Any]:
    for number, entry in zip(range(entries), cycle(kept), strict=False):
        yield {**entry["resource"], "id": f"n{number}"}


def whole(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("entries", [5_000, 10_000])
def test_answers_of_very_many_entries_hold_nobody_up_and_do_not_fill_the_memory(
    entries: int, service: Service, server: FhirStandIn
) -> None:
    """In the quietest of three rounds."""
    caller = Caller(service)
    many, patient = flood(caller, entries), Reply(200, {"resourceType": "Patient", "id": PATIENT_ID})

    def answer(asked: Asked) -> Reply:
        path = asked.url.partition("?")[0]
        return patient if "/Patient/" in path else many.get(path.rpartition("/")[2], Reply(200, bundle()))

    server.otherwise = answer
    alone = [caller.with_everything() for _ in range(30)]
    one_alone, four, healthy = [], [], []
    for _ in range(3):
        one = caller.with_nothing(server.base)
        others, mine = beside([partial(caller.with_nothing, server.base)] * 4, caller.with_everything)
        for flooded in (one, *others):
            assert flooded.status in (200, 412)
            assert any(reason in str(flooded.body) for reason in LEFT_OUT), "what was left out is said"
        one_alone.append(one.seconds)
        four.append(slowest(others))
        healthy.append(usual(mine))
    assert min(one_alone) < DEADLINE + BEYOND_IT + slowest(alone)
    assert min(four) < DEADLINE + BEYOND_IT_BY_FOUR + slowest(alone)
    assert min(healthy) < HEALTHY_SECONDS + slowest(alone)
    assert peak_megabytes(service) < MEGABYTES


def peak_megabytes(service: Service) -> float:
    """The most memory that the worker had at any time."""
    (worker,) = service.process.workers()
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
