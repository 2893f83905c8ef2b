"""What an answer rests on, as facts in words: results with their distance from the limit, entries of the record, drugs.

What may live here: from an answer of the rules, whatever its type, to facts. The words of single results and entries
are those of the cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from hooks.assessment import Assessment
from hooks.cards import Facts, exact, listed, plain, rounded, unescaped
from hooks.chart import CALCIUM, Analyte, Condition, DrugMatch, Gap, Medication, Procedure, Result, Unreadable
from hooks.dialysis_status import DIALYSIS_PROCEDURES, MONTHLY_SERVICE, session_days, transplanted
from hooks.explain.explanation import Fact, Measured
from hooks.finding import Finding
from hooks.labs import WeightLoss
from hooks.policy import Policy
from hooks.skin_signs import SkinSign

MOST_FACTS = 25
"""So many facts of one answer are told."""
_KIDNEY = ("dialysis_status", "esrd", "untreated_esrd", "graft_failure", "transplant", "ckd4", "ckd5")
_KIDNEY_IN_WORDS = ("dialysis_in_words", "esrd_in_words", "esrd_taken_back", "acute_kidney_injury")
_DIALYSIS = frozenset({"dialysis_status", "dialysis_in_words"})
_LEAST = 0.005
"""A distance that two decimals would show as nothing."""


@dataclass(frozen=True)
class FactTeller:
    """Facts about one assessment."""

    patient: Assessment
    policy: Policy

    @cached_property
    def words(self) -> Facts:
        """The words of the cards."""
        return Facts(self.patient, self.policy.wording)

    def facts(self, answer: object) -> tuple[Fact, ...]:
        """What this answer of the rules holds; nothing for a bare yes or no."""
        return tuple(self._facts(answer))

    def _facts(self, answer: object) -> Iterator[Fact]:
        words = self.words
        match answer:
            case Finding(result=Result() as result, limit=limit):
                yield self.result(result, limit)
            case Condition():
                yield Fact(unescaped(words.condition(answer)), _hows(answer))
            case Procedure():
                yield self.procedure(answer)
            case Medication():
                yield Fact(unescaped(words.medication(answer)), listed(match.how for match in answer.matches))
            case DrugMatch():
                yield Fact(answer.drug, answer.how)
            case SkinSign():
                yield Fact(unescaped(words.sign(answer)), _hows(answer.condition))
            case Unreadable():
                yield Fact(f"{answer.what.replace('_', ' ')} {unescaped(words.unread(answer))}")
            case Gap():
                yield Fact(f"could not be read: {answer.what} ({plain(answer.reason)})")
            case WeightLoss():
                lost = f"{answer.percent:.1f} % from {answer.oldest.on} to {answer.newest.on}"
                yield Fact(f"{lost}; the limit is {exact(self.patient.limits.weight_loss_percent)} %")
            case tuple() if not isinstance(answer, Finding):
                for one in answer:
                    yield from self._facts(one)
            case str() if answer:
                yield Fact(self.policy.wording.low_calcium.get(answer, answer))

    # ------------------------------------------------------------------ results
    def result(self, result: Result, limit: float | None = None) -> Fact:
        """One result with its day, what weakens it, and how far it lies from the limit."""
        says, short = unescaped(self.words.result(result, limit)), ""
        if limit is not None:
            style = self.policy.wording.analytes[result.analyte]
            away = _away(result.value, limit, style.unit, style.decimals)
            if result.analyte is Analyte.INTACT_PTH:
                away += f"; upper limit {rounded(self.patient.labs.pth_upper_limit(result))}, "
                away += "as reported" if result.upper_limit else "assumed"
            says, short = f"{says}: {away}", f"{unescaped(self.words.brief(result, limit))} ({away})"
        return Fact(says, result.code, _measured(result, limit), short)

    def newest(self, need: str) -> Iterator[Fact]:
        """The newest usable result of a need; of calcium the one that decides."""
        analytes = self.policy.wording.needs[need].analytes
        calcium = self.patient.labs.calcium
        if CALCIUM.issuperset(analytes):
            found = [calcium.ionised[0] if calcium.ionised_decides else calcium.chosen]
        else:
            found = [self.patient.labs.newest(analyte) for analyte in analytes]
        yield from (self.result(result) for result in found if result is not None)

    def needs(self, needs: Iterable[str]) -> Iterator[Fact]:
        """What these needs have, and what of them is missing, too old or unreadable."""
        for need in needs:
            yield from self.newest(need)
            yield from self.lacking((need,))

    def lacking(self, needs: Iterable[str]) -> Iterator[Fact]:
        """What of these needs is missing, too old or unreadable."""
        yield from (Fact(unescaped(line)) for need in needs for line in self.words.about_need(need))

    def product(self, *limits: float) -> Iterator[Fact]:
        """Calcium × phosphate with its distance from these limits, or why there is none."""
        labs = self.patient.labs
        if labs.product is not None:
            away = "; ".join(_away(labs.product.value, limit, "mg²/dL²") for limit in limits)
            value = unescaped(self.words.product_value(labs.product))
            yield Fact(f"{unescaped(self.words.product())}: {away}", short=f"Ca x P {value} ({away})")
            return
        calcium, phosphate = labs.calcium.chosen, labs.newest(Analyte.PHOSPHATE)
        if calcium is None or phosphate is None:
            yield from self.lacking(("calcium", "phosphate"))
            yield Fact("no product: it needs a total or corrected calcium and a phosphate")
        elif calcium.comparator or phosphate.comparator:
            yield Fact("no product: calcium or phosphate is known only as above or below a value")
        else:
            apart, most = abs((calcium.on - phosphate.on).days), exact(self.patient.limits.product_pair_days)
            yield Fact(
                f"no product: calcium of {calcium.on} and phosphate of {phosphate.on} "
                f"lie {apart} days apart, more than {most}"
            )

    # ------------------------------------------------------------------ the record
    def procedure(self, procedure: Procedure) -> Fact:
        """A procedure with its day."""
        day = "in progress" if procedure.ongoing else self._day(procedure.on)
        how = listed(sign.how for sign in procedure.concepts.values())
        names = [] if _is_session(procedure) else [name.replace("_", " ") for name in procedure.concepts]
        new = [name for name in names if name not in procedure.text.lower()]
        return Fact(f"“{plain(procedure.text)}” ({day}{f'; {listed(new)}' if new else ''})", how)

    def _day(self, day: date | None) -> str:
        return self.words.when(day) if day else "undated"

    def dialysis(self) -> Iterator[Fact]:
        """What shows dialysis; where nothing does, what came nearest to it."""
        if self.patient.dialysis:
            yield Fact(unescaped(self.words.dialysis()))
            return
        evidence = self.patient.dialysis.evidence
        if evidence:
            yield Fact(plain(evidence))
        chart = self.patient.chart
        yield from (self._kidney(entry) for entry in filter(_is_about_kidneys, chart.conditions))
        yield from self._newest_session()
        if chart.unread_sessions:
            yield Fact(f"could not be read: {_counted(chart.unread_sessions, 'session')} that may be dialysis")
        yield Fact(f"looked at: {_counted(chart.conditions, 'condition')}, {_counted(chart.procedures, 'procedure')}")

    def _newest_session(self) -> Iterator[Fact]:
        chart, on = self.patient.chart, self.patient.on
        dated = [(one.on, one) for one in chart.procedures if _is_session(one) and one.on is not None]
        if dated:
            told = self.procedure(max(dated, key=lambda pair: pair[0])[1])
            first = on - timedelta(days=session_days(chart, on, self.patient.limits))
            yield Fact(f"newest dialysis session: {told.says}; sessions count from {first.isoformat()} on", told.how)

    def _kidney(self, entry: Condition) -> Fact:
        why = "" if entry.active else "; not active"
        if entry.active and transplanted(self.patient.chart) and not _DIALYSIS.isdisjoint(entry.concepts):
            why = "; not known to be later than the transplant"
        return Fact(f"{unescaped(self.words.condition(entry))}{why}", _hows(entry))

    def score(self, limit: float, unknown: tuple[int, int] = (0, 0)) -> Fact:
        """The risk points beside those that are needed; `unknown` are how many factors cannot be told, and the points
        that they could give.
        """
        factors, points = unknown
        score, more = self.patient.risk.score, ""
        if factors and score < limit:
            more = f" so far; {_number(factors, 'factor')} cannot be told, up to {_number(points, 'point')} more"
        return Fact(f"risk points {score}{more}, where {exact(limit)} are needed")

    def drugs(self, medications: Iterable[Medication]) -> tuple[Fact, ...]:
        """Drugs, each once."""
        return self.facts(tuple(dict.fromkeys(medications)))


def bounded(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The first facts of many, and how many more there are."""
    more = len(facts) - MOST_FACTS
    return (*facts[:MOST_FACTS], Fact(f"and {more} more")) if more > 0 else facts


