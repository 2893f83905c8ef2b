"""Findings: the answer of a rule with the facts it used.

What may live here: the answer True, False or cannot tell (None), and the comparisons that respect comparators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hooks.chart import Result
from hooks.choice import HIGHER_COUNTS, moments


class Finding(NamedTuple):
    """`met` is True, False, or None when the data cannot tell; `result` is the result that decided.

    `limit` is what it was compared with, `relation` what was asked: is it "above", "below" or "at or above" that?
    """

    met: bool | None
    result: Result | None = None
    limit: float | None = None
    relation: str = ""

    def __bool__(self) -> bool:
        return self.met is True


CANNOT_TELL = Finding(None)

Limit = Callable[[Result], float]
ABOVE, BELOW, AT_LEAST = "above", "below", "at or above"


def _above(result: Result, limit: float) -> bool | None:
    match result.comparator:
        case "":
            return result.value > limit
        case ">":
            return True if result.value >= limit else None
        case ">=":
            return True if result.value > limit else None
        case _:  # "<" and "<=": the true value is at most this value
            return False if result.value <= limit else None


def _below(result: Result, limit: float) -> bool | None:
    match result.comparator:
        case "":
            return result.value < limit
        case "<":
            return True if result.value <= limit else None
        case "<=":
            return True if result.value < limit else None
        case _:  # ">" and ">=": the true value is at least this value
            return False if result.value >= limit else None


def _at_least(result: Result, limit: float) -> bool | None:
    below = _below(result, limit)
    return None if below is None else not below


def _decide(
    results: Iterable[Result], limit: float | Limit, relation: str, test: Callable[[Result, float], bool | None]
) -> Finding:
    """The newest result that decides the test by itself; a result with a comparator may leave it to an older one.

    Of several results of one moment the one that says yes, but for those of which the higher one counts.
    """
    for together in moments(results):
        decided = [
            Finding(met, result, bound, relation)
            for result in together
            for bound in (limit(result) if callable(limit) else limit,)
            if (met := test(result, bound)) is not None
        ]
        if decided:
            first = decided[0]
            return first if together[0].analyte in HIGHER_COUNTS else next(filter(None, decided), first)
    return CANNOT_TELL


def above(results: Iterable[Result], limit: float | Limit) -> Finding:
    """Is the newest deciding result above `limit`? `results` are newest first; a limit may depend on the result."""
    return _decide(results, limit, ABOVE, _above)


def below(results: Iterable[Result], limit: float | Limit) -> Finding:
    """Is the newest deciding result below `limit`?"""
    return _decide(results, limit, BELOW, _below)


def at_least(results: Iterable[Result], limit: float | Limit) -> Finding:
    """Is the newest deciding result at or above `limit`?"""
    return _decide(results, limit, AT_LEAST, _at_least)
