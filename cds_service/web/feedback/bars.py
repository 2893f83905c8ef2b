"""A bar for each week beside its numbers.

What may live here: lengths. A bar repeats numbers that are told in the same line; of what is withheld there is no bar.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cds_service.reports import OUTCOMES, Row

WIDTH = 100.0
"""Of the longest bar."""


class Piece(NamedTuple):
    """A part of a bar: what it stands for ("shown" where the parts are not told), where it begins, and its length."""

    kind: str
    start: float
    length: float


def bar_of(row: Row, rows: Iterable[Row]) -> list[Piece]:
    """The bar of one row, on the scale of all rows."""
    most = max((other.shown for other in rows if isinstance(other.shown, int)), default=0)
    if not isinstance(row.shown, int) or not most:
        return []
    scale = WIDTH / most
    parts = [row.number(outcome) for outcome in OUTCOMES]
    numbers = [part for part in parts if isinstance(part, int)]
    if len(numbers) < len(parts):
        return [Piece("shown", 0.0, row.shown * scale)]
    starts = [sum(numbers[:place]) * scale for place in range(len(numbers))]
    lengths = [number * scale for number in numbers]
    return [Piece(*piece) for piece in zip(OUTCOMES, starts, lengths, strict=True) if piece[2]]