def _is_about_kidneys(entry: Condition) -> bool:
    return not entry.concepts.keys().isdisjoint((*_KIDNEY, *_KIDNEY_IN_WORDS))


def _is_session(procedure: Procedure) -> bool:
    return not procedure.concepts.keys().isdisjoint((*DIALYSIS_PROCEDURES, MONTHLY_SERVICE))


def _counted(things: tuple[object, ...], name: str) -> str:
    return _number(len(things), name)


def _number(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _hows(condition: Condition) -> str:
    return listed(sign.how for sign in condition.concepts.values())


def _measured(result: Result, limit: float | None) -> Measured:
    return Measured(
        result.analyte.value,
        result.value,
        result.unit,
        result.on,
        result.comparator,
        result.original,
        result.code,
        limit,
        None if limit is None else round(result.value - limit, 4),
    )


def _away(value: float, limit: float, unit: str, decimals: int = 2) -> str:
    """'0.4 mg/dL below 10.2', 'exactly at 10.2'; with as many decimals as the value is shown with, where that tells."""
    if value == limit:
        return f"exactly at {rounded(limit)}"
    distance = abs(value - limit)
    coarse = round(distance, decimals) or distance
    unit = "percentage points" if unit == "%" else unit
    shown = f"{rounded(coarse)} {unit}".rstrip() if distance >= _LEAST else "just"
    return f"{shown} {'above' if value > limit else 'below'} {rounded(limit)}"
