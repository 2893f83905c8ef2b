"""A patient's course: results against their thresholds, drugs, findings, and what the rules would have said, over time.

What may live here: bringing the parts of a course together. The clinicians' file says which drugs are shown, and in
which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hooks.chart import Gap, Unreadable
from hooks.course.evaluation import Evaluation, evaluations
from hooks.course.findings import FindingLane, finding_lanes
from hooks.course.record import End, History, MedicationPeriod
from hooks.course.series import Series, series
from hooks.policy import DrugClass, Policy


@dataclass(frozen=True, slots=True)
class DrugLane:
    """One drug of one class with its periods, oldest first; `kind` is the class in words."""

    drug_class: str
    kind: DrugClass
    drug: str
    periods: tuple[MedicationPeriod, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that the course shows between `first` and `today`.

    `other_drugs` are the prescriptions that no rule looks at. `gaps` and `unreadable` name what could not be read.
    """

    first: date
    today: date
    series: tuple[Series, ...]
    drugs: tuple[DrugLane, ...]
    other_drugs: tuple[MedicationPeriod, ...]
    findings: tuple[FindingLane, ...]
    evaluations: tuple[Evaluation, ...]
    gaps: tuple[Gap, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unread_drugs: int = 0


def build_course(history: History, first: date, today: date, policy: Policy) -> Course:
    """The course of a patient from `first` to `today` (calendar days of the clinic) under this policy."""
    shown = [period for period in history.medications if _overlaps(period, first, today)]
    return Course(
        first=first,
        today=today,
        series=series(history.chart, first, today, policy),
        drugs=_lanes(shown, policy.drug_classes),
        other_drugs=tuple(period for period in shown if _shown_class(period, list(policy.drug_classes)) is None),
        findings=finding_lanes(history, first, today, policy.thresholds(today)),
        evaluations=evaluations(history, first, today, policy),
        gaps=history.chart.gaps,
        unreadable=history.chart.unreadable,
        unread_drugs=history.chart.unread_medications + history.unread_past,
    )


def _overlaps(period: MedicationPeriod, first: date, today: date) -> bool:
    """Was it taken at some time between the days, as far as the record can tell?"""
    over = period.end is End.KNOWN and period.last is not None and period.last < first
    return not over and (period.start is None or period.start <= today)


def _shown_class(period: MedicationPeriod, order: list[str]) -> tuple[str, str] | None:
    """The class of a prescription, with the drug's name: the first that is shown, or None where none is shown."""
    shown = [(match.drug_class, match.drug) for match in period.medication.matches if match.drug_class in order]
    return min(shown, key=lambda pair: order.index(pair[0]), default=None)


def _lanes(periods: list[MedicationPeriod], classes: Mapping[str, DrugClass]) -> tuple[DrugLane, ...]:
    order = list(classes)
    lanes: dict[tuple[str, str], list[MedicationPeriod]] = {}
    for period in periods:
        if (shown := _shown_class(period, order)) is not None:
            lanes.setdefault(shown, []).append(period)
    ordered = sorted(lanes, key=lambda pair: (order.index(pair[0]), pair[1]))
    return tuple(
        DrugLane(key, classes[key], drug, tuple(sorted(lanes[key, drug], key=_start))) for key, drug in ordered
    )


def _start(period: MedicationPeriod) -> date:
    return period.start or period.known or date.min
