"""`python -m bench.peer`: the service beside the same kind of service built with HealthChain, the nearest Python peer.

The peer reads the prefetch in two ways, `typed` and `plain`: see `bench.peer_service`. It runs in .venv-peer, which
`make bench-peer` makes.

What may live here: starting all three, the goals and the order of the measurements.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import subprocess
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console

from bench.bodies import patient_view_body
from bench.figures import CPU, P99, PSS, RSS, Comparison, Goal, show
from bench.load import Generator, LoadFailed, Target, generator
from bench.rounds import Plan, Side, alternate, discovered
from bench.servers import Running, ServerFailed, running
from cds_service.server import relax

PYTHON = Path(__file__).parents[1] / ".venv-peer" / "bin" / "python"
PEER_PATH = "/cds/cds-services/bench-peer"
READERS = ("typed", "plain")
CONNECTIONS = (1, 16)
SERVICE = ("cds_service.commands.cli", "serve", "--dev", "--port")


def goals(connections: int) -> dict[str, Goal]:
    """What is hoped for against either way of reading; the tail is judged where requests queue."""
    tail = {P99: Goal(1.0)} if connections > 1 else {}
    return {CPU: Goal(0.65), RSS: Goal(0.7), PSS: Goal(0.7), **tail}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=10, show_default=True, type=click.IntRange(1, 600), help="Per server and round.")
@click.option("--quick", is_flag=True, help="Two rounds of two seconds: does it run at all?")
def main(rounds: int, seconds: int, quick: bool) -> None:
    """Measure three servers in alternation, one worker each, with one connection and with sixteen."""
    if not PYTHON.exists():
        raise click.ClickException("there is no .venv-peer; `make bench-peer` makes it")
    plan = Plan(2, 2, 1) if quick else Plan(rounds, seconds, 1)
    name, load = generator()
    console = Console(width=170)
    console.print(f"load: {name}; {plan.rounds} rounds of {plan.seconds} s; {versions()}", markup=False)
    busy = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors; load average of the minute before: {busy:.2f}", markup=False)
    try:
        with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-bench-") as folder:
            for comparison in compare(Path(folder), plan, load):
                show(console, comparison)
    except (ServerFailed, LoadFailed) as problem:
        raise click.ClickException(str(problem)) from None


def versions() -> str:
    """The versions of both sides."""
    code = "from importlib.metadata import version as v; print(v('healthchain'), v('uvicorn'), v('fhir.resources'))"
    seen = subprocess.run((str(PYTHON), "-c", code), capture_output=True, text=True, check=True).stdout.split()
    peer = "HealthChain {}, uvicorn {}, fhir.resources {}".format(*seen)
    return f"{peer} against calciphylaxis-cds {metadata.version('calciphylaxis-cds')}"


def compare(folder: Path, plan: Plan, load: Generator) -> list[Comparison]:
    """All servers run at the same time and are loaded in turn."""
    with ExitStack() as stack:
        service = stack.enter_context(running("service", SERVICE, 1, folder))
        found = discovered(service.port)["patient-view"]
        body = folder / "body.json"
        body.write_bytes(patient_view_body(found, datetime.now(UTC)))
        sides = [_side("service", service, f"/cds-services/{found['id']}", body)]
        for reader in READERS:
            peer = stack.enter_context(
                running(
                    f"peer-{reader}",
                    ("bench.peer_service", reader),
                    1,
                    folder,
                    python=str(PYTHON),
                    variables={"BENCH_GC_THRESHOLDS": thresholds()},
                    forks=False,
                )
            )
            sides.append(_side(reader, peer, PEER_PATH, body))
        size = body.stat().st_size / 1024
        return [
            Comparison(
                f"beside HealthChain: patient-view, body of {size:.1f} KB, 1 worker, {connections} connection(s)",
                alternate(sides, dataclasses.replace(plan, connections=connections), load),
                goals(connections),
            )
            for connections in CONNECTIONS
        ]


def thresholds() -> str:
    """The garbage collector's thresholds, as the service sets them; those of this process are put back."""
    ours = gc.get_threshold()
    try:
        relax()
        return ",".join(map(str, gc.get_threshold()))
    finally:
        gc.set_threshold(*ours)


def _side(name: str, server: Running, path: str, body: Path) -> Side:
    return Side(name, server, lambda _: Target(server.port, path, body))


if __name__ == "__main__":
    main(prog_name="python -m bench.peer")
