"""Rounds to figures: medians, spread and ratios, and the table that shows them.

What may live here: arithmetic on what was measured, and its words.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Sample:
    """One run of one server. Latencies in milliseconds, memory per worker in megabytes."""

    requests_per_second: float
    p50: float
    p99: float
    cpu_ms: float
    rss: float


@dataclass(frozen=True)
class Comparison:
    """The samples of both servers for one body and one number of workers, in the order of the rounds."""

    title: str
    ours: Sequence[Sample]
    constant: Sequence[Sample]
    grown: bool = False


@dataclass(frozen=True)
class Figure:
    """A median and the lowest and highest value around it."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


_ROWS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("requests/s", lambda sample: sample.requests_per_second),
    ("p50 ms", lambda sample: sample.p50),
    ("p99 ms", lambda sample: sample.p99),
    ("CPU ms per request", lambda sample: sample.cpu_ms),
    ("RSS MB per worker", lambda sample: sample.rss),
)


def figure(values: Sequence[float]) -> Figure:
    """Median and spread of at least one value."""
    return Figure(statistics.median(values), min(values), max(values))


def ratios(comparison: Comparison, value: Callable[[Sample], float]) -> Figure:
    """Ours divided by constant, round by round, because what disturbs one round disturbs both of its halves."""
    pairs = zip(comparison.ours, comparison.constant, strict=True)
    return figure([value(ours) / value(constant) for ours, constant in pairs])


def show(console: Console, comparison: Comparison) -> None:
    """The comparison as a table: median (lowest to highest)."""
    table = Table(title=comparison.title, title_justify="left")
    for heading in ("median (lowest to highest)", "service", "constant route", "service / constant"):
        table.add_column(heading, no_wrap=True)
    for name, value in _ROWS:
        both = (figure([value(sample) for sample in side]) for side in (comparison.ours, comparison.constant))
        table.add_row(name, *map(str, both), str(ratios(comparison, value)))
    console.print(table)
