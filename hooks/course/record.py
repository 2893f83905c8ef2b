"""What is on record of a patient over time, and the chart as it could be known on a past day.

What may live here: records with their beginning and end, and cutting a chart down to one day. A record keeps only its
newest state: the day on which a diagnosis was confirmed, or a status changed, is not in it and is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from hooks.chart import Chart, Condition, Medication, Procedure

JUDGED = frozenset(
    {
        "vitamin_k_antagonist",
        "calcium_product",
        "active_vitamin_d",
        "systemic_corticosteroid",
        "peritoneal_dialysis_fluid",
    }
)
"""The drug classes on which a tier or the risk points can rest."""


class End(StrEnum):
    """Is it known when something ended?"""

    ONGOING = "ongoing"
    KNOWN = "ended"
    UNKNOWN = "end not recorded"


@dataclass(frozen=True, slots=True)
class MedicationPeriod:
    """A prescription over time, of any status.

    `start` is the first day on which it was taken, `known` the day on which it was prescribed or recorded (None where
    no date says it). `last` is the last day where `end` is KNOWN; `end_from` says which part of the record gave it, or
    what of a plan is recorded where the end is not.
    """

    medication: Medication
    status: str
    start: date | None
    known: date | None
    end: End
    last: date | None = None
    end_from: str = ""

    @property
    def begins(self) -> date | None:
        """The day from which it was taken and known to be."""
        return max((day for day in (self.start, self.known) if day is not None), default=None)


@dataclass(frozen=True, slots=True)
class ConditionPeriod:
    """An entry of the problem list over time.

    `now` is the entry as it reads today, `then` as it reads while it is active. `known` is the day of recording, else
    of onset (the last day that an imprecise date may mean). `gone` is the day from which it was past, where known.
    """

    now: Condition
    then: Condition
    known: date | None
    end: End = End.ONGOING
    gone: date | None = None


@dataclass(frozen=True, slots=True)
class ProcedurePeriod:
    """A procedure with the day on which it began; None when that is not known."""

    procedure: Procedure
    start: date | None


@dataclass(frozen=True, slots=True)
class History:
    """Everything on record: `chart` is today's chart, the periods hold what came and went.

    `unread_past` counts the prescriptions that are over and whose drug could not be read: they do not touch today.
    """

    chart: Chart
    conditions: tuple[ConditionPeriod, ...] = ()
    medications: tuple[MedicationPeriod, ...] = ()
    procedures: tuple[ProcedurePeriod, ...] = ()
    unread_past: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """The chart as it could be known on a day.

    `possible` also counts what may or may not have been there then; `unsure` names those entries, and why.
    """

    chart: Chart
    possible: Chart
    unsure: tuple[str, ...] = field(default=())


def known_on(history: History, day: date, today: date) -> Known:
    """The chart of a day: results up to it, and the conditions, drugs and procedures known and there on it.

    On `today` it is the chart of today, exactly as the services judge it. What has no date, or an end that is not
    recorded, is left out of `chart` and counted in `possible`.
    """
    if day == today:
        return Known(history.chart, history.chart)
    results = {
        analyte: tuple(result for result in found if result.on <= day)
        for analyte, found in history.chart.results.items()
    }
    conditions = [(_condition(period, day), period) for period in history.conditions]
    medications = [(_taken(period, day), period) for period in history.medications]
    procedures = tuple(found for period in history.procedures if (found := _procedure(period, day)))
    chart = replace(
        history.chart,
        results=results,
        conditions=tuple(state.certain for state, _ in conditions if state.certain),
        medications=tuple(period.medication for certain, period in medications if certain),
        procedures=procedures,
        drafts=(),
        unread_medications=history.chart.unread_medications + history.unread_past,
    )
    possible = replace(
        chart,
        conditions=tuple(likely for state, _ in conditions if (likely := state.possible or state.certain)),
        medications=tuple(period.medication for certain, period in medications if certain is not False),
    )
    names = [*_doubtful_conditions(conditions), *_doubtful_medications(medications)]
    return Known(chart, possible, tuple(dict.fromkeys(names)))


@dataclass(frozen=True, slots=True)
class _State:
    """A condition on a day: for sure, and (where it differs) as it may have been."""

    certain: Condition | None = None
    possible: Condition | None = None


def _condition(period: ConditionPeriod, day: date) -> _State:
    if period.known is not None and day < period.known:
        return _State()
    if period.known is None:
        return _State(possible=period.then)
    if period.end is End.ONGOING:
        return _State(period.now)
    if period.end is End.UNKNOWN:
        return _State(period.now, period.then)
    return _State(period.then if period.gone is not None and day < period.gone else period.now)


def _taken(period: MedicationPeriod, day: date) -> bool | None:
    """Was it taken on this day? None when that is not known."""
    begins = period.begins
    if begins is not None and day < begins:
        return False
    if period.end is End.KNOWN and period.last is not None and day > period.last:
        return False
    return None if begins is None or period.end is End.UNKNOWN else True


def _procedure(period: ProcedurePeriod, day: date) -> Procedure | None:
    """The procedure as of a day: not begun, under way, or done; without any date it shows nothing on any day."""
    procedure, start = period.procedure, period.start
    if start is None or day < start:
        return None
    ended = procedure.on is not None and procedure.on <= day and not procedure.ongoing
    return procedure if ended else replace(procedure, on=start, ongoing=True)


def _doubtful_conditions(conditions: list[tuple[_State, ConditionPeriod]]) -> Iterator[str]:
    for state, period in conditions:
        if state.possible is not None and (period.then.concepts or period.now.concepts):
            why = "undated" if period.known is None else "end not recorded"
            yield f"{period.then.text} ({why})"


def _doubtful_medications(medications: list[tuple[bool | None, MedicationPeriod]]) -> Iterator[str]:
    for certain, period in medications:
        if certain is None and any(match.drug_class in JUDGED for match in period.medication.matches):
            why = "end not recorded" if period.begins is not None else "undated"
            yield f"{period.medication.display} ({why})"
