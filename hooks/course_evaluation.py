"""How the rules would have come out on each day of a patient's history.

What may live here: which days are asked, and one evaluation per day by the rules themselves (`Assessment`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.course_record import History, known_on
from hooks.policy import Policy

DIALYSIS_UNREAD = "dialysis procedures (could not be read)"
NEEDED = ("patient", "conditions", "medications")
"""The look-ups without which no tier can be told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say: the tier, the risk points and the names of the factors that are met."""

    tier: Tier
    points: int
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The rules on one day, with what was known by then.

    `otherwise` is the outcome with what may also have been there, named in `unsure`; None when that is the same.
    `because` names what changed on this day ("results", "drugs", "findings"), or is empty where only time passed.
    """

    on: date
    outcome: Outcome
    otherwise: Outcome | None = None
    unsure: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


def evaluations(history: History, first: date, today: date, policy: Policy) -> tuple[Evaluation, ...]:
    """One evaluation for the first day, for today, for each day on which something on record changed, and for each on
    which the outcome changed because time passed. Between two of them nothing changes.

    Empty when patient, conditions or medications could not be read: no tier can then be told.
    """
    if any(history.chart.gap(query) for query in NEEDED):
        return ()
    events = _events(history)
    limits = policy.thresholds(today)
    days = {first, today, *events, *_expiries(history, limits.sign_days, policy, today)}
    days |= {since for since, _ in policy.history.periods}
    kept: list[Evaluation] = []
    for day in sorted(day for day in days if first <= day <= today):
        found = _evaluate(history, day, today, policy, events.get(day, ()))
        if found.because or day in (first, today) or not _same(kept[-1], found):
            kept.append(found)
    return tuple(kept)


def _same(one: Evaluation, other: Evaluation) -> bool:
    return (one.outcome, one.otherwise) == (other.outcome, other.otherwise)


def _evaluate(history: History, day: date, today: date, policy: Policy, because: tuple[str, ...]) -> Evaluation:
    known = known_on(history, day, today)
    limits = policy.thresholds(day)
    patient = Assessment(known.chart, day, limits)
    sure = outcome_of(patient)
    unsure = known.unsure
    wide = Assessment(known.wide, day, limits)
    if wide.dialysis_unknown:
        wide = Assessment(known.wide, day, limits, assume_dialysis=True)
        unsure = (*unsure, DIALYSIS_UNREAD)
    other = outcome_of(wide) if unsure else sure
    differs = (other.tier, other.points) != (sure.tier, sure.points)
    return Evaluation(day, sure, other if differs else None, unsure if differs else (), because)


def outcome_of(patient: Assessment) -> Outcome:
    """Tier, points and factors of an assessment."""
    return Outcome(patient.tier, patient.risk.score, tuple(factor.name for factor in patient.risk.factors))


def _events(history: History) -> dict[date, tuple[str, ...]]:
    """What changed on which day."""
    found: dict[date, dict[str, None]] = {}
    for what, day in _changes(history):
        if day is not None:
            found.setdefault(day, {})[what] = None
    return {day: tuple(names) for day, names in found.items()}


def _changes(history: History) -> Iterator[tuple[str, date | None]]:
    for results in history.chart.results.values():
        yield from (("results", result.on) for result in results)
    for condition in history.conditions:
        if condition.now.concepts or condition.then.concepts:
            yield "findings", condition.known
            yield "findings", condition.gone
    for medication in history.medications:
        if medication.medication.matches:
            yield "drugs", medication.begins
            yield "drugs", None if medication.last is None else _after(medication.last, 1)


def _expiries(history: History, sign_days: float, policy: Policy, today: date) -> Iterator[date]:
    """The days on which something stops to count, or begins to, because of its age."""
    limits = policy.thresholds(today)
    for analyte, results in history.chart.results.items():
        yield from (_after(result.on, limits.windows[analyte].usable + 1) for result in results)
    for condition in history.conditions:
        for span in (condition.then.onset, condition.then.recorded):
            if span is not None:
                yield _after(span.last, int(sign_days) + 1)
                yield _after(span.last, int(limits.cellulitis_days) + 1)
                yield span.first
    for medication in history.medications:
        if medication.medication.authored is not None:
            yield _after(medication.medication.authored, int(limits.steroid_days))
    for period in history.procedures:
        if period.start is not None:
            yield period.start
        if period.procedure.on is not None:
            yield _after(period.procedure.on, int(limits.dialysis_procedure_days) + 1)
            yield _after(period.procedure.on, int(limits.dialysis_after_transplant_days) + 1)
    if history.chart.born is not None:
        yield _birthday(history.chart.born, int(limits.adult_age))


def _after(day: date, days: int) -> date:
    """So many days later, within the calendar: a record may be dated at its very end."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _birthday(born: date, years: int) -> date:
    """The day on which this age is reached; whoever was born on 29 February waits for 1 March."""
    year = min(born.year + years, date.max.year)
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
