"""Measuring several servers in alternation, so that what disturbs the machine disturbs all of them.

What may live here: the order of the runs and what is noted of each.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.figures import Sample
from bench.load import Generator, LoadFailed, Target
from bench.servers import Running

WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """How long and how hard to measure."""

    rounds: int
    seconds: float
    connections: int


@dataclass(frozen=True)
class Side:
    """A server and what it is asked: `target(seconds)` is called before each run of that many seconds."""

    name: str
    server: Running
    target: Callable[[float], Target]


def alternate(sides: Sequence[Side], plan: Plan, load: Generator) -> dict[str, list[Sample]]:
    """Warm up all sides, then load them in turn; which side is first changes from round to round."""
    for side in sides:
        load(side.target(WARM_UP_SECONDS), plan.connections, WARM_UP_SECONDS)
    samples: dict[str, list[Sample]] = {side.name: [] for side in sides}
    for turn in range(plan.rounds):
        start = turn % len(sides)
        for side in (*sides[start:], *sides[:start]):
            samples[side.name].append(measure(side, plan, load))
    return samples


def measure(side: Side, plan: Plan, load: Generator) -> Sample:
    """One run, with the processor time that the workers used for it."""
    target = side.target(plan.seconds)
    before = side.server.cpu_seconds()
    seen = load(target, plan.connections, plan.seconds)
    if not seen.requests:
        raise LoadFailed(f"no answer within {plan.seconds} seconds")
    cpu_ms = (side.server.cpu_seconds() - before) * 1000 / seen.requests
    return Sample(seen.requests / seen.seconds, seen.p50, seen.p99, cpu_ms, side.server.memory())


def discovered(port: int) -> dict[str, Mapping[str, Any]]:
    """The services by hook."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/cds-services")
        services = json.loads(connection.getresponse().read())["services"]
    finally:
        connection.close()
    return {service["hook"]: service for service in services}
