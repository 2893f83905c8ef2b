"""Can the cards be trusted when a look-up failed?

What may live here: the refusal to answer where silence could hide a risk. The caller turns it into HTTP 412.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.card import Card, Indicator
from hooks.chart import Chart
from hooks.medication_history import with_history
from hooks.policy import Policy


class CannotJudge(Exception):
    """A look-up that failed could have changed the answer. `what` names it in words without patient data."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} could not be read ({reason})")
        self.what = what
        self.reason = reason


UNREAD_SESSION = "the status, code system or date of a session is missing, unknown or not understood"
INCOMPLETE = "cua-data-gap"
"""The topic of the card that tells of results which could not be read, when there is nothing else to tell."""

Rules = Callable[[Assessment, Policy], list[Card]]


def judge(chart: Chart, on: date, policy: Policy, rules: Rules) -> list[Card]:
    """The cards of `rules`, or a refusal.

    Without dialysis procedures a patient may look as if not on dialysis, and without those of surgery as if never
    transplanted. Where dialysis would have raised a card, and nothing else shows it, the answer is a refusal, not
    silence; so it is where a transplant would have. A problem list that was only cut is no refusal where what was read
    of it already gives a critical card.

    Raises:
        CannotJudge: naming the look-up.
    """
    for essential in ("patient", "conditions"):
        gap = chart.gap(essential)
        if gap is not None and not gap.cut:
            raise CannotJudge(gap.what, gap.reason)
    limits = policy.thresholds(on)
    chart = with_history(chart, on, limits)
    patient = Assessment(chart, on, limits)
    cards = rules(patient, policy)
    refuse_cut(chart, "conditions", cards)
    if patient.dialysis_unknown and (not cards or patient.tier is Tier.POSSIBLE):
        supposed = rules(Assessment(chart, on, limits, assume_dialysis=True), policy)
        # Only a sign, a risk or a drug would have mattered; further unread results alone would not.
        if any(card.topic != INCOMPLETE for card in supposed):
            gap = chart.gap("dialysis_procedures")
            raise CannotJudge(gap.what, gap.reason) if gap else CannotJudge("dialysis procedures", UNREAD_SESSION)
    gap = chart.gap("surgery_procedures")
    if gap is not None and not cards and rules(Assessment(chart, on, limits, assume_transplant=True), policy):
        raise CannotJudge(gap.what, gap.reason)
    if chart.masked_conditions and not patient.dialysis and not patient.is_child and not is_urgent(cards):
        raise CannotJudge("conditions", "an entry of the problem list does not tell what it is")
    return cards


def refuse_cut(chart: Chart, query: str, cards: list[Card]) -> None:
    """Refuse to answer where the list of this query could not be read whole, and what was read is not critical.

    Raises:
        CannotJudge: naming the list.
    """
    gap = chart.gap(query)
    if gap is not None and not is_urgent(cards):
        raise CannotJudge(gap.what, gap.reason)


def told(cards: list[Card], untold: Collection[str]) -> list[Card]:
    """The cards without those on topics that a clinic holds back: these can stand for nothing that was not read."""
    return [card for card in cards if card.topic not in untold]


def is_urgent(cards: list[Card]) -> bool:
    """What was read already gives a critical card: it is told, whatever else may be hidden."""
    return any(card.indicator is Indicator.CRITICAL for card in cards)
