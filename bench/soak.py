"""`python -m bench.soak --minutes 30`: ordinary and hostile calls for a long time; does the service stay as it was?

What may live here: the options, the rounds and the table. What is sent stands with the tests, in `tests/fuzz/traffic`.
"""

from __future__ import annotations

import tempfile
import time
from itertools import cycle, islice, repeat
from pathlib import Path

import click
from rich.console import Console

from tests.fuzz.faulty_fhir import faulty_fhir
from tests.fuzz.service_process import Figures, running_service
from tests.fuzz.traffic import calls, heaviest, send, statuses

ROUND = 2_000
ROW = "{:>7}  {:>8}  {:>5}  {:>6}  {:>20}  {:>11}  {:>11}"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=30, show_default=True, type=click.FloatRange(0.1, 24 * 60))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--growth", default=10.0, show_default=True, help="Percent of memory that may be added.")
def main(minutes: float, workers: int, connections: int, growth: float) -> None:
    """Send the same mixture round after round; the first quarter of the time is warm-up. Ends with 1 when it grew."""
    console, began, end = Console(width=120), time.monotonic(), time.monotonic() + minutes * 60
    rows: list[tuple[float, dict[int, Figures]]] = []
    failures, sent = 0, 0
    console.print(ROW.format("seconds", "requests", "5xx", "slow s", "MB per worker", "threads", "files"), markup=False)
    with (
        tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-soak-") as folder,
        faulty_fhir() as fhir,
        running_service(Path(folder), workers) as service,
    ):
        send(service.port, repeat(heaviest(fhir)), 16 * connections, 4 * connections)
        stream = cycle(islice(calls(fhir), ROUND))
        while time.monotonic() < end:
            answers = send(service.port, stream, ROUND, connections)
            sent += len(answers)
            failures += sum(count for status, count in statuses(answers).items() if not 0 < status < 500)
            rows.append((time.monotonic() - began, service.figures()))
            console.print(line(rows[-1], sent, failures, max(answer.seconds for answer in answers)), markup=False)
    grown = growth_percent(rows, minutes * 15)
    console.print(f"{sent} requests, {failures} failed; memory after the warm-up: {grown:+.1f} %", markup=False)
    raise SystemExit(int(failures > 0 or grown > growth))


def line(row: tuple[float, dict[int, Figures]], sent: int, failures: int, slowest: float) -> str:
    """One row of the table."""
    seconds, workers = row[0], row[1].values()

    def each(values: list[int]) -> str:
        return " ".join(map(str, values))

    memory = " ".join(f"{one.megabytes:.1f}" for one in workers)
    threads, files = each([one.threads for one in workers]), each([one.files for one in workers])
    return ROW.format(f"{seconds:.0f}", sent, failures, f"{slowest:.2f}", memory, threads, files)


def growth_percent(rows: list[tuple[float, dict[int, Figures]]], warm_after: float) -> float:
    """How much the worker that grew most added after the warm-up, in percent; endless when a worker was replaced."""
    warm = next((workers for seconds, workers in rows if seconds >= warm_after), rows[-1][1])
    last = rows[-1][1]
    if warm.keys() != last.keys():
        return float("inf")
    return max((last[pid].megabytes / warm[pid].megabytes - 1) * 100 for pid in warm)


if __name__ == "__main__":
    main(prog_name="python -m bench.soak")
