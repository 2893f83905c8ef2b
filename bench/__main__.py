"""`python -m bench`: what a request costs, beside a constant Flask route under the same server.

What may live here: the options and the order of the measurements.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.bodies import empty_draft_body, order_select_body, patient_view_body
from bench.fetch import Fetching, measure_fetching
from bench.figures import Comparison, Sample, figure, show
from bench.load import Generator, LoadFailed, Target, generator
from bench.servers import Running, ServerFailed, running

Body = Callable[[Mapping[str, Any], datetime], bytes]


@dataclass(frozen=True)
class Case:
    """A kind of request: its hook, its body, and whether it is one whose growth against patient-view is shown."""

    name: str
    hook: str
    body: Body
    grown: bool = False


CASES = (
    Case("patient-view", "patient-view", patient_view_body),
    Case("order-select", "order-select", order_select_body),
    Case("order-select, empty draft, no prefetch", "order-select", empty_draft_body),
)
GROWN = (
    Case("twice the results that no rule reads", "patient-view", partial(patient_view_body, months=8), grown=True),
    Case("5 MB of prefetch", "patient-view", partial(patient_view_body, months=300), grown=True),
)
# The last option of each takes the port.
OURS = ("cds_service.cli", "serve", "--dev", "--port")
CONSTANT = ("bench.constant",)
LARGE_SECONDS = 3
"""The least time for large bodies: on a busy machine not one would be answered in a second."""


@dataclass(frozen=True)
class Plan:
    """How long and how hard to measure."""

    rounds: int
    seconds: float
    connections: int


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=5, show_default=True, type=click.IntRange(1, 600), help="Per server and round.")
@click.option(
    "--connections", default=4, show_default=True, type=click.IntRange(1, 256), help="Kept alive, per worker."
)
@click.option("--quick", is_flag=True, help="Two rounds of one second: does it run at all?")
@click.pass_context
def main(context: click.Context, rounds: int, seconds: int, connections: int, quick: bool) -> None:
    """Measure the service and a constant route in alternation, on loopback, and stop both."""
    if context.invoked_subcommand is not None:
        return
    plan = Plan(2, 1, connections) if quick else Plan(rounds, seconds, connections)
    name, load = generator()
    console = Console(width=150)
    console.print(f"load: {name}; {plan.rounds} rounds of {plan.seconds} s", markup=False)
    busy = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors; load average of the minute before: {busy:.2f}", markup=False)
    try:
        with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-bench-") as folder:
            for workers in (1, 2):
                found = compare(Path(folder), workers, plan, load)
                for comparison in found:
                    show(console, comparison)
                show_growth(console, found)
    except (ServerFailed, LoadFailed) as problem:
        raise click.ClickException(str(problem)) from None


@main.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(2, 1000), help="Per number of callers.")
def fetch(rounds: int) -> None:
    """Calls without prefetch against a stand-in FHIR server that takes 50 ms for each answer."""
    console = Console(width=150)
    try:
        with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-bench-") as folder:
            for callers in (1, 8, 32):
                show_fetching(console, measure_fetching(Path(folder), callers, rounds))
    except (ServerFailed, LoadFailed) as problem:
        raise click.ClickException(str(problem)) from None


def show_fetching(console: Console, found: Fetching) -> None:
    """One number of callers in three lines."""
    service, alone = found.service, found.stand_in
    console.print(f"{found.callers} callers at once, {len(found.seconds)} answers", markup=False)
    console.print(f"  service            p50 {service.p50:6.0f} ms  p99 {service.p99:6.0f} ms", markup=False)
    console.print(f"  stand-in by itself p50 {alone.p50:6.0f} ms  p99 {alone.p99:6.0f} ms", markup=False)
    console.print(f"  threads {found.threads}, sockets {found.sockets} (before, after)", markup=False)


def show_growth(console: Console, found: list[Comparison]) -> None:
    """What more data cost: processor time per request as a multiple of that of the ordinary patient-view."""
    plain = figure([sample.cpu_ms for sample in found[0].ours]).median
    for comparison in found:
        if comparison.grown:
            times = figure([sample.cpu_ms for sample in comparison.ours]).median / plain
            console.print(f"{comparison.title}: {times:.2f} times the CPU of patient-view", markup=False)


def compare(folder: Path, workers: int, plan: Plan, load: Generator) -> list[Comparison]:
    """Both servers with this many workers, body by body; more data with one worker only."""
    with (
        running("ours", OURS, workers, folder) as ours,
        running("constant", CONSTANT, workers, folder) as constant,
    ):
        services = discovered(ours.port)
        return [
            compare_case(case, services[case.hook], (ours, constant), workers, folder, plan, load)
            for case in (*CASES, *(GROWN if workers == 1 else ()))
        ]


def compare_case(
    case: Case,
    service: Mapping[str, Any],
    servers: tuple[Running, Running],
    workers: int,
    folder: Path,
    plan: Plan,
    load: Generator,
) -> Comparison:
    """One body: a warm-up, then the rounds; who goes first changes from round to round."""
    body = folder / "body.json"
    body.write_bytes(case.body(service, datetime.now(UTC)))
    connections = plan.connections * workers
    seconds = max(plan.seconds, LARGE_SECONDS) if case.grown else plan.seconds
    paths = (f"/cds-services/{service['id']}", "/constant")
    sides = [(server, Target(server.port, path, body)) for server, path in zip(servers, paths, strict=True)]
    samples: tuple[list[Sample], list[Sample]] = ([], [])
    for _, target in sides:
        load(target, connections, 1)
    for turn in range(plan.rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            samples[side].append(measure(*sides[side], connections, seconds, load))
    size = body.stat().st_size / 1024
    title = f"{case.name}, body of {size:.1f} KB, {workers} worker(s), {connections} connections"
    return Comparison(title, *samples, grown=case.grown)


def measure(server: Running, target: Target, connections: int, seconds: float, load: Generator) -> Sample:
    """One run, with the processor time that the workers used for it."""
    before = server.cpu_seconds()
    seen = load(target, connections, seconds)
    if not seen.requests:
        raise LoadFailed(f"no answer within {seconds} seconds")
    cpu_ms = (server.cpu_seconds() - before) * 1000 / seen.requests
    return Sample(seen.requests / seen.seconds, seen.p50, seen.p99, cpu_ms, server.resident_megabytes())


def discovered(port: int) -> dict[str, Mapping[str, Any]]:
    """The services by hook."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/cds-services")
        services = json.loads(connection.getresponse().read())["services"]
    finally:
        connection.close()
    return {service["hook"]: service for service in services}


if __name__ == "__main__":
    main(prog_name="python -m bench")
