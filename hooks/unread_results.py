"""Results that could not be read and may be newer than those that are used.

What may live here: which unreadable results have to be told. The words of cards stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from hooks.calcium import Calcium, UsableResults
from hooks.chart import CALCIUM, Analyte, Chart, Unreadable


class ResultsOfAChart(UsableResults, Protocol):
    """The results that count on a day, and the chart they were chosen from."""

    @property
    def chart(self) -> Chart:
        """All that was received."""

    @property
    def on(self) -> date:
        """The day."""

    def oldest(self, analyte: Analyte) -> date:
        """The first day of the usable window of an analyte."""


def newer(labs: ResultsOfAChart, analytes: Iterable[Analyte]) -> tuple[Unreadable, ...]:
    """The unreadable results that are as new as the newest usable one of their analyte, undated ones first."""
    if not labs.chart.unreadable:
        return ()
    asked = dict.fromkeys(CALCIUM if analyte in CALCIUM else frozenset({analyte}) for analyte in analytes)
    found = dict.fromkeys(item for group in asked for item in _newer(labs, group))
    return tuple(sorted(found, key=lambda item: item.on or date.max, reverse=True))


def of_albumin(labs: ResultsOfAChart, calcium: Calcium) -> Unreadable | None:
    """The unreadable albumin near a total calcium that stays uncorrected; of several the nearest, undated ones last."""
    measured, reach = calcium.measured, labs.limits.correction_albumin_days
    if measured is None or calcium.albumin is not None:
        return None
    albumins = dict.fromkeys(_unread(labs, frozenset({Analyte.ALBUMIN})))
    away = {item: abs((item.on - measured.on).days) if item.on else reach for item in albumins}
    near = [item for item, days in away.items() if days <= reach]
    return min(near, key=lambda item: (item.on is None, away[item]), default=None)


def _newer(labs: ResultsOfAChart, group: frozenset[Analyte]) -> list[Unreadable]:
    newest = max((result.on for analyte in group for result in labs.usable(analyte)), default=date.min)
    return [item for item in _unread(labs, group) if item.on is None or item.on >= newest]


def _unread(labs: ResultsOfAChart, group: frozenset[Analyte]) -> list[Unreadable]:
    """The results of the group that could not be read, undated or inside their window."""
    return [
        item
        for item in labs.chart.unreadable
        if item.what in group
        and not item.no_result
        and (item.on is None or labs.oldest(Analyte(item.what)) <= item.on <= labs.on)
    ]
