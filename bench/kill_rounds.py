"""`python -m bench.kill_rounds`: a service is killed under load; what was acknowledged is there afterwards.

What may live here: the options, the rounds and the table. Who calls stands in `writers`, what is read in `stored`.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from bench.other_calls import ALL, shadow_in
from bench.servers import Running
from bench.stored import fault, kept_with
from bench.writers import Book, Tally, Writers, stop_cleanly
from cds_service.storage import Kind
from tests.fuzz.service_process import port_of, started, stop, wait_until_healthy
from tests.real.databases import postgresql_folder, running_postgresql

WORKERS = 2
LOAD_SECONDS = (0.2, 1.0)
"""For so long, by chance, the callers call before somebody is killed."""
VICTIMS = ("worker", "master", "all")
"""Who is killed, by turns: one worker, the master alone, or both together with all other workers."""
BACK_WITHIN_SECONDS, ORPHANS_END_WITHIN_SECONDS = 30.0, 15.0
HEADINGS = (
    "database", "kills: a worker, the master, all", "charts", "cards", "feedback",
    "other calls: held back, silent for a gap, not judged", "lost", "twice", "half",
    "not acknowledged", "card not found", "refused", "sound", "back after s: median, most", "orphans",
)  # fmt: skip


@dataclass
class Served:
    """A service that is killed and started again. `back` are the seconds until all was well again, after each kill:
    until the address `asked` said so. `orphans` counts workers that did not end when their master had.
    """

    folder: Path
    url: str
    asked: str = "/health"
    back: list[float] = field(default_factory=list)
    orphans: int = 0

    def __post_init__(self) -> None:
        self._process = self._start()

    def port(self) -> int:
        return port_of(self._process)

    def running(self) -> Running:
        return Running(self._process.pid, self.port())

    def workers(self) -> list[int]:
        return self.running().workers()

    def kill(self, victim: str, chance: random.Random) -> None:
        """One of `VICTIMS`, and wait until all is well again."""
        if victim == "worker":
            self._kill_worker(chance)
        else:
            self._kill_master(with_workers=victim == "all")

    def _kill_worker(self, chance: random.Random) -> None:
        """One of the workers; all is well when there are as many again, and none of them is that one."""
        killed, began = chance.choice(self.workers()), time.monotonic()
        os.kill(killed, signal.SIGKILL)
        give_up = began + BACK_WITHIN_SECONDS
        while (killed in (now := self.workers()) or len(now) < WORKERS) and time.monotonic() < give_up:
            time.sleep(0.05)
        wait_until_healthy(self._process, self.port(), self.log, self.asked)
        self.back.append(time.monotonic() - began)

    def _kill_master(self, *, with_workers: bool) -> None:
        """The master; its workers are killed with it, or are to end by themselves. Then the service starts again."""
        workers, began = self.workers(), time.monotonic()
        self._process.kill()
        if with_workers:
            _kill(workers)
        self._process.wait()
        give_up = began + ORPHANS_END_WITHIN_SECONDS
        while any(map(_is_alive, workers)) and time.monotonic() < give_up:
            time.sleep(0.05)
        orphans = list(filter(_is_alive, workers))
        self.orphans += len(orphans)
        _kill(orphans)
        self._process = self._start()
        self.back.append(time.monotonic() - began)

    def stop(self) -> None:
        stop(self._process)

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    def _start(self) -> subprocess.Popen[bytes]:
        policies = self.folder / "policies"
        variables = {
            "CDS_DATABASE_URL": self.url,
            "CDS_SPOOL": str(self.folder / "spool"),
            "CDS_LOG_LEVEL": "ERROR",
            **({"CDS_SITE_POLICIES": str(policies)} if policies.is_dir() else {}),
        }
        process = started(self.folder, WORKERS, variables)
        try:
            wait_until_healthy(process, port_of(process), self.log, self.asked)
        except BaseException:
            stop(process)
            raise
        return process


def _kill(processes: Sequence[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    """Does this process still run? One that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass(frozen=True)
class Outcome:
    """All rounds on one database. `refused` are the calls that got something else than cards or 200, or the advice to
    come again later, while a service was there to answer. `others` are the calls without cards, by what they left.
    """

    database: str
    rounds: int
    tally: Tally
    fault: str
    charts: int
    refused: int
    back: list[float]
    orphans: int
    others: Counter[str] = field(default_factory=Counter)

    @property
    def is_well(self) -> bool:
        return self.tally.is_well and not (self.fault or self.orphans or self.refused)

    def row(self) -> str:
        tally = self.tally
        kills = ", ".join(str(len(range(n, self.rounds, len(VICTIMS)))) for n in range(len(VICTIMS)))
        back = f"{statistics.median(self.back):.1f}, {max(self.back):.1f}" if self.back else "-"
        counts = (self.charts, tally.cards, tally.feedback)
        others = ", ".join(f"{self.others[kind]:,}" for kind in (Kind.SUPPRESSED, Kind.GAP, Kind.REFUSED))
        cells = (
            self.database, kills, *(f"{count:,}" for count in counts), others, tally.lost, tally.twice, tally.half,
            tally.unacknowledged, tally.strangers, self.refused, self.fault or "yes", back, self.orphans,
        )  # fmt: skip
        return "| " + " | ".join(map(str, cells)) + " |"


