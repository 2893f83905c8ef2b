"""`python -m bench.soak --minutes 30`: ordinary and hostile calls for a long time; does the service stay as it was?

What may live here: the options, the rounds and the table. What is sent stands with the tests, in `tests/fuzz/traffic`.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from itertools import cycle, islice, repeat
from pathlib import Path

import click
from rich.console import Console

from tests.fuzz.faulty_fhir import faulty_fhir
from tests.fuzz.service_process import Figures, grown, running_service
from tests.fuzz.traffic import calls, heaviest, send, statuses

ROUND = 2_000
ROW = "{:>7}  {:>8}  {:>5}  {:>6}  {:>20}  {:>11}  {:>11}  {:>11}"


@dataclass(frozen=True)
class Row:
    """Where the service stood after a round: seconds since the start, requests and failures so far, slowest answer."""

    seconds: float
    sent: int
    failures: int
    slowest: float
    workers: dict[int, Figures]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=30, show_default=True, type=click.FloatRange(0.1, 24 * 60))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--growth", default=0.2, show_default=True, help="Megabytes a worker may add per 1000 requests to it.")
def main(minutes: float, workers: int, connections: int, growth: float) -> None:
    """Send the same mixture round after round; the first quarter of the time is warm-up. Ends with 1 when it grew."""
    console, began, end = Console(width=120), time.monotonic(), time.monotonic() + minutes * 60
    rows: list[Row] = []
    failures = 0
    headings = ("seconds", "requests", "5xx", "slow s", "MB per worker", "threads", "connections", "files")
    console.print(ROW.format(*headings), markup=False)
    with (
        tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-soak-") as folder,
        faulty_fhir() as fhir,
        running_service(Path(folder), workers) as service,
    ):
        send(service.port, repeat(heaviest(fhir)), 16 * connections, 4 * connections)
        stream = cycle(islice(calls(fhir), ROUND))
        while time.monotonic() < end:
            answers = send(service.port, stream, ROUND, connections)
            failures += sum(count for status, count in statuses(answers).items() if not 0 < status < 500)
            slowest, sent = max(answer.seconds for answer in answers), ROUND * (len(rows) + 1)
            rows.append(Row(time.monotonic() - began, sent, failures, slowest, service.at_rest()))
            console.print(line(rows[-1]), markup=False)
    growth_seen = growth_per_1000(rows, minutes * 15)
    console.print(
        f"{rows[-1].sent} requests, {failures} failed; after the warm-up {growth_seen:+.3f} MB per 1000 requests",
        markup=False,
    )
    raise SystemExit(int(failures > 0 or growth_seen > growth))


def line(row: Row) -> str:
    """One row of the table."""

    def each(values: list[int]) -> str:
        return " ".join(map(str, values))

    workers = row.workers.values()
    memory = " ".join(f"{worker.megabytes:.1f}" for worker in workers)
    threads, files = each([worker.threads for worker in workers]), each([worker.files for worker in workers])
    connections = each([worker.inbound + worker.outbound for worker in workers])
    slowest = f"{row.slowest:.2f}"
    return ROW.format(f"{row.seconds:.0f}", row.sent, row.failures, slowest, memory, threads, connections, files)


def growth_per_1000(rows: list[Row], warm_after: float) -> float:
    """Megabytes that the worker which grew most added per 1000 requests to it, after so many seconds of warm-up."""
    warm, last = next((row for row in rows if row.seconds >= warm_after), rows[-1]), rows[-1]
    thousands = (last.sent - warm.sent) / len(last.workers) / 1000
    return grown(warm.workers, last.workers) / thousands if thousands else 0.0


if __name__ == "__main__":
    main(prog_name="python -m bench.soak")
