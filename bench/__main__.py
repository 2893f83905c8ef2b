"""`python -m bench`: what a request costs, beside a constant Flask route under the same server.

What may live here: the options and the order of the measurements.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.bodies import order_select_body, patient_view_body
from bench.figures import Comparison, Sample, show
from bench.load import Generator, LoadFailed, Target, generator
from bench.servers import Running, ServerFailed, running

BODIES = {"patient-view": patient_view_body, "order-select": order_select_body}
# The last option of each takes the port.
OURS = ("cds_service.cli", "serve", "--dev", "--port")
CONSTANT = ("bench.constant",)


@dataclass(frozen=True)
class Plan:
    """How long and how hard to measure."""

    rounds: int
    seconds: float
    connections: int


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=5, show_default=True, type=click.IntRange(1, 600), help="Per server and round.")
@click.option(
    "--connections", default=4, show_default=True, type=click.IntRange(1, 256), help="Kept alive, per worker."
)
@click.option("--quick", is_flag=True, help="Two rounds of one second: does it run at all?")
def main(rounds: int, seconds: int, connections: int, quick: bool) -> None:
    """Measure the service and a constant route in alternation, on loopback, and stop both."""
    plan = Plan(2, 1, connections) if quick else Plan(rounds, seconds, connections)
    name, load = generator()
    console = Console(width=150)
    console.print(f"load: {name}; {plan.rounds} rounds of {plan.seconds} s", markup=False)
    busy = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors; load average of the minute before: {busy:.2f}", markup=False)
    try:
        with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-bench-") as folder:
            for workers in (1, 2):
                for comparison in compare(Path(folder), workers, plan, load):
                    show(console, comparison)
    except (ServerFailed, LoadFailed) as problem:
        raise click.ClickException(str(problem)) from None


def compare(folder: Path, workers: int, plan: Plan, load: Generator) -> list[Comparison]:
    """Both servers with this many workers, body by body."""
    with (
        running("ours", OURS, workers, folder) as ours,
        running("constant", CONSTANT, workers, folder) as constant,
    ):
        return [
            compare_hook(hook, service, (ours, constant), workers, folder, plan, load)
            for hook, service in discovered(ours.port).items()
        ]


def compare_hook(
    hook: str,
    service: Mapping[str, Any],
    servers: tuple[Running, Running],
    workers: int,
    folder: Path,
    plan: Plan,
    load: Generator,
) -> Comparison:
    """One body: a warm-up, then the rounds; who goes first changes from round to round."""
    body = folder / f"{hook}.json"
    body.write_bytes(BODIES[hook](service, datetime.now(UTC)))
    connections = plan.connections * workers
    paths = (f"/cds-services/{service['id']}", "/constant")
    sides = [(server, Target(server.port, path, body)) for server, path in zip(servers, paths, strict=True)]
    samples: tuple[list[Sample], list[Sample]] = ([], [])
    for _, target in sides:
        load(target, connections, 1)
    for turn in range(plan.rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            samples[side].append(measure(*sides[side], connections, plan.seconds, load))
    size = body.stat().st_size / 1024
    title = f"{hook}, body of {size:.0f} KB, {workers} worker(s), {connections} connections"
    return Comparison(title, *samples)


def measure(server: Running, target: Target, connections: int, seconds: float, load: Generator) -> Sample:
    """One run, with the processor time that the workers used for it."""
    before = server.cpu_seconds()
    seen = load(target, connections, seconds)
    cpu_ms = (server.cpu_seconds() - before) * 1000 / seen.requests
    return Sample(seen.requests / seen.seconds, seen.p50, seen.p99, cpu_ms, server.resident_megabytes())


def discovered(port: int) -> dict[str, Mapping[str, Any]]:
    """The services that we have bodies for, by hook."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/cds-services")
        services = json.loads(connection.getresponse().read())["services"]
    finally:
        connection.close()
    return {service["hook"]: service for service in services if service["hook"] in BODIES}


if __name__ == "__main__":
    main(prog_name="python -m bench")
