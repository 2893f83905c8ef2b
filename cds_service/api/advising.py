"""The cards that a call shows, and those that it holds back: nothing held back may stand for what could not be read.

What may live here: the rules and the switches of a clinic together. Neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cds_service.api.repeating import Repeats
from cds_service.knowledge import Asking, HeldBack, Reason, Sorted, Switches
from hooks.card import most_urgent_first
from hooks.explain import Advise
from hooks.judgement import CannotJudge

_NOT_TOLD = (Reason.SHADOW, Reason.ROLE)


class RefusedWithout(CannotJudge):
    """Only cards that the clinic holds back (`held`) would have allowed an answer; `gap` is what it lacks without them.

    The text names those that the clinic shows to nobody: not what is on trial, and not what is for other people.
    """

    def __init__(self, gap: CannotJudge, held: Sequence[HeldBack]) -> None:
        off = ", ".join(dict.fromkeys(back.card.topic for back in held if back.reason not in _NOT_TOLD))
        told = f"; what was read gives {off}, which this clinic does not show" if off else ""
        super().__init__(gap.what, gap.reason + told)
        self.gap, self.held = gap, held


def advised(advise: Advise, switches: Switches, asking: Asking, repeats: Repeats | None = None) -> Sorted:
    """The cards of a call, shown and held back. `repeats` says which of those left are the same advice again.

    Where cards are held back for what they are about, the rules are asked again without them, until they bring no
    further such card: one of them may have been the only one that told what could not be read, or the reason why a
    chart was judged of which a part is missing. A card keeps the reason that it had first.

    Raises:
        CannotJudge: data are missing without which the cards that are left could hide a risk.
    """
    found = switches.sort(advise(()), asking)
    held = [*found.held]
    untold: frozenset[str] = frozenset()
    while more := {back.card.topic for back in found.held if switches.is_about_its_topic(back, asking)} - untold:
        untold |= more
        try:
            found = switches.sort(advise(untold), asking)
        except CannotJudge as gap:
            raise RefusedWithout(gap, held) from None
        known = {back.card.topic for back in held}
        held += [back for back in found.held if back.card.topic not in known]
    shown = {card.topic for card in found.shown}
    found = Sorted(found.shown, [back for back in held if back.card.topic not in shown])
    return found if repeats is None else _without_repeats(found, advise, switches, asking, repeats, untold)


def _without_repeats(
    found: Sorted, advise: Advise, switches: Switches, asking: Asking, repeats: Repeats, untold: Collection[str]
) -> Sorted:
    """The same without advice that its user has just seen, which takes no place of the card limit.

    What tells of gaps comes each time. One of the repeated cards may have been the only one that did, or the reason why
    a chart was judged of which a part is missing: then the card on that takes its place, or all stay.
    """
    hook = asking.hook
    cards = [*found.shown, *(back.card for back in found.held if back.reason is Reason.CARD_LIMIT)]
    again = repeats([card for card in cards if switches.may_be_repeated(card)], hook, switches.repeat)
    if not again:
        return found
    try:
        others = switches.sort(advise({*untold, *again}), asking).shown
    except CannotJudge:
        return found
    left = [card for card in found.shown if card.topic not in again]
    may_follow = {card.topic for card in cards} | switches.tell_of_gaps
    may_follow -= again.keys() | {card.topic for card in left}
    shown = most_urgent_first([*left, *(card for card in others if card.topic in may_follow)])
    gone = again.keys() | {card.topic for card in shown}
    held = [back for back in found.held if back.card.topic not in gone]
    return Sorted(shown, held + [HeldBack(card, again[card.topic]) for card in cards if card.topic in again])
