"""Results of one analyte in the order in which the rules ask them.

What may live here: results of one day or of one resource that cannot be told apart by time. No FHIR is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from hooks.chart import Analyte, Result, Unreadable
from hooks.choice import order_of_choice


def of_one_moment(read: Iterable[Result | Unreadable]) -> Iterator[Result | Unreadable]:
    """The results of versions of which nobody knows the latest: of one moment and status, so that the rules choose."""
    found = list(read)
    latest: dict[Analyte, Result] = {}
    ranks: dict[Analyte, int] = {}
    for result in found:
        if isinstance(result, Result):
            other = latest.setdefault(result.analyte, result)
            latest[result.analyte] = max(other, result, key=lambda one: one.at)
            ranks[result.analyte] = max(ranks.get(result.analyte, 0), result.rank)
    for result in found:
        if isinstance(result, Result):
            last = latest[result.analyte]
            yield result._replace(on=last.on, at=last.at, timed=last.timed, rank=ranks[result.analyte])
        else:
            yield result


def in_order(results: Iterable[Result]) -> tuple[Result, ...]:
    """In the order of choice; a result of a day without a time stands at the moment of the latest of its day."""
    found = list(results)
    if not all(result.timed for result in found):
        latest: dict[date, float] = {}
        for result in found:
            if result.timed:
                latest[result.on] = max(result.at, latest.get(result.on, result.at))
        found = [r if r.timed else r._replace(at=latest.get(r.on, r.at)) for r in found]
    return tuple(sorted(found, key=order_of_choice))
