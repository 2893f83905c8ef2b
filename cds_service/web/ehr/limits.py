"""What the rules themselves call high and low, for a result that came without a range.

What may live here: asking `hooks` about one result as if it were the only one, and the words for its answer. No number
is compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from hooks.cards import exact
from hooks.chart import Analyte, Chart, Result
from hooks.finding import Finding
from hooks.labs import Labs
from hooks.policy import Policy

Question = Callable[[Labs], Finding]
_CALCIUM: tuple[Question, Question] = (lambda labs: labs.calcium.low, lambda labs: labs.calcium.high)
_DOSE: tuple[Question, None] = (lambda labs: labs.dialysis_dose_low, None)
_ASKED: Mapping[Analyte, tuple[Question | None, Question | None]] = {
    **dict.fromkeys((Analyte.TOTAL_CALCIUM, Analyte.ALBUMIN_CORRECTED_CALCIUM), _CALCIUM),
    **dict.fromkeys((Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74), _CALCIUM),
    Analyte.PHOSPHATE: (None, lambda labs: labs.phosphate_high),
    Analyte.INTACT_PTH: (lambda labs: labs.pth_low, lambda labs: labs.pth_high),
    Analyte.ALBUMIN: (lambda labs: labs.albumin_low, None),
    Analyte.ALKALINE_PHOSPHATASE: (None, lambda labs: labs.alkaline_phosphatase_high),
    **dict.fromkeys((Analyte.SP_KT_V, Analyte.PD_WEEKLY_KT_V, Analyte.UREA_REDUCTION_RATIO), _DOSE),
}
"""Is a result of this analyte low, is it high? What is not asked has no such limit."""


class RuleLimits(NamedTuple):
    """What the rules say of one result: "L", "H" or neither, why in words, and between which limits it should lie.

    `on_dialysis` says that a laboratory's own range, which is for healthy kidneys, misleads there.
    """

    mark: str = ""
    words: str = ""
    span: str = ""
    on_dialysis: bool = False


def rule_limits(result: Result, albumins: tuple[Result, ...], policy: Policy, today: date) -> RuleLimits:
    """What the rules say of a result by itself, by the thresholds of its day; a total calcium is corrected as they do.

    `albumins` are all those of the patient.
    """
    low, high = _ASKED.get(result.analyte, (None, None))
    labs, style = _alone(result, albumins, policy, today), policy.wording.analytes[result.analyte]
    answers = {mark: ask(labs) for mark, ask in (("L", low), ("H", high)) if ask}
    bounds = {mark: exact(found.limit) for mark, found in answers.items() if found.limit is not None}
    span = _span(bounds.get("L", ""), bounds.get("H", ""), style.unit)
    theirs = _in_their_words(result, labs, style.unit) if span else ""
    span, on_dialysis = span + (f", {theirs}" if theirs else ""), result.analyte is Analyte.INTACT_PTH
    for mark, found in answers.items():
        if found and found.limit is not None:
            words = f"{found.relation} {exact(found.limit)} {style.unit}, a limit of the rules"
            return RuleLimits(mark, f"{theirs}: {words}" if theirs else words, span, on_dialysis)
    return RuleLimits(span=span, on_dialysis=on_dialysis)


def _alone(result: Result, albumins: tuple[Result, ...], policy: Policy, today: date) -> Labs:
    limits = policy.thresholds(result.on)
    until = min(result.on + timedelta(days=int(limits.correction_albumin_days)), max(today, result.on))
    results = {Analyte.ALBUMIN: albumins, result.analyte: (result,)}
    return Labs(Chart(results=results), until, limits)


def _span(low: str, high: str, unit: str) -> str:
    """'8.4–10.2 mg/dL', 'up to 5.5 mg/dL', 'from 1.2 per session', or ""."""
    if not (low or high):
        return ""
    numbers = f"{low}–{high}" if low and high else f"up to {high}" if high else f"from {low}"
    return f"{numbers} {unit}".strip()


def _in_their_words(result: Result, labs: Labs, unit: str) -> str:
    """What the rules compare with the limits, in `unit`, where that is not the number that was sent."""
    chosen = labs.calcium.chosen if result.analyte is Analyte.TOTAL_CALCIUM else None
    if chosen is not None and chosen.value != result.value:
        return f"corrected for albumin it is {exact(round(chosen.value, 2))} {unit}"
    return f"converted it is {exact(round(result.value, 2))} {unit}" if result.original else ""
