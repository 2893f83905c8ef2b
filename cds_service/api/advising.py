"""The cards that a call shows, and those that it holds back: nothing held back may stand for what could not be read.

What may live here: the rules and the switches of a clinic together. Neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.knowledge import Asking, HeldBack, Reason, Sorted, Switches
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


def advised(advise: Advise, switches: Switches, asking: Asking) -> Sorted:
    """The cards of a call, shown and held back.

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
    return Sorted(found.shown, [back for back in held if back.card.topic not in shown])
