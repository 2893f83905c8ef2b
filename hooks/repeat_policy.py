"""The same advice again: when it is held back, because the same person has just seen it on the same patient.

What may live here: the decision on one card, given the advice of before. Nothing is held back unless a clinic asks for
it, and never a critical card. Who knows what was given before, and which cards tell what could not be read, is the
business of whoever asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hooks import order_select, order_sign
from hooks.card import Card, Indicator

CLOCKS_DIFFER = timedelta(minutes=5)
"""What was shown later than now is shown by another clock. More than this is no clock to go by."""
NEVER = timedelta()


class Repeated(StrEnum):
    """Why a card would be the same advice again."""

    SHOWN = "shown-before"
    OVERRIDDEN = "overridden-before"
    ORDERED = "shown-at-order-select"


@dataclass(frozen=True, slots=True)
class RepeatPolicy:
    """For how long the same advice is held back: after it was shown at the same hook, after it was overridden there,
    and at order-sign after it was shown at order-select. `NEVER` holds nothing back.
    """

    after_shown: timedelta = NEVER
    after_override: timedelta = NEVER
    at_order_sign: timedelta = NEVER

    @property
    def looks_back(self) -> timedelta:
        """How old the oldest advice can be that matters."""
        return max(self.after_shown, self.after_override, self.at_order_sign)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Advice that was shown to the same user on the same patient, and when it was overridden, if it was.

    `facts` stands for what decided it: the same text means the same facts.
    """

    hook: str
    topic: str
    indicator: Indicator
    facts: str
    shown: datetime
    overridden: datetime | None = None


def repeated(
    card: Card, facts: Collection[str], hook: str, earlier: Iterable[Earlier], now: datetime, policy: RepeatPolicy
) -> Repeated | None:
    """Why this card is held back at this hook, or None where it is shown.

    It is shown where it is critical, where no earlier advice rested on the same facts, and where that was less urgent.
    `facts` are the texts that may stand for the facts of this card.
    """
    if card.indicator is Indicator.CRITICAL:
        return None
    same = [
        one
        for one in earlier
        if one.topic == card.topic and one.facts in facts and one.indicator.urgency >= card.indicator.urgency
    ]
    here = [one for one in same if one.hook == hook]
    if any(one.overridden is not None and _lasts(one.overridden, policy.after_override, now) for one in here):
        return Repeated.OVERRIDDEN
    if any(_lasts(one.shown, policy.after_shown, now) for one in here):
        return Repeated.SHOWN
    picked = [one for one in same if one.hook == order_select.HOOK] if hook == order_sign.HOOK else []
    return Repeated.ORDERED if any(_lasts(one.shown, policy.at_order_sign, now) for one in picked) else None


def _lasts(since: datetime, how_long: timedelta, now: datetime) -> bool:
    """Is this moment less than so long ago?"""
    return how_long > NEVER and -CLOCKS_DIFFER <= now - since < how_long
