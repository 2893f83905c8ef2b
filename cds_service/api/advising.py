"""The cards that a call shows, and those that it holds back: nothing held back may stand for what could not be read.

What may live here: the rules and the switches of a clinic together. Neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from cds_service.knowledge import Asking, HeldBack, Sorted, Switches
from hooks.card import Card

Advise = Callable[[Collection[str]], list[Card]]
"""The cards of the rules without those on some topics. Raises CannotJudge."""


def advised(advise: Advise, switches: Switches, asking: Asking) -> Sorted:
    """The cards of a call, shown and held back.

    Where a card is held back for what it is about, the rules are asked once more without it: it may have been the only
    one that told what could not be read, or the reason why a chart was judged of which a part is missing.

    Raises:
        CannotJudge: data are missing without which the cards that are left could hide a risk.
    """
    untold: frozenset[str] = frozenset()
    before: list[HeldBack] = []
    while True:
        found = switches.sort(advise(untold), asking)
        alone = [back for back in found.held if switches.is_about_its_topic(back, asking)]
        if not alone:
            return Sorted(found.shown, [*before, *found.held])
        before += alone
        untold |= {back.card.topic for back in alone}
