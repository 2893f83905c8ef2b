"""The tiers: how likely calciphylaxis is from the record, and the steps by which that is decided.

What may live here: the steps in their order, and the yes/no questions that they ask about one patient. An answer is
what makes it so (an entry, the signs), or True; where it is not so, it is empty or False.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hooks.chart import Condition
from hooks.dialysis_status import DialysisStatus
from hooks.risk_score import Risk
from hooks.skin_signs import SkinSigns
from hooks.thresholds import Thresholds


class Tier(StrEnum):
    """How likely calciphylaxis is, from the record."""

    CHILD = "child"
    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    POSSIBLE = "possible"
    HIGH_RISK = "high risk"
    ELEVATED_RISK = "elevated risk"
    NONE = "none"


CALCIPHYLAXIS = (Tier.CONFIRMED, Tier.SUSPECTED)
"""The tiers in which the drug rules are strictest."""


class PatientOfATier(Protocol):
    """What the steps look at."""

    @property
    def limits(self) -> Thresholds: ...  # noqa: D102
    @property
    def is_child(self) -> bool: ...  # noqa: D102
    @property
    def confirmed(self) -> Condition | None: ...  # noqa: D102
    @property
    def dialysis(self) -> DialysisStatus: ...  # noqa: D102
    @property
    def signs(self) -> SkinSigns: ...  # noqa: D102
    @property
    def off_dialysis_possible(self) -> bool: ...  # noqa: D102
    @property
    def advanced_kidney_disease(self) -> bool: ...  # noqa: D102
    @property
    def risk(self) -> Risk: ...  # noqa: D102


Question = Callable[[PatientOfATier], object]


def _is_grave(patient: PatientOfATier) -> bool:
    """Signs that make calciphylaxis suspected: necrosis, a strong sign, two different ones, or one and enough risk."""
    signs = patient.signs
    if signs.grave or signs.different > 1:
        return True
    return bool(signs.signs) and patient.risk.score >= patient.limits.suspected_score


QUESTIONS: Mapping[str, Question] = {
    "child": lambda patient: patient.is_child,
    "calciphylaxis_confirmed": lambda patient: patient.confirmed or False,
    "on_dialysis": lambda patient: patient.dialysis,
    "sign_off_dialysis": lambda patient: patient.off_dialysis_possible,
    "provisional_calciphylaxis": lambda patient: bool(patient.signs.provisional),
    "grave_sign": lambda patient: patient.signs.grave,
    "advanced_kidney_disease": lambda patient: patient.advanced_kidney_disease,
    "skin_sign": lambda patient: patient.signs.signs,
    "only_limited_signs": lambda patient: patient.signs.signs and patient.signs.limited,
    "calciphylaxis_refuted": lambda patient: patient.signs.lowered_by or False,
    "signs_weigh_enough": _is_grave,
    "two_signs": lambda patient: patient.signs.different > 1,
    "score_suspected": lambda patient: patient.risk.score >= patient.limits.suspected_score,
    "score_high": lambda patient: patient.risk.score >= patient.limits.high_risk_score,
    "score_elevated": lambda patient: patient.risk.score >= patient.limits.elevated_risk_score,
    "risk_changeable": lambda patient: patient.risk.changeable,
    "vitamin_k_antagonist_or_minerals_high": lambda patient: (
        patient.risk.has("vitamin_k_antagonist") or patient.risk.mineral_high
    ),
}
"""The questions by name. Some are no step of their own, and tell what another one is made of."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the tier is this one where everything of `when` is so, and nothing of `unless`."""

    tier: Tier
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def holds(self, patient: PatientOfATier) -> bool:
        """Does the step decide, once no step above it has?"""
        return all(QUESTIONS[name](patient) for name in self.when) and not any(
            QUESTIONS[name](patient) for name in self.unless
        )


STEPS = (
    Step(Tier.CHILD, ("child",)),
    Step(Tier.CONFIRMED, ("calciphylaxis_confirmed",)),
    Step(Tier.POSSIBLE, ("sign_off_dialysis",), unless=("on_dialysis",)),
    Step(Tier.NONE, unless=("on_dialysis",)),
    Step(
        Tier.SUSPECTED,
        ("on_dialysis", "skin_sign", "signs_weigh_enough"),
        unless=("only_limited_signs", "calciphylaxis_refuted"),
    ),
    Step(Tier.POSSIBLE, ("on_dialysis", "skin_sign")),
    Step(Tier.HIGH_RISK, ("on_dialysis", "score_high", "risk_changeable")),
    Step(Tier.ELEVATED_RISK, ("on_dialysis", "score_elevated", "vitamin_k_antagonist_or_minerals_high")),
    Step(Tier.NONE),
)
"""From the first to the last; the first that holds decides. The last always does."""


def step_of(patient: PatientOfATier) -> Step:
    """The step that decides."""
    return next(step for step in STEPS if step.holds(patient))
