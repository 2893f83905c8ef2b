"""What a clinic has switched off, changed or put into shadow: which cards are shown, and why not the others.

What may live here: the type, and the sorting of cards. Nothing is dropped: each card is shown or held back with its
reason. How a site policy is read stands in `switch_reading`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from cds_service.knowledge.critical_cards import TELL_OF_GAPS
from hooks.card import Card, Indicator, most_urgent_first
from hooks.repeat_policy import Repeated, RepeatPolicy, may_come_again

ALWAYS_AGAIN = RepeatPolicy()
ALL = "*"
"""In `killed`: every topic."""


class Reason(StrEnum):
    """Why a card that was worked out is not shown."""

    SERVICE_OFF = "service-off"
    HOOK_OFF = "hook-off"
    TOPIC_OFF = "topic-off"
    ROLE = "role"
    KILL_SWITCH = "kill-switch"
    SHADOW = "shadow"
    CARD_LIMIT = "card-limit"
    SHOWN = Repeated.SHOWN.value
    OVERRIDDEN = Repeated.OVERRIDDEN.value
    ORDERED = Repeated.ORDERED.value


REPEATS = frozenset({Reason.SHOWN, Reason.OVERRIDDEN, Reason.ORDERED})
"""The same advice, on the same facts, was shown to the same user before."""


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom cards are: the hook, the service, the type of the user (Practitioner …), the clinic's day."""

    hook: str
    service: str
    user: str
    on: date


@dataclass(frozen=True, slots=True)
class Shadow:
    """From a day on cards are worked out and recorded, and not shown. Each of hook, service and topic narrows it.

    `until` is its last day; None: it lasts until somebody takes it out.
    """

    since: date
    reason: str
    hook: str | None = None
    service: str | None = None
    topic: str | None = None
    until: date | None = None

    def lasts(self, on: date) -> bool:
        """Does it hold on this day?"""
        return self.since <= on and (self.until is None or on <= self.until)

    def covers(self, topic: str, asking: Asking) -> bool:
        """Is a card of this topic in it?"""
        wanted = (self.hook, asking.hook), (self.service, asking.service), (self.topic, topic)
        return self.lasts(asking.on) and all(mine in (None, its) for mine, its in wanted)


@dataclass(frozen=True, slots=True)
class CriticalOff:
    """Who answers for critical cards that are off, and why; `covers` names all that they answer for."""

    people: tuple[str, ...]
    reason: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A card that was worked out and is not shown."""

    card: Card
    reason: Reason


@dataclass(frozen=True, slots=True)
class Sorted:
    """The cards of one answer: those shown, most urgent first, and those held back in the same order."""

    shown: list[Card]
    held: list[HeldBack]


@dataclass(frozen=True, slots=True)
class Switches:
    """What is switched off, and why, by topic, hook and service; without anything everything is on.

    `indicators` has other indicators by (topic, hook). `users` are the types of users that cards are for; None:
    everybody. `repeat` says for how long the same advice is not shown again. `killed` are the topics that the kill
    switch holds back in this call. Cards of the topics `tell_of_gaps` say what could not be read, and those of
    `can_be_critical` are critical in other patients: like critical ones they are for everybody and never over the
    limit.
    """

    topics: Mapping[str, str] = field(default_factory=dict)
    hooks: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[tuple[str, str], Indicator] = field(default_factory=dict)
    shadows: tuple[Shadow, ...] = ()
    critical_off: CriticalOff | None = None
    card_limit: int | None = None
    repeat: RepeatPolicy = ALWAYS_AGAIN
    users: frozenset[str] | None = None
    killed: frozenset[str] = frozenset()
    tell_of_gaps: frozenset[str] = TELL_OF_GAPS
    can_be_critical: frozenset[str] = frozenset()

    def sort(self, given: Sequence[Card], asking: Asking) -> Sorted:
        """The cards that are shown in this call, and those held back with the reason.

        What is off, killed or not for this user takes no place of the card limit. A card in shadow is over the limit
        where it would be without shadow mode.
        """
        if self is EVERYTHING_ON:
            # Most clinics' calls: the rules give their cards in this order.
            return Sorted(list(given), [])
        cards = most_urgent_first([self._as_changed(card, asking.hook) for card in given])
        reasons = [self._off(card, asking) for card in cards]
        places = [place for place, reason in enumerate(reasons) if reason is None]
        shadowed = {place for place in places if self._in_shadow(cards[place], asking)}
        lit = [place for place in places if place not in shadowed]
        for place in shadowed:
            reasons[place] = Reason.SHADOW
        for place in (self._over(cards, places) & shadowed) | self._over(cards, lit):
            reasons[place] = Reason.CARD_LIMIT
        pairs = list(zip(cards, reasons, strict=True))
        return Sorted(
            [card for card, reason in pairs if reason is None],
            [HeldBack(card, reason) for card, reason in pairs if reason is not None],
        )

    def is_about_its_topic(self, back: HeldBack, asking: Asking) -> bool:
        """Was this card held back for what it is about, while others of the same call might be shown?

        Where a whole tenant, hook or service shows nothing, that is what is told, and not a gap of one patient.
        """
        return back.reason not in {Reason.CARD_LIMIT, *REPEATS} and not self._shows_nothing(asking)

    def may_be_repeated(self, card: Card) -> bool:
        """May this card be held back as the same advice again? As with the card limit and the roles, not what tells of
        gaps, and not what can be critical, in its milder forms too.
        """
        return may_come_again(card) and not self._must_come(card)

    def _shows_nothing(self, asking: Asking) -> bool:
        off = asking.service in self.services or asking.hook in self.hooks or ALL in self.killed
        return off or any(one.topic is None and one.covers("", asking) for one in self.shadows)

    def with_killed(self, topics: Collection[str]) -> Switches:
        """The same with these topics held back by the kill switch."""
        return replace(self, killed=frozenset(topics))

    def _as_changed(self, card: Card, hook: str) -> Card:
        indicator = self.indicators.get((card.topic, hook))
        return card if indicator is None else replace(card, indicator=indicator)

    def _off(self, card: Card, asking: Asking) -> Reason | None:
        if asking.service in self.services:
            return Reason.SERVICE_OFF
        if asking.hook in self.hooks:
            return Reason.HOOK_OFF
        if card.topic in self.topics:
            return Reason.TOPIC_OFF
        if ALL in self.killed or card.topic in self.killed:
            return Reason.KILL_SWITCH
        return Reason.ROLE if self._is_for_others(card, asking) else None

    def _is_for_others(self, card: Card, asking: Asking) -> bool:
        """A user whose type nobody knows gets every card."""
        if self.users is None or not asking.user:
            return False
        return asking.user not in self.users and not self._must_come(card)

    def _in_shadow(self, card: Card, asking: Asking) -> bool:
        return any(shadow.covers(card.topic, asking) for shadow in self.shadows)

    def _over(self, cards: Sequence[Card], places: Sequence[int]) -> set[int]:
        """Which of these, most urgent first, are more than the limit."""
        if self.card_limit is None:
            return set()
        return {place for place in places[self.card_limit :] if not self._must_come(cards[place])}

    def _must_come(self, card: Card) -> bool:
        """Without such a card, silence would look like "no risk": of what can be critical, in a milder form too."""
        must = self.tell_of_gaps | self.can_be_critical
        return card.indicator is Indicator.CRITICAL or card.topic in must


EVERYTHING_ON = Switches()
"""Every card is shown."""