def play(name: str, url: str, rounds: int, writers: int, end: float, seed: int = 0) -> Outcome:
    """So many rounds, with the victims by turns, but no new one after `end` (monotonic seconds)."""
    chance, book, played = random.Random(seed), Book(), 0
    with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-kill-") as folder:
        shadow_in(Path(folder))
        served = Served(Path(folder), url or f"sqlite:///{folder}/cards.sqlite3")
        try:
            with Writers(writers, served.port, book, ALL):
                while played < rounds and time.monotonic() < end:
                    time.sleep(chance.uniform(*LOAD_SECONDS))
                    served.kill(VICTIMS[played % len(VICTIMS)], chance)
                    played += 1
                time.sleep(LOAD_SECONDS[0])
            kept = kept_with(served.url, book.wanted())
        finally:
            served.stop()
        refused = sum(count for status, count in book.refused.items() if status not in (0, 503))
        return Outcome(
            name,
            played,
            book.compared(kept),
            fault(served.url),
            book.charts,
            refused,
            served.back,
            served.orphans,
            Counter(kind for kinds in book.calls.values() for kind in kinds),
        )


@contextmanager
def databases(wanted: str) -> Iterator[dict[str, str]]:
    """The URLs of the databases to play on, "" for a file of its own; PostgreSQL where there is one."""
    programs = postgresql_folder() if wanted in ("both", "postgresql") else None
    if wanted == "postgresql" and programs is None:
        raise click.ClickException("there is no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    found = {} if wanted == "postgresql" else {"SQLite": ""}
    if programs is None:
        yield found
        return
    with running_postgresql(programs) as server:
        yield {**found, "PostgreSQL": server.url}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=50, show_default=True, type=click.IntRange(1, 1_000), help="On each database.")
@click.option("--writers", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--database", default="both", show_default=True, type=click.Choice(["both", "sqlite", "postgresql"]))
@click.option("--minutes", default=10.0, show_default=True, help="No round begins after so long.")
def main(rounds: int, writers: int, database: str, minutes: float) -> None:
    """Kill under load, and count. Ends with 1 when anything acknowledged was lost, or a half or a wreck was left."""
    signal.signal(signal.SIGTERM, stop_cleanly)
    began = time.monotonic()
    click.echo(f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}")
    outcomes = []
    with databases(database) as urls:
        for number, (name, url) in enumerate(urls.items(), 1):
            end = began + minutes * 60 * number / len(urls)
            outcomes.append(play(name, url, rounds, writers, end))
            click.echo(outcomes[-1].row())
    raise SystemExit(int(not all(outcome.is_well for outcome in outcomes)))


if __name__ == "__main__":
    main(prog_name="python -m bench.kill_rounds")
