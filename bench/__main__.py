"""`python -m bench`: what a request costs, beside a constant Flask route under the same server.

What may live here: the options, the order of the measurements, and what is printed of them.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.cases import CASES, GROWN, Case
from bench.fetch import CALLERS, SECURE_CALLERS, Way, measure_fetching, show_fetching
from bench.figures import Comparison, figure, show
from bench.hapi import measure_hapi
from bench.load import Generator, LoadFailed, Target, generator
from bench.rounds import Plan, Side, alternate, discovered
from bench.servers import Running, ServerFailed, running
from bench.tokens import cost_of_tokens

# The last option of each takes the port.
OURS = ("cds_service.commands.cli", "serve", "--dev", "--port")
CONSTANT = ("bench.constant",)
THREADED = ("bench.threaded",)
LARGE_SECONDS = 3
"""The least time for large bodies: on a busy machine not one would be answered in a second."""


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
    context.obj = Plan(2, 1, connections) if quick else Plan(rounds, seconds, connections)
    if context.invoked_subcommand is not None:
        return
    plan: Plan = context.obj
    with measuring() as (console, folder, load):
        introduce(console, plan)
        for workers in (1, 2):
            found = compare(folder, workers, plan, load)
            for _, comparison in found:
                show(console, comparison)
            show_growth(console, found)


@contextmanager
def measuring() -> Iterator[tuple[Console, Path, Generator]]:
    """A console, a temporary folder, and the load generator; a failure is said in one line."""
    try:
        with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-bench-") as folder:
            yield Console(width=170), Path(folder), generator()[1]
    except (ServerFailed, LoadFailed) as problem:
        raise click.ClickException(str(problem)) from None


def introduce(console: Console, plan: Plan) -> None:
    """What the figures depend on."""
    console.print(f"load: {generator()[0]}; {plan.rounds} rounds of {plan.seconds} s", markup=False)
    busy = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors; load average of the minute before: {busy:.2f}", markup=False)


@main.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(2, 1000), help="Per number of callers.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Of the service.")
def fetch(rounds: int, workers: int) -> None:
    """Calls without prefetch against a stand-in FHIR server that takes 50 ms for each answer, over http and https."""
    with measuring() as (console, folder, _):
        console.print(f"{workers} worker(s)")
        for callers in CALLERS:
            for way in (Way(), Way(batch=True)):
                show_fetching(console, measure_fetching(folder, callers, rounds, way, workers))
        for callers in SECURE_CALLERS:
            for way in (Way(secure=True), Way(secure=True, fresh_tokens=True)):
                show_fetching(console, measure_fetching(folder, callers, rounds, way, workers))


@main.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(2, 1000), help="Per number of callers.")
def hapi(rounds: int) -> None:
    """Calls without prefetch against a real HAPI FHIR server (Java 17, Maven)."""
    with measuring() as (console, folder, _):
        measure_hapi(console, folder, rounds)


@main.command()
@click.pass_obj
def token(plan: Plan) -> None:
    """patient-view with the client's JWT, and without."""
    with measuring() as (console, folder, load):
        introduce(console, plan)
        for comparison in cost_of_tokens(folder, plan, load):
            show(console, comparison)


@main.command()
@click.pass_obj
def reading(plan: Plan) -> None:
    """patient-view under our own worker and under gunicorn's threaded one; one worker each, 1 and 8 connections."""
    with measuring() as (console, folder, load):
        introduce(console, plan)
        with running("ours", OURS, 1, folder) as ours, running("threaded", THREADED, 1, folder) as threaded:
            for connections in (1, 8):
                show(
                    console,
                    compare_workers((ours, threaded), folder, dataclasses.replace(plan, connections=connections), load),
                )


def compare_workers(servers: tuple[Running, Running], folder: Path, plan: Plan, load: Generator) -> Comparison:
    """The same patient-view, sent to both in alternation."""
    case, body = CASES[0], folder / "body.json"
    service = discovered(servers[0].port)[case.hook]
    body.write_bytes(case.body(service, datetime.now(UTC)))
    path = f"/cds-services/{service['id']}"
    ours, threaded = (Target(server.port, path, body) for server in servers)
    sides = (
        Side("our worker", servers[0], lambda _: ours),
        Side("gunicorn's threaded worker", servers[1], lambda _: threaded),
    )
    return Comparison(f"{case.name}, one worker, {plan.connections} connections", alternate(sides, plan, load))


def show_growth(console: Console, found: list[tuple[Case, Comparison]]) -> None:
    """What more data cost: processor time per request as a multiple of that of the ordinary patient-view."""
    plain = figure([sample.cpu_ms for sample in found[0][1].first]).median
    for case, comparison in found:
        if case.growth is not None:
            times = figure([sample.cpu_ms for sample in comparison.first]).median / plain
            verdict = f"goal {case.growth}: {case.growth.verdict(times)}"
            console.print(f"{comparison.title}: {times:.2f} times the CPU of patient-view; {verdict}", markup=False)


def compare(folder: Path, workers: int, plan: Plan, load: Generator) -> list[tuple[Case, Comparison]]:
    """Both servers with this many workers, body by body; more data with one worker only."""
    with (
        running("ours", OURS, workers, folder) as ours,
        running("constant", CONSTANT, workers, folder) as constant,
    ):
        services = discovered(ours.port)
        cases = (*CASES, *(GROWN if workers == 1 else ()))
        return [
            (case, compare_case(case, services[case.hook], (ours, constant), workers, folder, plan, load))
            for case in cases
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
    """One body, sent to the service and to the constant route in alternation."""
    body = folder / "body.json"
    body.write_bytes(case.body(service, datetime.now(UTC)))
    seconds = max(plan.seconds, LARGE_SECONDS) if case.growth else plan.seconds
    whole = dataclasses.replace(plan, seconds=seconds, connections=plan.connections * workers)
    ours, constant = servers
    asked = Target(ours.port, f"/cds-services/{service['id']}", body)
    sides = (
        Side("service", ours, lambda _: asked),
        Side("constant route", constant, lambda _: Target(constant.port, "/constant", body)),
    )
    size = body.stat().st_size / 1024
    title = f"{case.name}, body of {size:.1f} KB, {workers} worker(s), {whole.connections} connections"
    return Comparison(title, alternate(sides, whole, load), case.goals)


if __name__ == "__main__":
    main(prog_name="python -m bench")
