"""The risk points factor by factor, those that gave none as well.

What may live here: asking each factor's own test, and what it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from hooks.assessment import Assessment
from hooks.explain.explanation import Fact, FactorAnswer, Score
from hooks.explain.facts import FactTeller
from hooks.explain.grounds import FACTOR_NEEDS
from hooks.explain.openness import factor_met
from hooks.risk_score import TESTS
from hooks.thresholds import FACTORS

_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "diabetes": ("diabetes",),
    "liver_or_thrombophilia": ("liver_disease", "thrombophilia"),
    "obesity": ("obesity",),
    "corticosteroid": ("steroid_use",),
}
_DRUGS = {"corticosteroid": "systemic_corticosteroid", "active_vitamin_d": "active_vitamin_d"}
_CLASSES = {**_DRUGS, "vitamin_k_antagonist": "vitamin_k_antagonist", "calcium_product": "calcium_product"}
_FINDINGS: Mapping[str, Callable[[Assessment], object]] = {
    "pth": lambda patient: (patient.labs.pth_low, patient.labs.pth_high),
    "mineral_high": lambda patient: patient.labs.calcium.high,
    "mineral_moderate": lambda patient: (patient.labs.phosphate_high, patient.labs.calcium.upper_normal),
    "past_calciphylaxis": lambda patient: patient.past_calciphylaxis,
}
"""What a factor looks at, where its test is answered by a bare yes or no."""


def score(teller: FactTeller) -> Score:
    """The points of an assessment. They are a heuristic, not validated."""
    limits = teller.patient.limits
    return Score(
        teller.patient.risk.score,
        tuple(_factor(name, teller) for name in FACTORS),
        {
            "suspected with one weak sign": int(limits.suspected_score),
            "elevated risk": int(limits.elevated_risk_score),
            "high risk": int(limits.high_risk_score),
        },
    )


def _factor(name: str, teller: FactTeller) -> FactorAnswer:
    patient = teller.patient
    answered = TESTS[name](patient.risk)
    facts = tuple(dict.fromkeys(_facts(name, answered, teller)))
    says = teller.policy.wording.factors_short[name]
    return FactorAnswer(name, says, patient.limits.points[name], factor_met(name, teller), facts)


def _facts(name: str, answered: object, teller: FactTeller) -> Iterator[Fact]:
    patient = teller.patient
    yield from teller.facts(_FINDINGS[name](patient) if name in _FINDINGS else answered)
    if name in ("mineral_high", "mineral_moderate"):
        limits = patient.limits
        yield from teller.product(limits.product_high if name == "mineral_high" else limits.product_moderate)
    yield from teller.facts(tuple(_entries(patient, _CONDITIONS.get(name, ()))))
    if name in _DRUGS:
        yield from teller.drugs(patient.risk.taking(_DRUGS[name]))
    yield from teller.lacking(FACTOR_NEEDS.get(name, ()))
    if any(match.drug_class == _CLASSES.get(name) for draft in patient.chart.drafts for match in draft.matches):
        yield Fact("a draft order does not count")
    if name == "active_vitamin_d":
        yield Fact("it counts with moderate or high minerals only")
    if name == "mineral_moderate" and patient.risk.mineral_high:
        yield Fact("not counted beside high minerals")
    if name == "female":
        yield Fact(f"recorded: {patient.chart.sex}" if patient.chart.sex else "no sex recorded")
    if name == "weight_loss" and answered is None:
        yield Fact("no two dry weights far enough apart")


def _entries(patient: Assessment, concepts: Iterable[str]) -> Iterator[object]:
    return patient.chart.active(*concepts) if concepts else iter(())
