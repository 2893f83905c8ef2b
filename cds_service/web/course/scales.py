"""From days and values to places in the picture, and the ticks of both axes.

What may live here: arithmetic of axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MOST_TICKS = 10
_STEPS = (1, 2, 3, 6, 12)
"""How many months may lie between two ticks."""


@dataclass(frozen=True, slots=True)
class Days:
    """The axis of time: `first` stands at `left`, `last` so many units to its right. `marked` days have a line each."""

    first: date
    last: date
    left: float
    width: float
    marked: tuple[date, ...] = ()

    def x(self, day: date) -> float:
        """Where a day begins; a day outside stands at the nearer end."""
        whole = max(1, (self.last - self.first).days)
        part = (day - self.first).days / whole
        return self.left + self.width * min(1.0, max(0.0, part))

    def ticks(self) -> Iterator[date]:
        """The first days of months, of every month or of some."""
        months = (self.last - self.first).days / 30.4
        step = next((step for step in _STEPS if months / step <= _MOST_TICKS), _STEPS[-1])
        number = self.first.year * 12 + self.first.month - 1
        while (day := date(number // 12, number % 12 + 1, 1)) <= self.last:
            if day >= self.first and number % step == 0:
                yield day
            number += 1


@dataclass(frozen=True, slots=True)
class Values:
    """The axis of values: `highest` stands at `top`, `lowest` so many units below it."""

    lowest: float
    highest: float
    top: float
    height: float

    def y(self, value: float) -> float:
        """Where a value stands; a value outside stands at the nearer end."""
        part = (value - self.lowest) / ((self.highest - self.lowest) or 1.0)
        return self.top + self.height * (1 - min(1.0, max(0.0, part)))

    def ticks(self) -> list[float]:
        """Two to four round numbers within the axis."""
        rough = (self.highest - self.lowest) / 3 or 1.0
        size = 10 ** math.floor(math.log10(rough))
        step = next(times * size for times in (1, 2, 2.5, 5, 10) if times * size >= rough)
        begin, end = math.ceil(self.lowest / step), math.floor(self.highest / step)
        return [round(number * step, 6) for number in range(begin, end + 1)]
