"""The questions that rows ask, each answered once, with what the answer rests on.

What may live here: from a question by name to its answer. The answers are those of the rules themselves: their own
functions are called, on the same assessment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hooks.anticoagulation import standards
from hooks.assessment import Assessment
from hooks.dialysis_status import END_STAGE
from hooks.explain.explanation import Answer, Fact
from hooks.explain.facts import FactTeller, bounded
from hooks.explain.grounds import GROUNDS, NONE, Ground
from hooks.explain.near_signs import near_signs
from hooks.explain.openness import is_open, newer_unread, open_points
from hooks.finding import Finding
from hooks.reasons import Reasons, filled
from hooks.sepsis_watch import abnormal, answer, tests
from hooks.situations import PARTS, SEPSIS, SITUATIONS
from hooks.tiers import QUESTIONS

ASKED: Mapping[str, Callable[[Assessment], object]] = {
    **QUESTIONS,
    **PARTS,
    **SITUATIONS,
    SEPSIS: lambda patient: patient.infection or abnormal(patient),
}
"""Every question that a row or a step asks, and those that they are made of."""

Facts = Iterable[Fact]
_Shows = Callable[[FactTeller], Facts]


def _of(read: Callable[[Assessment], object]) -> _Shows:
    return lambda teller: teller.facts(read(teller.patient))


_SHOWS: Mapping[str, _Shows] = {
    "child": lambda teller: [Fact(age_in_words(teller.patient))],
    "on_dialysis": lambda teller: teller.dialysis(),
    "calciphylaxis": lambda teller: teller.facts(teller.patient.confirmed or teller.patient.signs.signs),
    "skin_sign": lambda teller: teller.facts(teller.patient.signs.signs) or near_signs(teller),
    "grave_sign": _of(lambda patient: tuple(sign for sign in patient.signs.signs if sign.level != "weak")),
    "two_signs": _of(lambda patient: patient.signs.signs),
    "only_limited_signs": _of(lambda patient: patient.signs.signs),
    "provisional_calciphylaxis": _of(lambda patient: patient.signs.signs if patient.signs.provisional else ()),
    "advanced_kidney_disease": lambda teller: _kidneys(teller),
    "score_suspected": lambda teller: [teller.score(teller.patient.limits.suspected_score, open_points(teller))],
    "score_high": lambda teller: [teller.score(teller.patient.limits.high_risk_score, open_points(teller))],
    "score_elevated": lambda teller: [teller.score(teller.patient.limits.elevated_risk_score, open_points(teller))],
    "risk_changeable": lambda teller: _drugs_and_minerals(teller, "calcium_product", "active_vitamin_d"),
    "vitamin_k_antagonist_or_minerals_high": lambda teller: _drugs_and_minerals(teller),
    "mechanical_valve": _of(lambda patient: patient.recorded("mechanical_valve")),
    "valve_kind_unknown": _of(lambda patient: patient.recorded("valve_kind_unknown")),
    "vitamin_k_antagonist_standard": _of(lambda patient: tuple(map(patient.recorded, standards(patient)))),
    "product_warns": lambda teller: teller.product(
        teller.patient.limits.product_high, teller.patient.limits.product_moderate
    ),
    "product_moderate": lambda teller: teller.product(teller.patient.limits.product_moderate),
    "pth_low_twice": _of(lambda patient: patient.labs.pth_low_twice),
    "minerals_unread": lambda teller: [
        *teller.facts(tuple(gap for gap in teller.patient.chart.gaps if gap.analytes)),
        *teller.facts(teller.patient.labs.minerals_unread),
    ],
    SEPSIS: lambda teller: _infection(teller),
    "not_all_read": lambda teller: unread(teller),
    "risk_incomplete": lambda teller: unread(teller),
}
"""What answers that are a bare yes or no rest on."""


def unread(teller: FactTeller) -> list[Fact]:
    """What could not be read of the chart: look-ups, drugs, entries of the problem list."""
    entries = teller.words.unread_entries()
    told = [Fact(f"could not be read: {entries}")] if entries else []
    return [*teller.facts(teller.patient.chart.gaps), *told]


def age_in_words(patient: Assessment) -> str:
    """'74 years', or why the patient counts as adult."""
    age = patient.age
    return "no usable date of birth: counts as adult" if age is None else f"{age} year{'' if age == 1 else 's'}"


def _drugs_and_minerals(teller: FactTeller, *further: str) -> list[Fact]:
    risk, labs = teller.patient.risk, teller.patient.labs
    drugs = [drug for name in ("vitamin_k_antagonist", *further) for drug in risk.taking(name)]
    product = teller.product(teller.patient.limits.product_high)
    return [*teller.drugs(drugs), *teller.facts(labs.calcium.high), *product]


def _kidneys(teller: FactTeller) -> Iterable[Fact]:
    chart = teller.patient.chart
    procedures = [entry for entry in chart.procedures if "transplant_procedure" in entry.concepts]
    return teller.facts((*chart.active("ckd4", "ckd5", "transplant", *END_STAGE), *procedures))


def _infection(teller: FactTeller) -> list[Fact]:
    patient = teller.patient
    if patient.infection:
        return [*teller.facts(patient.infection)]
    return [*teller.facts(tuple(answer(patient, test) for test in tests(patient.limits)))]


@dataclass(frozen=True)
class Answers:
    """The questions of one explanation. `reasons` has their words."""

    teller: FactTeller
    reasons: Reasons
    on: date
    known: dict[str, Answer] = field(default_factory=dict)

    def to(self, name: str) -> Answer:
        """The answer to a question, and with it those to its parts."""
        if name not in self.known:
            ground = GROUNDS.get(name, NONE)
            answered = ASKED[name](self.teller.patient)
            met = self._met(name, answered, ground)
            says = filled(self.reasons.questions[name], self.reasons.numbers, self.on)
            self.known[name] = Answer(name, says, met, self._facts(name, answered, met, ground), ground.parts)
            for part in ground.parts:
                self.to(part)
        return self.known[name]

    def _met(self, name: str, answered: object, ground: Ground) -> bool | None:
        """Yes where the rules take it for one. A no that could hide a yes is none."""
        if isinstance(answered, Finding):
            if answered.met is False and newer_unread(self.teller, ground.needs):
                return None
            return answered.met
        if answered:
            return True
        if answered is None or is_open(name, self.teller, ground, lambda other: self.to(other).met):
            return None
        return False

    def _facts(self, name: str, answered: object, met: bool | None, ground: Ground) -> tuple[Fact, ...]:
        shows = _SHOWS.get(name)
        found = [*(shows(self.teller) if shows else self.teller.facts(answered))]
        known = isinstance(answered, Finding) and answered.result is not None
        if ground.needs and not shows:
            found += self.teller.lacking(ground.needs) if known else self.teller.needs(ground.needs)
        if met is None:
            gaps = filter(None, map(self.teller.patient.chart.gap, ground.look_ups))
            found += self.teller.facts(tuple(gaps))
        return bounded(tuple(dict.fromkeys(found)))
