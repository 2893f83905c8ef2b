"""Calls without prefetch: the service's waiting beside that of its FHIR server.

What may live here: callers that start together, the same searches without the service, and what both took. The
stand-in's own time is one parallel round: every search of every caller at once, each on a connection of its own.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bodies import PATIENT_ID
from bench.load import LoadFailed
from bench.servers import Running, running

SERVICE = ("cds_service.cli", "serve", "--dev", "--port")
STAND_IN = ("bench.stand_in",)
WARM_UP = 2


@dataclass(frozen=True)
class Waiting:
    """Milliseconds until the answer."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Fetching:
    """What was seen with this many callers at once. Pairs are (before, after)."""

    callers: int
    seconds: Sequence[float]
    alone: Sequence[float]
    threads: tuple[int, int]
    sockets: tuple[int, int]

    @property
    def service(self) -> Waiting:
        """From the call to its cards."""
        return waiting(self.seconds)

    @property
    def stand_in(self) -> Waiting:
        """From the start of a round to its last answer."""
        return waiting(self.alone)


def waiting(seconds: Sequence[float]) -> Waiting:
    """The median and the 99th percentile of at least two answers."""
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return Waiting(hundredths[49] * 1000, hundredths[98] * 1000)


def measure_fetching(folder: Path, callers: int, rounds: int) -> Fetching:
    """A fresh service with one worker, and a fresh stand-in; both are stopped at the end."""
    with (
        running(f"stand-in-{callers}", STAND_IN, 1, folder) as stand_in,
        running(f"service-{callers}", SERVICE, 1, folder) as service,
    ):
        found = _service(service.port)
        body = _body(found, stand_in.port)
        path = f"/cds-services/{found['id']}"
        before = service.threads(), service.sockets()
        for _ in range(WARM_UP):
            _together(service, path, body, callers)
        seconds = [spent for _ in range(rounds) for spent in _together(service, path, body, callers)]
        paths = [f"/{template.replace('{{context.patientId}}', PATIENT_ID)}" for template in found["prefetch"].values()]
        alone = asyncio.run(_rounds(stand_in.port, paths * callers, rounds))
        # Idle connections of the callers are closed by then; those to the FHIR server may be kept.
        time.sleep(1)
        after = service.threads(), service.sockets()
    return Fetching(callers, seconds, alone, (before[0], after[0]), (before[1], after[1]))


def _service(port: int) -> Mapping[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/cds-services")
        services = json.loads(connection.getresponse().read())["services"]
    finally:
        connection.close()
    return next(service for service in services if service["hook"] == "patient-view")


def _body(service: Mapping[str, Any], stand_in: int) -> bytes:
    request = {
        "hook": service["hook"],
        "hookInstance": "5d3f7c3e-6f0b-4f4e-9a43-6f3f3e0a7b11",
        "fhirServer": f"http://127.0.0.1:{stand_in}",
        "context": {"userId": "Practitioner/bench", "patientId": PATIENT_ID},
    }
    return json.dumps(request).encode()


def _together(service: Running, path: str, body: bytes, callers: int) -> list[float]:
    """One call of each caller, all started at the same moment; the seconds of each."""
    barrier = threading.Barrier(callers)
    spent: list[float] = []
    wrong: list[str] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        try:
            connection.connect()
            barrier.wait(timeout=30)
            started = time.perf_counter()
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            cards = answer.read()
            spent.append(time.perf_counter() - started)
            if answer.status != 200 or b'"uuid"' not in cards:
                wrong.append(f"answered {answer.status}: {cards[:300]!r}")
        except (OSError, http.client.HTTPException, threading.BrokenBarrierError) as problem:
            wrong.append(f"{type(problem).__name__}: {problem}")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise LoadFailed(f"{len(wrong)} of {callers} callers: {wrong[0]}")
    return spent


async def _rounds(port: int, paths: Sequence[str], rounds: int) -> list[float]:
    """Every path at once, on connections that are open already; the seconds of each round."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in paths]
    spent: list[float] = []
    for _ in range(WARM_UP + rounds):
        started = time.perf_counter()
        await asyncio.gather(*(_get(path, *pair) for path, pair in zip(paths, streams, strict=True)))
        spent.append(time.perf_counter() - started)
    for _, writer in streams:
        writer.close()
    return spent[WARM_UP:]


async def _get(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
