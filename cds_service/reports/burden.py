"""How much the cards ask of clinicians: cards for each hundred opened charts, and for each hundred calls of a hook.

What may live here: adding up and dividing. What is divided by stands beside the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.storage import EventCount, Kind

INTERRUPTIVE = frozenset({"warning", "critical"})
"""A card of one of these indicators asks to be read before one goes on."""
CRITICAL = "critical"
OPENED = "patient-view"
"""A chart is opened."""


@dataclass(frozen=True, slots=True)
class Burden:
    """The calls of one hook that were answered and refused, and the cards that went out with the answers.

    `opened` counts the charts that were opened, by answered calls of patient-view.
    """

    hook: str
    answered: int
    refused: int
    cards: int
    interruptive: int
    critical: int
    opened: int

    def of_100_calls(self, cards: int) -> float | None:
        """For each hundred answered calls of this hook; None where there was none."""
        return 100 * cards / self.answered if self.answered else None

    def of_100_charts(self, cards: int) -> float | None:
        """For each hundred opened charts; None where there was none."""
        return 100 * cards / self.opened if self.opened else None


def burdens(counts: Iterable[EventCount]) -> list[Burden]:
    """One for each hook, by name, and one for all (hook ""). Cards of releases without events are in none of them."""
    counts = [count for count in counts if count.kind in (Kind.ANSWERED, Kind.REFUSED, Kind.ISSUED)]
    opened = sum(count.times for count in counts if (count.kind, count.hook) == (Kind.ANSWERED, OPENED))
    hooks = sorted({count.hook for count in counts} - {""})
    return [_burden(hook, [count for count in counts if hook in ("", count.hook)], opened) for hook in (*hooks, "")]


def _burden(hook: str, counts: Iterable[EventCount], opened: int) -> Burden:
    answered = refused = cards = interruptive = critical = 0
    for count in counts:
        answered += count.times * (count.kind == Kind.ANSWERED)
        refused += count.times * (count.kind == Kind.REFUSED)
        if count.kind == Kind.ISSUED:
            cards += count.times
            interruptive += count.times * (count.indicator in INTERRUPTIVE)
            critical += count.times * (count.indicator == CRITICAL)
    return Burden(hook, answered, refused, cards, interruptive, critical, opened)
