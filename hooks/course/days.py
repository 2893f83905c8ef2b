"""The days on which a patient's history says something new, and those on which only time passed.

What may live here: dates. What the rules say on them is worked out in `evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from hooks.course.record import History
from hooks.policy import Policy

Named = Iterable[tuple[str, date | None]]


def events(history: History) -> dict[date, tuple[str, ...]]:
    """What changed on which day: "results", "findings", "drugs"."""
    return _by_day(_changes(history))


def expiries(history: History, policy: Policy, today: date) -> dict[date, tuple[str, ...]]:
    """The days on which something may stop or begin to count because time passed, and what that is.

    The names are "results", "findings", "begun", "steroid", "dialysis", "age" and "thresholds".
    """
    return _by_day(_expiries(history, policy, today))


def _by_day(named: Named) -> dict[date, tuple[str, ...]]:
    found: dict[date, dict[str, None]] = {}
    for what, day in named:
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
            yield "drugs", None if medication.last is None else after(medication.last, 1)


def _expiries(history: History, policy: Policy, today: date) -> Iterator[tuple[str, date]]:
    limits = policy.thresholds(today)
    for analyte, results in history.chart.results.items():
        yield from (("results", after(result.on, limits.windows[analyte].usable + 1)) for result in results)
    for condition in history.conditions:
        for span in (condition.then.onset, condition.then.recorded):
            if span is not None:
                yield "findings", after(span.last, int(limits.sign_days) + 1)
                for days in (limits.cellulitis_days, limits.sepsis_days, limits.bleeding_days):
                    yield "findings", after(span.last, int(days) + 1)
                yield "begun", span.first
    for medication in history.medications:
        if medication.medication.authored is not None:
            yield "steroid", after(medication.medication.authored, int(limits.steroid_days))
    for period in history.procedures:
        if period.start is not None:
            yield "dialysis", period.start
        if period.procedure.on is not None:
            yield "dialysis", after(period.procedure.on, int(limits.dialysis_procedure_days) + 1)
            yield "dialysis", after(period.procedure.on, int(limits.dialysis_after_transplant_days) + 1)
            if "parathyroidectomy" in period.procedure.concepts:
                yield "findings", after(period.procedure.on, int(limits.parathyroidectomy_days) + 1)
    for day in history.chart.unread_sessions:
        if day is not None:
            yield "dialysis", day
            yield "dialysis", after(day, int(limits.dialysis_procedure_days) + 1)
            yield "dialysis", after(day, int(limits.dialysis_after_transplant_days) + 1)
    if history.chart.born is not None:
        yield "age", _birthday(history.chart.born, int(limits.adult_age))
    yield from (("thresholds", since) for since, _ in policy.history.periods)


def after(day: date, days: int) -> date:
    """That many days later, within the calendar: a record may be dated at its very end."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _birthday(born: date, years: int) -> date:
    """The day on which this age is reached; a person born on 29 February reaches it on 1 March."""
    year = min(born.year + years, date.max.year)
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
