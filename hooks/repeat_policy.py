"""The same advice again: when it is held back, because the same person has just seen it on the same patient.

What may live here: the decision on one card, given the advice of before. Nothing is held back unless a clinic asks for
it, and never a critical card, nor one that stands for calciphylaxis. Who knows what was given before, and which cards
tell what could not be read, is the business of whoever asks.
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
AT_THE_LAST = timedelta(hours=24)
"""A day later the signing of an order is a new decision."""
OF_CALCIPHYLAXIS = frozenset({"cua-possible", "iron-cua", "iron-infection", "calcium-cua-hypocalcaemia"})
"""Topics that stand for calciphylaxis, or for an infection beside it, and cannot be critical: these patients change by
the day, and not always in what the record codes."""


class Repeated(StrEnum):
    """Why a card would be the same advice again."""

    SHOWN = "shown-before"
    OVERRIDDEN = "overridden-before"
    ORDERED = "shown-at-order-select"


@dataclass(frozen=True, slots=True)
class RepeatPolicy:
    """For how long the same advice is held back: after it was shown at the same hook, after it was overridden there,
    and at order-sign after it was shown at order-select. `NEVER` holds nothing back. `reason` is the
    clinic's.
    """

    after_shown: timedelta = NEVER
    after_override: timedelta = NEVER
    at_order_sign: timedelta = NEVER
    reason: str = ""

    @property
    def looks_back(self) -> timedelta:
        """How old the oldest advice can be that matters."""
        return max(self.after_shown, self.after_override, self.at_order_sign)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Advice that was shown to the same user on the same patient, and when it was overridden, if it was.

    `advice` stands for all that it said, and for what brought it about: the same text means the same advice.
    """

    hook: str
    topic: str
    indicator: Indicator
    advice: str
    shown: datetime
    overridden: datetime | None = None


def may_come_again(card: Card) -> bool:
    """May this card ever be held back as the same advice again?"""
    return card.indicator is not Indicator.CRITICAL and card.topic not in OF_CALCIPHYLAXIS


def repeated(
    card: Card, names: Collection[str], hook: str, earlier: Iterable[Earlier], now: datetime, policy: RepeatPolicy
) -> Repeated | None:
    """Why this card is held back at this hook, or None where it is shown.

    It is shown where it is critical or of calciphylaxis, where no earlier advice was the same, and where that was less
    urgent. `names` are the texts that may stand for this card. At order-sign, the last moment before an order is
    signed, nothing is held back for longer than `AT_THE_LAST`.
    """
    if not may_come_again(card):
        return None
    same = [
        one
        for one in earlier
        if one.topic == card.topic and one.advice in names and one.indicator.urgency >= card.indicator.urgency
    ]
    here = [one for one in same if one.hook == hook]
    most = AT_THE_LAST if hook == order_sign.HOOK else policy.looks_back
    after_override, after_shown = min(most, policy.after_override), min(most, policy.after_shown)
    if any(one.overridden is not None and _lasts(one.overridden, after_override, now) for one in here):
        return Repeated.OVERRIDDEN
    if any(_lasts(one.shown, after_shown, now) for one in here):
        return Repeated.SHOWN
    picked = [one for one in same if one.hook == order_select.HOOK] if hook == order_sign.HOOK else []
    return Repeated.ORDERED if any(_lasts(one.shown, policy.at_order_sign, now) for one in picked) else None


def _lasts(since: datetime, how_long: timedelta, now: datetime) -> bool:
    """Is this moment less than so long ago?"""
    return how_long > NEVER and -CLOCKS_DIFFER <= now - since < how_long
