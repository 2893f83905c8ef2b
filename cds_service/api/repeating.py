"""The cards of a call that are the same advice again, by what the log remembers of before.

What may live here: the way from a call to the events of before, and from these to the rule of `hooks.repeat_policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cds_service.knowledge import Reason
from cds_service.storage import Pseudonyms, Shown, StoreError
from hooks.card import Card, Indicator
from hooks.repeat_policy import Earlier, RepeatPolicy, repeated

Find = Callable[[Sequence[str], Sequence[str], datetime], Sequence[Shown]]
Repeats = Callable[[Sequence[Card], str, RepeatPolicy], Mapping[str, Reason]]
"""Of these cards at a hook, the topics that are the same advice again, and why."""


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

    def among(self, cards: Sequence[Card], hook: str, policy: RepeatPolicy) -> dict[str, Reason]:
        """The topics of these cards that are held back, with the reason."""
        patients = self.pseudonyms.all_of("patient", self.whose, self.patient_id)
        users = self.pseudonyms.all_of("user", self.whose, self.user_id) if self.user_id else []
        if not cards or not patients or not users:
            return {}
        with suppress(StoreError):
            before = [_earlier(one) for one in self.find(patients, users, self.now - policy.looks_back)]
            why = {card.topic: self._why(card, hook, before, policy) for card in cards}
            return {topic: reason for topic, reason in why.items() if reason is not None}
        return {}

    def _why(self, card: Card, hook: str, before: Sequence[Earlier], policy: RepeatPolicy) -> Reason | None:
        # The same facts have another hash under another key, and where the card was more urgent.
        facts = {
            name for indicator in Indicator for name in facts_names(self.pseudonyms, card.topic, indicator, card.facts)
        }
        why = repeated(card, facts, hook, before, self.now, policy)
        return None if why is None else Reason(why.value)


def facts_names(pseudonyms: Pseudonyms, topic: str, indicator: str, facts: Sequence[str]) -> list[str]:
    """What stands in the log for the facts of a card, by every key, the newest first; none without a key."""
    return pseudonyms.all_of("facts", topic, str(indicator), *facts)


def _earlier(one: Shown) -> Earlier:
    return Earlier(one.hook, one.topic, Indicator(one.indicator), one.facts, one.at, one.overridden)
