"""The cards of a call that are the same advice again, by what the log remembers of before.

What may live here: the way from a call to the events of before, and from these to the rule of `hooks.repeat_policy`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cds_service.api.same_advice import SameAdvice
from cds_service.knowledge import Reason
from cds_service.storage import Pseudonyms, Shown, StoreError
from hooks.card import Card, Indicator
from hooks.repeat_policy import Earlier, RepeatPolicy, may_come_again, repeated

log = logging.getLogger("cds_service")

Find = Callable[[Sequence[str], Sequence[str], datetime], Sequence[Shown]]
Repeats = Callable[[Sequence[Card], str, RepeatPolicy], Mapping[str, Reason]]
"""Of these cards at a hook, the topics that are the same advice again, and why."""

_INDICATORS = frozenset(Indicator)
"""Of a release that knows others nothing is believed."""


@dataclass(frozen=True)
class Repeating:
    """The advice of before to the user of one call, on its patient; `whose` record numbers these are.

    `find` raises StoreError where it cannot tell in time: then nothing is held back.
    """

    find: Find
    pseudonyms: Pseudonyms
    whose: str
    patient_id: str
    user_id: str
    now: datetime

    @property
    def is_possible(self) -> bool:
        """Is it known whose patient and which user this is? Else another person could be taken for them."""
        return bool(self.whose and self.user_id) and self.pseudonyms.of("") is not None

    def among(self, same: SameAdvice, cards: Sequence[Card], hook: str, policy: RepeatPolicy) -> dict[str, Reason]:
        """The topics of these cards that are held back, with the reason; none where that cannot be told."""
        if not cards or not self.is_possible:
            return {}
        try:
            return self._among(same, cards, hook, policy)
        except StoreError:
            return {}  # The log has said so.
        except Exception as error:
            # Whatever it is: it is no fault of the advice. What it says may hold data of the patient.
            log.error("what was shown before could not be compared (%s)", type(error).__name__)
            return {}

    def _among(self, same: SameAdvice, cards: Sequence[Card], hook: str, policy: RepeatPolicy) -> dict[str, Reason]:
        patients = self.pseudonyms.all_of("patient", self.whose, self.patient_id)
        users = self.pseudonyms.all_of("user", self.whose, self.user_id)
        found = self.find(patients, users, self.now - policy.looks_back)
        before = [_earlier(one) for one in found if one.indicator in _INDICATORS]
        why = {card.topic: repeated(card, self._names(same, card), hook, before, self.now, policy) for card in cards}
        return {topic: Reason(reason.value) for topic, reason in why.items() if reason is not None}

    def name(self, same: SameAdvice, card: Card) -> str | None:
        """What stands for this advice in the log; None where it could not be found again, or is never held back."""
        is_kept = self.is_possible and may_come_again(card)
        return self.pseudonyms.of("advice", *same.parts(card)) if is_kept else None

    def _names(self, same: SameAdvice, card: Card) -> set[str]:
        """By every key; and as it stood when the drafts had no dosage yet."""
        written = (same.parts(card), same.parts(card, dosed=False))
        return {name for parts in written for name in self.pseudonyms.all_of("advice", *parts)}


def _earlier(one: Shown) -> Earlier:
    return Earlier(one.hook, one.topic, Indicator(one.indicator), one.advice, one.at, one.overridden)
