"""Which of several results of one moment counts.

What may live here: the order in which results are asked. What they are compared with stands in `finding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from hooks.chart import Analyte, Result

HIGHER_COUNTS = frozenset(
    {
        Analyte.TOTAL_CALCIUM,
        Analyte.ALBUMIN_CORRECTED_CALCIUM,
        Analyte.IONISED_CALCIUM,
        Analyte.IONISED_CALCIUM_PH74,
        Analyte.PHOSPHATE,
    }
)
"""Of two such results of one moment the higher counts, whatever is asked; of others the one that answers yes."""

LOWER_WARNS = frozenset(
    {
        Analyte.ALBUMIN,
        Analyte.SP_KT_V,
        Analyte.PD_WEEKLY_KT_V,
        Analyte.UREA_REDUCTION_RATIO,
        Analyte.DRY_WEIGHT,
        Analyte.POST_DIALYSIS_WEIGHT,
    }
)
"""The results of which the lower one is the one to look at; of all others it is the higher one."""


def order_of_choice(result: Result) -> tuple[object, ...]:
    """Sorts results: newest moment, then better status, then the one that would warn. A result that only bounds its
    value on the harmless side is asked last; the rest makes the order independent of what came first.
    """
    low = result.analyte in LOWER_WARNS
    harmless = result.comparator[:1] == (">" if low else "<")
    worse = result.value if low else -result.value
    return -result.at, -result.rank, harmless, worse, result.comparator, result.code, result.original


def moments(results: Iterable[Result]) -> Iterator[tuple[Result, ...]]:
    """The results of one analyte, moment and status together, in the order in which they came."""
    for _, together in groupby(results, key=lambda result: (result.analyte, result.at, result.rank)):
        yield tuple(together)
