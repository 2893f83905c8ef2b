"""What the rules would have said on each day of a patient's history.

What may live here: one evaluation per day by the rules themselves (`Assessment`), and which of them are kept. Which
days are asked stands in `days`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.course.days import events, expiries
from hooks.course.record import History, known_on
from hooks.dialysis_status import Dialysis
from hooks.policy import Policy
from hooks.risk_score import Factor

DIALYSIS_UNREAD = "dialysis procedures (could not be read)"
NEEDED = ("patient", "conditions", "medications")
"""The look-ups without which no tier can be told."""
OPEN_TIERS = (Tier.NONE, Tier.ELEVATED_RISK, Tier.POSSIBLE)
"""The tiers that more points would raise: what could not be read leaves these open, and no others."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say: the tier, the risk points, the factors that are met with the points of each, and dialysis.

    `evidence` are the record's words for the dialysis status. They may name the day of the newest treatment: an
    outcome is the same whichever treatment shows it.
    """

    tier: Tier
    points: int
    factors: tuple[Factor, ...] = ()
    dialysis: Dialysis = Dialysis.ON
    evidence: str = field(default="", compare=False)

    @property
    def outside(self) -> bool:
        """The rules do not apply: a child, or no maintenance dialysis and no confirmed calciphylaxis."""
        return self.tier is Tier.CHILD or (self.tier is Tier.NONE and self.dialysis is Dialysis.NONE)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The rules on one day, with what was known by then.

    `otherwise` is the outcome with what may also have been there, named in `unsure`; None when that is the same.
    `because` names what changed on this day ("results", "drugs", "findings"), or is empty where only time passed;
    `passed` then names what time did ("results" too old, "dialysis" no longer shown, …: the names of `expiries`).
    `incomplete` is True when something that was not read could raise tier or points, or show dialysis:
    `dialysis_unread` when it is dialysis.
    """

    on: date
    outcome: Outcome
    otherwise: Outcome | None = None
    unsure: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    incomplete: bool = False
    dialysis_unread: bool = False

    @property
    def outside(self) -> bool:
        """The rules do not apply, as far as the record shows; unread dialysis procedures leave that open."""
        return self.outcome.outside and not self.dialysis_unread

    @property
    def tier_open(self) -> bool:
        """Could what was not read raise the tier?"""
        return self.incomplete and self.outcome.tier in OPEN_TIERS and not self.outside


def evaluations(history: History, first: date, today: date, policy: Policy) -> tuple[Evaluation, ...]:
    """One evaluation for the first day, for today, for each day on which something on record changed, and for each on
    which the outcome changed because time passed. Between two of them nothing changes.

    Empty when patient, conditions or medications could not be read: no tier is then known.
    """
    if any(history.chart.gap(query) for query in NEEDED):
        return ()
    changed, passing = events(history), expiries(history, policy, today)
    kept: list[Evaluation] = []
    for day in sorted(day for day in {first, today, *changed, *passing} if first <= day <= today):
        found = _evaluate(history, day, today, policy, changed.get(day, ()))
        if kept and not _same(kept[-1], found):
            found = replace(found, passed=_passed(kept[-1], found, passing.get(day, ())))
            kept.append(found)
        elif found.because or day in (first, today):
            kept.append(found)
    return tuple(kept)


def _same(first: Evaluation, second: Evaluation) -> bool:
    return _said(first) == _said(second)


def _said(found: Evaluation) -> tuple[Outcome, Outcome | None, bool, bool]:
    return found.outcome, found.otherwise, found.incomplete, found.dialysis_unread


def _passed(before: Evaluation, found: Evaluation, names: tuple[str, ...]) -> tuple[str, ...]:
    """What time changed, of all that it may have changed on this day: dialysis only where its status changed."""
    lost = before.outcome.dialysis is not Dialysis.NONE and found.outcome.dialysis is Dialysis.NONE
    return tuple(name for name in names if name != "dialysis" or lost)


def _evaluate(history: History, day: date, today: date, policy: Policy, because: tuple[str, ...]) -> Evaluation:
    known = known_on(history, day, today)
    limits = policy.thresholds(day)
    patient = Assessment(known.chart, day, limits)
    certain = outcome_of(patient)
    unsure = known.unsure
    possible = Assessment(known.possible, day, limits)
    unread = patient.dialysis_unknown or possible.dialysis_unknown
    if possible.dialysis_unknown:
        possible = Assessment(known.possible, day, limits, assume_dialysis=True)
        unsure = (*unsure, DIALYSIS_UNREAD)
    otherwise = outcome_of(possible) if unsure else certain
    differs = (otherwise.tier, otherwise.points, otherwise.outside) != (certain.tier, certain.points, certain.outside)
    child = certain.tier is Tier.CHILD
    return Evaluation(
        on=day,
        outcome=certain,
        otherwise=otherwise if differs else None,
        unsure=unsure if differs else (),
        because=because,
        incomplete=not child and (patient.risk_incomplete or unread),
        dialysis_unread=not child and unread,
    )


def outcome_of(patient: Assessment) -> Outcome:
    """Tier, points, factors and dialysis of an assessment."""
    status = patient.dialysis
    return Outcome(patient.tier, patient.risk.score, patient.risk.factors, status.status, status.evidence)
