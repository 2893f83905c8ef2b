"""Rounds to figures: medians, spread and ratios, the goals they are compared with, and the table that shows them.

What may live here: arithmetic on what was measured, and its words.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.servers import Memory


@dataclass(frozen=True)
class Sample:
    """One run of one server. Latencies in milliseconds, memory in megabytes."""

    requests_per_second: float
    p50: float
    p99: float
    cpu_ms: float
    memory: Memory


@dataclass(frozen=True)
class Figure:
    """A median and the lowest and highest value around it."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


@dataclass(frozen=True)
class Goal:
    """What the ratio of two medians should be: below `limit` or equal to it, or with `at_least` above it or equal."""

    limit: float
    at_least: bool = False

    def verdict(self, ratio: float) -> str:
        """In one word."""
        return "met" if (ratio >= self.limit if self.at_least else ratio <= self.limit) else "missed"

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Comparison:
    """The samples of each side, in the order of the rounds. The first side is divided by each of the others.

    `goals` are kept by the name of the figure they are for.
    """

    title: str
    sides: Mapping[str, Sequence[Sample]]
    goals: Mapping[str, Goal] = field(default_factory=dict)

    @property
    def first(self) -> Sequence[Sample]:
        """The side that all others are compared with."""
        return next(iter(self.sides.values()))


CPU, RATE, P99 = "CPU ms per request", "requests/s", "p99 ms"
RSS, PSS = "RSS MB per worker", "PSS MB per worker"
_ROWS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    (RATE, lambda sample: sample.requests_per_second),
    ("p50 ms", lambda sample: sample.p50),
    (P99, lambda sample: sample.p99),
    (CPU, lambda sample: sample.cpu_ms),
    (RSS, lambda sample: sample.memory.rss),
    (PSS, lambda sample: sample.memory.pss),
    ("PSS MB, all processes", lambda sample: sample.memory.total_pss),
)


def figure(values: Sequence[float]) -> Figure:
    """Median and spread of at least one value."""
    return Figure(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[Sample], theirs: Sequence[Sample], value: Callable[[Sample], float]) -> Figure:
    """Ours divided by theirs, round by round, because what disturbs one round disturbs both of its halves."""
    return figure([value(our) / value(their) for our, their in zip(ours, theirs, strict=True)])


def show(console: Console, comparison: Comparison) -> None:
    """The comparison as a table: median (lowest to highest), and beside the ratios what was hoped for."""
    first, *others = comparison.sides
    table = Table(title=comparison.title, title_justify="left")
    headings = ["median (lowest to highest)", *comparison.sides, *(f"{first} / {side}" for side in others)]
    for heading in [*headings, *(["goal"] if comparison.goals else [])]:
        table.add_column(heading)
    for name, value in _ROWS:
        medians = [str(figure([value(sample) for sample in side])) for side in comparison.sides.values()]
        against = [ratios(comparison.first, comparison.sides[side], value) for side in others]
        goal = comparison.goals.get(name)
        hoped = [goal_words(goal, against)] if goal else []
        table.add_row(name, *medians, *map(str, against), *hoped)
    console.print(table)


def goal_words(goal: Goal, against: Sequence[Figure]) -> str:
    """The goal and whether it was met, once for each ratio."""
    return f"{goal}: {', '.join(goal.verdict(ratio.median) for ratio in against)}"
