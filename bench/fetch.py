"""`python -m bench fetch`: calls without prefetch, the service's waiting beside that of its FHIR server.

What may live here: callers that start together, the same searches without the service, and what both took. The
server's own time is one parallel round: every search (or batch) of every caller at once, each on its own
connection.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.bodies import PATIENT_ID
from bench.certificate import certificate_for_loopback
from bench.figures import Goal
from bench.load import LoadFailed
from bench.servers import Running, running

STAND_IN = "bench.stand_in"
CALLERS = (1, 8, 32, 64)
SECURE_CALLERS = (1, 8)
WARM_UP = 3
P50_GOALS = {1: Goal(1.15), 8: Goal(1.3)}
"""By callers: p50 of the service divided by that of the FHIR server itself."""
P99_GOALS = {32: Goal(500)}
"""By callers: milliseconds."""
_LONGEST_ANSWER = 50_000_000


@dataclass(frozen=True)
class Waiting:
    """Milliseconds until the answer."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Way:
    """How the FHIR server is asked: in batches, over TLS, with a separate token for each call."""

    batch: bool = False
    secure: bool = False
    fresh_tokens: bool = False

    def __str__(self) -> str:
        asked = "one batch each" if self.batch else "search by search"
        return f"{asked}, {'https' if self.secure else 'http'}{', a fresh token per call' * self.fresh_tokens}"


@dataclass(frozen=True)
class Fetching:
    """What was seen with this many callers at once. Pairs are (before, after)."""

    callers: int
    seconds: Sequence[float]
    alone: Sequence[float]
    threads: tuple[int, int]
    sockets: tuple[int, int]
    way: Way
    cpu_ms: float = 0.0

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


def measure_fetching(folder: Path, callers: int, rounds: int, way: Way = Way(), workers: int = 1) -> Fetching:
    """A fresh service, and a fresh stand-in; both are stopped at the end."""
    certificate = certificate_for_loopback(folder)
    with running(f"stand-in-{callers}", (STAND_IN, str(certificate)), 1, folder) as stand_in:
        base = f"http://127.0.0.1:{stand_in.port}"
        if way.secure:
            base = f"https://127.0.0.1:{_get(stand_in.port, '/tls').decode()}"
        trust = {"CDS_FHIR_TRUST_ENVIRONMENT": "true", "REQUESTS_CA_BUNDLE": str(certificate)}
        trusted = trust if way.secure else {}
        return measure_against(base, PATIENT_ID, folder, callers, rounds, way, workers, trusted)


