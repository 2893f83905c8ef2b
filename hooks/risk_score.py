"""The risk points: a transparent heuristic, not a validated model; every card that shows them says so.

What may live here: which factor is met. The points stand in `thresholds.toml`. Sex and diabetes alone never raise a
card; iron, cinacalcet, insulin, age, race and sodium thiosulfate are deliberately not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from hooks.chart import Chart, Medication
from hooks.finding import Finding
from hooks.labs import Labs
from hooks.thresholds import FACTORS, Thresholds

CHANGEABLE = frozenset(
    {
        "vitamin_k_antagonist",
        "calcium_product",
        "active_vitamin_d",
        "mineral_high",
        "mineral_moderate",
        "dialysis_dose",
        "corticosteroid",
    }
)
"""Factors that the care team can act on; cards name them first."""


class Factor(NamedTuple):
    """A factor that is met, with its points."""

    name: str
    points: int


@dataclass(frozen=True)
class Risk:
    """The factors of a chart on a day."""

    chart: Chart
    on: date
    limits: Thresholds
    labs: Labs

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The met factors, the changeable ones first."""
        met = [name for name in FACTORS if TESTS[name](self)]
        met.sort(key=lambda name: name not in CHANGEABLE)
        return tuple(Factor(name, self.limits.points[name]) for name in met)

    @cached_property
    def score(self) -> int:
        """The sum of the points."""
        return sum(factor.points for factor in self.factors)

    def has(self, name: str) -> bool:
        """Is this factor met?"""
        return any(factor.name == name for factor in self.factors)

    @property
    def changeable(self) -> bool:
        """One of the factors that make a high score worth a card."""
        return any(map(self.has, ("vitamin_k_antagonist", "calcium_product", "mineral_high", "active_vitamin_d")))

    @cached_property
    def mineral_high(self) -> bool:
        """Calcium high (ionised or not) or product high."""
        return bool(self.labs.calcium.high) or self.labs.product_high is True

    @cached_property
    def mineral_moderate(self) -> bool:
        """Phosphate high, product moderate or calcium upper normal, when nothing is high."""
        labs = self.labs
        moderate = bool(labs.phosphate_high) or labs.product_moderate is True or bool(labs.calcium.upper_normal)
        return moderate and not self.mineral_high

    def taking(self, drug_class: str) -> tuple[Medication, ...]:
        """The active medications of a drug class."""
        return self._by_class.get(drug_class, ())

    @cached_property
    def _by_class(self) -> dict[str, tuple[Medication, ...]]:
        """The active medications by drug class: many rules ask for them."""
        classes = {match.drug_class for medication in self.chart.medications for match in medication.matches}
        return {drug_class: tuple(taking(self.chart, drug_class)) for drug_class in classes}

    @cached_property
    def _concepts(self) -> frozenset[str]:
        """Every concept of an active condition."""
        return frozenset(
            concept for condition in self.chart.conditions if condition.active for concept in condition.concepts
        )

    def has_condition(self, *concepts: str) -> bool:
        """Is one of the concepts an active condition?"""
        return not self._concepts.isdisjoint(concepts)

    def long_on_steroids(self) -> bool:
        """A systemic corticosteroid prescribed long enough ago (or on an unknown day), or coded as long-term."""
        return self.has_condition("steroid_use") or any(
            drug.authored is None or (self.on - drug.authored).days >= self.limits.steroid_days
            for drug in self.taking("systemic_corticosteroid")
        )

    def obese(self) -> Finding | bool:
        """By body mass index; by code only when there is no usable index."""
        finding = self.labs.obese_by_index
        return self.has_condition("obesity") if finding.met is None else finding


def taking(chart: Chart, drug_class: str) -> Iterator[Medication]:
    """The active medications with a match in the drug class."""
    return (
        medication
        for medication in chart.medications
        if any(match.drug_class == drug_class for match in medication.matches)
    )


TESTS: dict[str, Callable[[Risk], object]] = {
    "vitamin_k_antagonist": lambda risk: risk.taking("vitamin_k_antagonist"),
    "mineral_high": lambda risk: risk.mineral_high,
    "mineral_moderate": lambda risk: risk.mineral_moderate,
    "pth": lambda risk: risk.labs.pth_low or risk.labs.pth_high,
    "albumin": lambda risk: risk.labs.albumin_low,
    "alkaline_phosphatase": lambda risk: risk.labs.alkaline_phosphatase_high,
    "obesity": Risk.obese,
    "female": lambda risk: risk.chart.sex == "female",
    "diabetes": lambda risk: risk.has_condition("diabetes"),
    "calcium_product": lambda risk: risk.taking("calcium_product"),
    "active_vitamin_d": lambda risk: (risk.mineral_high or risk.mineral_moderate) and risk.taking("active_vitamin_d"),
    "corticosteroid": Risk.long_on_steroids,
    "liver_or_thrombophilia": lambda risk: risk.has_condition("liver_disease", "thrombophilia"),
    "weight_loss": lambda risk: risk.labs.weight_loss,
    "dialysis_dose": lambda risk: risk.labs.dialysis_dose_low,
    "past_calciphylaxis": lambda risk: any(
        "calciphylaxis_history" in condition.concepts for condition in risk.chart.conditions
    ),
}
"""What each factor asks. An answer is what makes it so, or True; None or a finding that is open is "cannot tell"."""
