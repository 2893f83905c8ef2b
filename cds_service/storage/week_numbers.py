"""In which of some weeks a moment lies, as a database works it out.

What may live here: that expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, literal


def week_number(moment: ColumnElement[Any], bounds: Sequence[datetime]) -> ColumnElement[Any]:
    """The number of the week, from 0: `bounds` are the beginnings of the weeks, and the end of the last.

    Halved again and again: a row costs as many comparisons as the number of weeks has binary digits, and the
    expression does not become deeper than a database takes.
    """
    return _between(moment, bounds, 0, len(bounds) - 1).label("week")


def _between(moment: ColumnElement[Any], bounds: Sequence[datetime], low: int, high: int) -> ColumnElement[Any]:
    if high - low <= 1:
        return literal(low)
    middle = (low + high) // 2
    earlier, later = _between(moment, bounds, low, middle), _between(moment, bounds, middle, high)
    return case((moment < bounds[middle], earlier), else_=later)