def measure_against(
    base: str,
    patient: str,
    folder: Path,
    callers: int,
    rounds: int,
    way: Way,
    workers: int = 1,
    variables: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Fetching:
    """A fresh service that asks the FHIR server at `base` about one patient; `python` may be that of another tree."""
    how = "batch" if way.batch else "singly"
    module = ("bench.fetching_service", how)
    with running(f"service-{how}-{callers}", module, workers, folder, variables=variables, python=python) as service:
        found = _service(service.port)
        path, number = f"/cds-services/{found['id']}", count()

        def body() -> bytes:
            return _body(found, base, patient, f"token-{next(number) if way.fresh_tokens else 0}")

        paths = [template.replace("{{context.patientId}}", patient) for template in found["prefetch"].values()]
        before = service.threads(), service.sockets()
        # Until a FHIR server has answered for the first time, not all threads may wait for it.
        _together(service, path, body, 1)
        for _ in range(WARM_UP):
            _together(service, path, body, callers)
            # Until a FHIR server has proven itself, its connections rest before they are used again.
            time.sleep(0.3)
        used = service.cpu_seconds()
        seconds = [spent for _ in range(rounds) for spent in _together(service, path, body, callers)]
        cpu_ms = (service.cpu_seconds() - used) * 1000 / len(seconds)
        trust = (variables or {}).get("REQUESTS_CA_BUNDLE")
        alone = asyncio.run(_rounds(base, _requests(base, paths, way.batch) * callers, rounds, trust))
        # Idle connections of the callers are closed by then; those to the FHIR server may be kept.
        time.sleep(1)
        after = service.threads(), service.sockets()
    return Fetching(callers, seconds, alone, (before[0], after[0]), (before[1], after[1]), way, cpu_ms)


def show_fetching(console: Console, found: Fetching) -> None:
    """One number of callers in a few lines, with what was hoped for."""
    service, alone = found.service, found.stand_in
    ratio = service.p50 / alone.p50
    lines = [
        f"{found.callers} callers at once, {found.way}, "
        f"{len(found.seconds)} answers, {found.cpu_ms:.1f} ms of CPU each",
        f"  service               p50 {service.p50:6.0f} ms  p99 {service.p99:6.0f} ms{_p99_goal(found)}",
        f"  FHIR server by itself p50 {alone.p50:6.0f} ms  p99 {alone.p99:6.0f} ms",
        f"  p50: {ratio:.2f} times{_goal(P50_GOALS.get(found.callers), ratio)}",
        f"  threads {found.threads}, sockets {found.sockets} (before, after)",
    ]
    console.print("\n".join(lines), markup=False, highlight=False)


def _p99_goal(found: Fetching) -> str:
    return _goal(P99_GOALS.get(found.callers), found.service.p99)


def _goal(goal: Goal | None, value: float) -> str:
    return f"  (goal {goal}: {goal.verdict(value)})" if goal else ""


def _service(port: int) -> Mapping[str, Any]:
    services = json.loads(_get(port, "/cds-services"))["services"]
    return next(service for service in services if service["hook"] == "patient-view")


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _body(service: Mapping[str, Any], base: str, patient: str, token: str) -> bytes:
    request = {
        "hook": service["hook"],
        "hookInstance": "5d3f7c3e-6f0b-4f4e-9a43-6f3f3e0a7b11",
        "fhirServer": base,
        "fhirAuthorization": {"access_token": token, "token_type": "Bearer", "expires_in": 300},
        "context": {"userId": "Practitioner/bench", "patientId": patient},
    }
    return json.dumps(request).encode()


def _together(service: Running, path: str, body: Callable[[], bytes], callers: int) -> list[float]:
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
            connection.request("POST", path, body(), {"Content-Type": "application/json"})
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


def _requests(base: str, paths: Sequence[str], batch: bool) -> list[bytes]:
    """The requests of one caller as they go over the wire."""
    _, _, rest = base.partition("://")
    host, slash, root = rest.partition("/")
    common = f"HTTP/1.1\r\nHost: {host}\r\nAccept: application/fhir+json\r\n"
    if not batch:
        return [f"GET {slash}{root}/{path.replace('|', '%7C')} {common}\r\n".encode() for path in paths]
    entries = [{"request": {"method": "GET", "url": path}} for path in paths]
    body = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})
    length = f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
    return [f"POST /{root} {common}{length}\r\n{body}".encode()]


async def _rounds(base: str, requests: Sequence[bytes], rounds: int, trust: str | None = None) -> list[float]:
    """Every request at once, on connections that are open already; the seconds of each round."""
    host, _, port = base.partition("://")[2].partition("/")[0].partition(":")
    context = ssl.create_default_context(cafile=trust) if base.startswith("https:") else None
    streams = [await asyncio.open_connection(host, int(port), limit=_LONGEST_ANSWER, ssl=context) for _ in requests]
    spent: list[float] = []
    for _ in range(WARM_UP + rounds):
        started = time.perf_counter()
        await asyncio.gather(*(_ask(request, *pair) for request, pair in zip(requests, streams, strict=True)))
        spent.append(time.perf_counter() - started)
    for _, writer in streams:
        writer.close()
    return spent[WARM_UP:]


async def _ask(request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise LoadFailed(f"the FHIR server answered {head[:12]!r}")
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    else:
        await reader.readuntil(b"\r\n0\r\n\r\n")
