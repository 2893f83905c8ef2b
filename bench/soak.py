"""`python -m bench.soak --minutes 30`: ordinary and hostile calls for a long time; does the service stay as it was?

What may live here: the options, the rounds and the table. What is sent stands with the tests, in `tests/fuzz/traffic`
and `tests/fuzz/hostile`.
"""

from __future__ import annotations

import json
import signal
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle, islice, repeat
from pathlib import Path

import click

from bench.held_open import HeldOpen
from bench.probe import Probe
from bench.soaked import one_service, two_services
from bench.stored import Kept, kept_with
from bench.writers import CARDS, feedback_on, stop_cleanly
from tests.fuzz.faulty_fhir import faulty_fhir
from tests.fuzz.hostile import MODES
from tests.fuzz.hostile.play import PATH, body_for
from tests.fuzz.hostile.server import SOME, hostile_fhir, trap
from tests.fuzz.service_process import Figures, grown
from tests.fuzz.traffic import Answered, Call, calls, heaviest, send, statuses

ROUND = 2_000
LATE_SECONDS = 60.0
"""So long after the end the last call begins at the latest."""
HOSTILE_EVERY, SOUND_EVERY = 10, 8
"""One call in so many has a FHIR server at its worst behind it; one is the same sound call, whose time is told."""
SOUND = Call(PATH, CARDS)
HEADINGS = (
    "seconds", "requests", "failed", "sound call: p50, p99 ms", "control: p50, p99 ms", "slowest s", "MB per worker",
    "threads", "connections", "files", "strangers sent away",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Where the service stood after a round: seconds since the start, requests and failures so far. All times are in
    seconds: of the sound calls, of the control, and of the slowest of all.
    """

    seconds: float
    sent: int
    failures: int
    sound: Sequence[float]
    control: Sequence[float]
    slowest: float
    workers: dict[int, Figures]
    sent_away: int = 0


@dataclass
class Feedback:
    """What was acknowledged: the cards of feedback that was answered 200."""

    acknowledged: set[str] = field(default_factory=set)

    def note(self, answers: list[Answered]) -> None:
        for answer in answers:
            if answer.status == 200 and answer.call.path.endswith("/feedback"):
                self.acknowledged.update(item["card"] for item in json.loads(answer.call.body)["feedback"])

    def lost(self, url: str) -> int:
        """How many of them the database does not hold."""
        wanted = Kept(feedback=Counter(self.acknowledged))
        return kept_with(url, wanted).lacks(wanted)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--hosts",
    default="1",
    show_default=True,
    type=click.Choice(["1", "2"]),
    help="2: behind nginx, with PostgreSQL and Redis.",
)
@click.option("--minutes", default=30, show_default=True, type=click.FloatRange(0.1, 24 * 60))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--held", default=100, show_default=True, type=click.IntRange(0, 500), help="Connections of strangers.")
@click.option("--growth", default=0.2, show_default=True, help="Megabytes a worker may add per 1000 requests to it.")
def main(hosts: str, minutes: float, workers: int, connections: int, held: int, growth: float) -> None:
    """Send the same mixture round after round; the first quarter of the time is warm-up.

    Ends with 1 when a worker grew, a request failed, or acknowledged feedback is not in the database.
    """
    began, end = time.monotonic(), time.monotonic() + minutes * 60
    rows: list[Row] = []
    sent, failures, feedback = 0, 0, Feedback()
    signal.signal(signal.SIGTERM, stop_cleanly)
    click.echo(f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-soak-"))
        bases = list(hostile_bases(stack))
        fhir = stack.enter_context(faulty_fhir())
        service = stack.enter_context((two_services if hosts == "2" else one_service)(Path(folder), workers))
        # A service that is held up ends the soak late, but it ends.
        last = end + LATE_SECONDS
        send(service.port, repeat(heaviest(fhir)), 16 * connections, 4 * connections, last)
        stream = anew(cycle(islice(mixture(fhir, bases), ROUND)))
        while not rows or time.monotonic() < end:
            with HeldOpen(service.port, held) as strangers, Probe(service.port) as control:
                answers = send(service.port, stream, ROUND, connections, last)
            feedback.note(answers)
            failures += sum(count for status, count in statuses(answers).items() if not 0 < status < 500)
            sound = [answer.seconds for answer in answers if answer.call == SOUND]
            sent += len(answers)
            slowest = max((answer.seconds for answer in answers), default=0.0)
            passed, figures = time.monotonic() - began, service.at_rest()
            rows.append(Row(passed, sent, failures, sound, control.seconds, slowest, figures, strangers.hung_up))
            click.echo(line(rows[-1]))
        lost = feedback.lost(service.url)
    growth_seen = growth_per_1000(rows, minutes * 15)
    click.echo(
        f"\n{rows[-1].sent} requests, {failures} failed; after the warm-up {growth_seen:+.3f} MB per 1000 requests; "
        f"{len(feedback.acknowledged)} times feedback acknowledged, {lost} lost"
    )
    raise SystemExit(int(failures > 0 or growth_seen > growth or lost > 0))


def hostile_bases(stack: ExitStack) -> Iterator[str]:
    """The base of every hostile mode, each on a port of its own; half of them spoil conditions only."""
    elsewhere = stack.enter_context(trap())
    for number, mode in enumerate(MODES):
        server = stack.enter_context(hostile_fhir(mode, elsewhere=elsewhere.origin))
        yield server.base(mode, SOME if number % 2 else "all")


def mixture(fhir: str, bases: Sequence[str]) -> Iterator[Call]:
    """The mixture of the memory tests, with calls to FHIR servers at their worst and sound calls in their places."""
    worst = cycle(bases)
    for number, call in enumerate(calls(fhir)):
        if number % HOSTILE_EVERY == 0:
            yield Call(PATH, body_for(next(worst)))
        else:
            yield SOUND if number % SOUND_EVERY == 0 else call


def anew(stream: Iterator[Call]) -> Iterator[Call]:
    """The same calls, but each feedback is about cards that no other was about."""
    for call in stream:
        is_feedback = call.path.endswith("/feedback")
        yield Call(call.path, feedback_on(str(uuid.uuid4()), str(uuid.uuid4()))) if is_feedback else call


def line(row: Row) -> str:
    """One row of the table."""

    def each(values: list[int]) -> str:
        return " ".join(map(str, values))

    workers = row.workers.values()
    memory = " ".join(f"{worker.megabytes:.1f}" for worker in workers)
    threads, files = each([worker.threads for worker in workers]), each([worker.files for worker in workers])
    connections = each([worker.inbound + worker.outbound for worker in workers])
    cells = (
        f"{row.seconds:.0f}", row.sent, row.failures, times(row.sound), times(row.control), f"{row.slowest:.2f}",
        memory, threads, connections, files, row.sent_away,
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def times(seconds: Sequence[float]) -> str:
    """Median and 99th percentile in milliseconds."""
    if len(seconds) < 2:
        return "-"
    return f"{statistics.median(seconds) * 1000:.0f}, {statistics.quantiles(seconds, n=100)[98] * 1000:.0f}"


def growth_per_1000(rows: list[Row], warm_after: float) -> float:
    """Megabytes that the worker which grew most added per 1000 requests to it, after so many seconds of warm-up."""
    warm, last = next((row for row in rows if row.seconds >= warm_after), rows[-1]), rows[-1]
    thousands = (last.sent - warm.sent) / len(last.workers) / 1000
    return grown(warm.workers, last.workers) / thousands if thousands else 0.0


if __name__ == "__main__":
    main(prog_name="python -m bench.soak")
