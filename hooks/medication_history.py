"""Drugs that stand in the medication history alone: which of them count as active today.

What may live here: their windows, what ends them, and joining them with the orders. Which status counts is read from
the record; numbers stand in `thresholds.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from hooks.chart import Chart, DrugMatch, Medication, Source, Taken
from hooks.thresholds import Thresholds

_ORDER = tuple(Source)
"""Of two entries on one drug the one is named that says most: what is taken, then what was handed over, then given."""


def with_history(chart: Chart, on: date, limits: Thresholds) -> Chart:
    """The chart with the drugs of the medication history among the active ones.

    A drug that is ordered as well is one exposure: the order is the one that is named.
    """
    entries = [entry for entry in chart.history if counts(entry, on, limits)]
    medications = (*chart.medications, *_not_ordered(chart, entries))
    unread = sum(entry.drug is None for entry in entries) + _undated(chart, medications)
    if not entries and not unread:
        return chart
    return replace(chart, medications=medications, unread_history=unread)


def stands_alone(chart: Chart, on: date, limits: Thresholds) -> bool:
    """Is there a drug that counts and that no active order names? A stopped order may then have ended it."""
    return with_history(chart, on, limits).medications != chart.medications


def counts(entry: Taken, on: date, limits: Thresholds) -> bool:
    """Does the entry expose the patient on this day? What is recorded as taken has no window."""
    if entry.source is Source.STATEMENT:
        return True
    if entry.on is None:
        return False
    days = limits.administration_days
    if entry.source is Source.DISPENSE:
        days = limits.dispense_days if entry.supply is None else entry.supply
    return 0 <= (on - entry.on).days <= days


def _undated(chart: Chart, medications: Sequence[Medication]) -> int:
    """How many entries name a drug, and no day on which it was given or handed over: they may count today.

    What is known to be active by another entry is not in doubt.
    """
    told = {match.drug for medication in medications for match in medication.matches}
    undated = [entry.drug for entry in chart.history if entry.on is None and entry.source is not Source.STATEMENT]
    return sum(any(match.drug not in told for match in drug.matches) for drug in undated if drug is not None)


def _not_ordered(chart: Chart, entries: list[Taken]) -> Iterator[Medication]:
    """The drugs that no active order names, each once, and those of a combination that none names."""
    told = {match.drug for order in chart.medications for match in order.matches}
    for entry in sorted(entries, key=_rank):
        if entry.drug is None:
            continue
        new = tuple(match for match in entry.drug.matches if match.drug not in told and not _ended(entry, match, chart))
        if new:
            told.update(match.drug for match in new)
            yield replace(entry.drug, matches=new)


def _rank(entry: Taken) -> tuple[int, int]:
    """The order in which entries are looked at; of one kind the newest first."""
    return _ORDER.index(entry.source), -entry.on.toordinal() if entry.on else 0


def _ended(entry: Taken, match: DrugMatch, chart: Chart) -> bool:
    """Was an order of the same drug stopped that is later than the entry? Without both days that cannot be shown."""
    return any(
        order.authored is not None
        and entry.on is not None
        and order.authored > entry.on
        and any(other.drug == match.drug for other in order.matches)
        for order in chart.stopped
    )
