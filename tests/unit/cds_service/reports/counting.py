"""Counts for the tests of this room, and a judge who tries to work withheld numbers out.

What may live here: what several tests need. The judge shares no code with what it judges.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import TypeVar

from cds_service.reports import OUTCOMES, Number, Report, Row, Withheld
from cds_service.storage import CardCount

MONDAY = date(2026, 11, 23)
WEEKS = [MONDAY + timedelta(days=7 * number) for number in range(3)]
Key = TypeVar("Key", bound=Hashable)
Cells = frozenset[tuple[Hashable, str]]
Change = tuple[int, ...]
"""By how much the totals of OUTCOMES are other ones."""


def count(
    topic: str = "vka-cua",
    outcome: str = "",
    times: int = 1,
    *,
    week: int = 0,
    code: str = "",
    system: str = "",
    comment_only: bool = False,
    indicator: str = "critical",
    client: str | None = "",
) -> CardCount:
    return CardCount("a-service", client, topic, indicator, week, outcome, system, code, comment_only, times)


def worked_out(exact: Report, told: Report) -> set[Hashable]:
    """The small numbers that whoever reads `told` can tell: those that cannot be one more or one less.

    All numbers are tried that differ from the exact ones by one at most, keep all sums, and are what is told of them.
    """
    cards, weeks = _tables(exact.cards, told.cards), _tables(exact.weeks, told.weeks)
    totals = {change for change in product((-1, 0, 1), repeat=3) if _fits(exact.total, told.total, change)}
    reasons = _reasons(exact.reasons, told.reasons)
    common = {
        change
        for change in {change for change, _ in cards} & {change for change, _ in weeks} & totals
        if any(sum(changed.values()) == change[1] for changed in reasons)
    }
    moved: set[Hashable] = set()
    for kind, table in (("card", cards), ("week", weeks)):
        moved |= {(kind, key, name) for change, cells in table if change in common for key, name in cells}
    for change in common:
        moved |= {("all", outcome) for outcome, by in zip(OUTCOMES, change, strict=True) if by}
        moved |= {("all", "shown")} if sum(change) else set()
        for changed in reasons:
            if sum(changed.values()) == change[1]:
                moved |= {("reason", name) for name, by in changed.items() if by}
    return _small(told) - moved


def _small(told: Report) -> set[Hashable]:
    cells: dict[Hashable, Number] = {("all", name): number for name, number in _cells(told.total)}
    cells |= {("card", key, name): number for key, row in told.cards.items() for name, number in _cells(row)}
    cells |= {("week", key, name): number for key, row in told.weeks.items() for name, number in _cells(row)}
    cells |= {("reason", key): number for key, number in told.reasons.items()}
    return {name for name, number in cells.items() if number is Withheld.FEW}


def _cells(row: Row) -> Iterator[tuple[str, Number]]:
    return ((name, row.number(name)) for name in ("shown", *OUTCOMES))


def _tables(exact: Mapping[Key, Row], told: Mapping[Key, Row]) -> list[tuple[Change, Cells]]:
    """Every way in which the rows could be other ones: what it makes of the totals, and the cells that differ."""
    found: list[tuple[Change, Cells]] = [((0, 0, 0), frozenset())]
    for key, row in exact.items():
        ways = [change for change in product((-1, 0, 1), repeat=3) if _fits(row, told[key], change)]
        found = list({
            (tuple(a + b for a, b in zip(total, way, strict=True)), cells | _moved(key, way))
            for total, cells in found
            for way in ways
        })  # fmt: skip
    return [(total, cells) for total, cells in found if max(map(abs, total)) <= 1]


def _moved(key: Hashable, way: Sequence[int]) -> Cells:
    cells: set[tuple[Hashable, str]] = {(key, outcome) for outcome, by in zip(OUTCOMES, way, strict=True) if by}
    return frozenset(cells | ({(key, "shown")} if sum(way) else set()))


def _reasons(exact: Mapping[str, Number], told: Mapping[str, Number]) -> list[dict[str, int]]:
    ways = product((-1, 0, 1), repeat=len(exact))
    changes = [dict(zip(exact, way, strict=True)) for way in ways]
    return [
        change for change in changes if all(_may_be(exact[name], told[name], by) for name, by in change.items())
    ]  # fmt: skip


def _fits(exact: Row, told: Row, change: Sequence[int]) -> bool:
    parts = all(
        _may_be(exact.number(name), told.number(name), by) for name, by in zip(OUTCOMES, change, strict=True)
    )  # fmt: skip
    return parts and abs(sum(change)) <= 1 and _may_be(exact.shown, told.shown, sum(change))


def _may_be(exact: Number, told: Number, by: int) -> bool:
    """May the number be so much more, with what is told of it?"""
    assert isinstance(exact, int)
    if told is Withheld.FEW:
        return 1 <= exact + by <= 4
    return exact + by >= 0 and (told is Withheld.BESIDE or by == 0) and (exact < 5 or exact + by >= 5)
