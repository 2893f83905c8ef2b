"""Findings over time: which entries of the problem list are shown, and from when the rules do not count an entry.

What may live here: selection and dates of findings. What they mean for a tier is decided in `skin_signs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hooks.course.record import ConditionPeriod, End, History
from hooks.skin_signs import CALCIPHYLAXIS_PROVISIONAL, EXPLAIN_INDURATION, LEVELS, last_day
from hooks.thresholds import Thresholds

FINDINGS = (
    "calciphylaxis",
    "calciphylaxis_history",
    *LEVELS,
    "foot_ulcer",
    "cellulitis",
    "sepsis",
    "bacteraemia",
)
"""The conditions that are shown as findings, the gravest first."""
_AGING = {*LEVELS, "foot_ulcer"} - {CALCIPHYLAXIS_PROVISIONAL}
"""The findings that count for `sign_days` only."""
_EXPLAINED = ("skin_induration", "skin_texture")


@dataclass(frozen=True, slots=True)
class Uncounted:
    """`after` this day the rules do not count a finding: older than `days`, or `explained` by another condition."""

    after: date
    days: int = 0
    explained: str = ""


@dataclass(frozen=True, slots=True)
class FindingLane:
    """One finding: `concept` says what it stands for; `uncounted` from when the rules do not count it, if ever."""

    concept: str
    period: ConditionPeriod
    uncounted: Uncounted | None = None


def finding_lanes(history: History, first: date, today: date, limits: Thresholds) -> tuple[FindingLane, ...]:
    """The findings that were there between the days, oldest first."""
    found = [
        FindingLane(concept, period, _uncounted(concept, period, history, limits, today))
        for period in history.conditions
        for concept in [_finding(period)]
        if concept and not (period.gone and period.gone < first) and (period.known is None or period.known <= today)
    ]
    return tuple(sorted(found, key=lambda lane: (lane.period.known or date.min, FINDINGS.index(lane.concept))))


def _finding(period: ConditionPeriod) -> str:
    """The gravest finding that the entry stands for, while it is active or today."""
    concepts = {**period.now.concepts, **period.then.concepts}
    return next((concept for concept in FINDINGS if concept in concepts), "")


def _uncounted(
    concept: str, period: ConditionPeriod, history: History, limits: Thresholds, today: date
) -> Uncounted | None:
    """The earliest of the reasons, up to today; none for a finding that was gone before."""
    found = [
        reason
        for reason in (*_too_old(concept, period, limits), *_explained(concept, history))
        if reason.after < today and (period.gone is None or reason.after < period.gone)
    ]
    return min(found, key=lambda reason: reason.after, default=None)


def _too_old(concept: str, period: ConditionPeriod, limits: Thresholds) -> Iterator[Uncounted]:
    day = last_day(period.then)
    days = limits.sign_days if concept in _AGING else limits.cellulitis_days if concept == "cellulitis" else 0
    if day is not None and days:
        yield Uncounted(date.fromordinal(min(day.toordinal() + int(days), date.max.toordinal())), int(days))


def _explained(concept: str, history: History) -> Iterator[Uncounted]:
    """By an active condition; a condition that has ended explains nothing any more."""
    if concept not in _EXPLAINED:
        return
    for condition in history.conditions:
        explains = not condition.now.concepts.keys().isdisjoint(EXPLAIN_INDURATION)
        if explains and condition.end is End.ONGOING and condition.known is not None:
            before = max(condition.known.toordinal() - 1, date.min.toordinal())
            yield Uncounted(date.fromordinal(before), explained=condition.now.text)
