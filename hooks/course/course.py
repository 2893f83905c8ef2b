"""A patient's course: results against their thresholds, drugs, findings, and what the rules would have said, over time.

What may live here: bringing the parts of a course together, and which drugs are shown in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hooks.chart import Gap, Unreadable
from hooks.course.evaluation import Evaluation, evaluations
from hooks.course.findings import FindingLane, finding_lanes
from hooks.course.record import End, History, MedicationPeriod
from hooks.course.series import Series, series
from hooks.policy import Policy

DRUG_CLASSES = (
    "vitamin_k_antagonist",
    "calcium_product",
    "active_vitamin_d",
    "nutritional_vitamin_d",
    "iv_iron",
    "oral_iron",
    "iron_binder",
    "systemic_corticosteroid",
    "sodium_thiosulfate",
    "alternative_anticoagulant",
    "non_calcium_binder",
    "calcimimetic",
)
"""The drug classes with a lane of their own, in this order: what feeds calciphylaxis first, then what answers it."""


@dataclass(frozen=True, slots=True)
class DrugLane:
    """One drug of one class with its periods, oldest first."""

    drug_class: str
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
        drugs=_lanes(shown),
        other_drugs=tuple(period for period in shown if not _classes(period)),
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


def _classes(period: MedicationPeriod) -> list[tuple[str, str]]:
    """The shown classes of a prescription, each with the drug's name."""
    return [(match.drug_class, match.drug) for match in period.medication.matches if match.drug_class in DRUG_CLASSES]


def _lanes(periods: list[MedicationPeriod]) -> tuple[DrugLane, ...]:
    lanes: dict[tuple[str, str], list[MedicationPeriod]] = {}
    for period in periods:
        # One lane per prescription and drug: a drug of two classes stands in the first of them.
        for drug_class, drug in sorted(_classes(period), key=lambda pair: DRUG_CLASSES.index(pair[0]))[:1]:
            lanes.setdefault((drug_class, drug), []).append(period)
    ordered = sorted(lanes, key=lambda pair: (DRUG_CLASSES.index(pair[0]), pair[1]))
    return tuple(
        DrugLane(drug_class, drug, tuple(sorted(lanes[drug_class, drug], key=_start))) for drug_class, drug in ordered
    )


def _start(period: MedicationPeriod) -> date:
    return period.start or period.known or date.min
