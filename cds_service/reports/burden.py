"""How much the cards ask of clinicians: cards for each hundred opened charts, and for each hundred calls of a hook.

What may live here: adding up and dividing. What is divided by stands beside the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.knowledge import REPEATS
from cds_service.storage import OPENED, EventCount, Kind

INTERRUPTIVE = frozenset({"warning", "critical"})
"""A card of one of these indicators asks to be read before one goes on."""
CRITICAL = "critical"
_COUNTED = (Kind.ANSWERED, Kind.REFUSED, Kind.ISSUED, Kind.SUPPRESSED)


class Kinds(NamedTuple):
    """Cards: all, those that interrupt, and the critical ones among these."""

    all: int = 0
    interruptive: int = 0
    critical: int = 0


NO_CARD = Kinds()


@dataclass(frozen=True, slots=True)
class Burden:
    """The calls of one hook that were answered and refused, the cards that went out with the answers, and those that
    were held back; of these `repeated` are those that were the same advice again.

    `opened` counts the charts that were opened, by answered calls of patient-view.
    """

    hook: str
    answered: int
    refused: int
    cards: Kinds
    held_back: Kinds
    opened: int
    repeated: Kinds = NO_CARD

    def of_100_calls(self, cards: int) -> float | None:
        """For each hundred answered calls of this hook; None where there was none."""
        return 100 * cards / self.answered if self.answered else None

    def of_100_charts(self, cards: int) -> float | None:
        """For each hundred opened charts; None where there was none."""
        return 100 * cards / self.opened if self.opened else None


def burdens(counts: Iterable[EventCount]) -> list[Burden]:
    """One for each hook, by name, and one for all (hook ""). Cards of releases without events are in none of them."""
    counts = [count for count in counts if count.kind in _COUNTED]
    opened = sum(count.times for count in counts if (count.kind, count.hook) == (Kind.ANSWERED, OPENED))
    hooks = sorted({count.hook for count in counts} - {""})
    return [_burden(hook, [count for count in counts if hook in ("", count.hook)], opened) for hook in (*hooks, "")]


def _burden(hook: str, counts: Sequence[EventCount], opened: int) -> Burden:
    answered, refused = (sum(one.times for one in counts if one.kind == kind) for kind in (Kind.ANSWERED, Kind.REFUSED))
    again = [one for one in counts if one.reason in REPEATS]
    shown, held, repeated = _kinds(counts, Kind.ISSUED), _kinds(counts, Kind.SUPPRESSED), _kinds(again, Kind.SUPPRESSED)
    return Burden(hook, answered, refused, shown, held, opened, repeated)


def _kinds(counts: Iterable[EventCount], kind: Kind) -> Kinds:
    cards = [one for one in counts if one.kind == kind]
    interruptive = sum(one.times for one in cards if one.indicator in INTERRUPTIVE)
    critical = sum(one.times for one in cards if one.indicator == CRITICAL)
    return Kinds(sum(one.times for one in cards), interruptive, critical)
