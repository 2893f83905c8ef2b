"""What many readers are told of cards that were held back: no small number, and none that gives one away.

What may live here: which of these numbers are told. The cards are told by kind and by hook, which have one sum: these
are withheld together. The charts that were opened meanwhile are a part of all opened charts, and of the calls by
version: they are told where the difference to each of these is no small number either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cds_service.knowledge import REPEATS
from cds_service.reports.burden import CRITICAL, INTERRUPTIVE
from cds_service.reports.held import Held
from cds_service.reports.report import Number
from cds_service.reports.tables import OfHundred, Table, Value
from cds_service.reports.withholding import FEWEST, Pipe, Withheld, withheld
from cds_service.storage import VersionCount

MEANWHILE = ("charts_meanwhile", "of_100_charts")
"""The charts that a tenant opened while cards were held back for that reason."""
_Kind = tuple[str, str, str]
"""Why, topic and indicator."""
_Charts = tuple[str, str]
"""Why, and the topic where the charts are those of a time."""


@dataclass(frozen=True, slots=True)
class HeldForMany:
    """The table, and how many cards were held back at each hook; in all, of those that interrupt, and critical ones.

    `repeated` are those of the latter three that were the same advice again.
    """

    table: Table
    hooks: Mapping[str, Number]
    kinds: tuple[Number, Number, Number]
    repeated: tuple[Number, Number, Number]


def held_for_many(held: Sequence[Held], opened: Number, versions: Sequence[tuple[VersionCount, Number]]) -> HeldForMany:
    """Of one tenant. `opened` and the calls of `versions` have their small numbers withheld already."""
    kinds: Counter[_Kind] = Counter()
    hooks: Counter[str] = Counter()
    for one in held:
        kinds[one.why, one.topic, one.indicator] += one.times
        hooks[one.hook] += one.times
    pipes = [Pipe(("kind", kind), "kinds", "hooks", times) for kind, times in kinds.items()]
    # How often a card would have come is what a trial asks; the hooks only say that there was something.
    pipes += [Pipe(("hook", hook), "hooks", "kinds", times, price=0) for hook, times in hooks.items()]
    why = withheld(pipes)
    cards = {kind: why.get(("kind", kind), times) for kind, times in sorted(kinds.items())}
    charts = _charts(held, opened, versions)
    rows: list[Sequence[Value]] = []
    for (reason, topic, indicator), number in cards.items():
        meanwhile = charts.get((reason, ""), charts.get((reason, topic), 0))
        rows.append([reason, topic, indicator, number, meanwhile, of_hundred(number, meanwhile)])
    return HeldForMany(
        Table(("why", "card", "indicator", "held_back", *MEANWHILE), rows),
        {hook: why.get(("hook", hook), times) for hook, times in hooks.items()},
        _by_urgency(cards),
        _by_urgency({kind: number for kind, number in cards.items() if kind[0] in REPEATS}),
    )


def _by_urgency(cards: Mapping[_Kind, Number]) -> tuple[Number, Number, Number]:
    """All, those that interrupt, and the critical ones."""
    return (
        sum_of(cards.values()),
        sum_of(number for (*_, indicator), number in cards.items() if indicator in INTERRUPTIVE),
        sum_of(number for (*_, indicator), number in cards.items() if indicator == CRITICAL),
    )


def _charts(
    held: Iterable[Held], opened: Number, versions: Sequence[tuple[VersionCount, Number]]
) -> dict[_Charts, Number]:
    """The charts that were opened meanwhile, where neither they nor what is left without them are few."""
    by_tenant: dict[_Charts, dict[str, int]] = {}
    policies: dict[_Charts, set[str]] = {}
    for one in held:
        # A tenant may stand in the log under two names.
        key = one.why, "" if one.policies else one.topic
        by_tenant.setdefault(key, {})[one.tenant] = one.charts
        policies.setdefault(key, set()).update(one.policies)
    found: dict[_Charts, Number] = {}
    beside: list[Number] = [opened]
    for key in sorted(by_tenant):
        charts = sum(by_tenant[key].values())
        calls = [number for version, number in versions if version.policy in policies[key]]
        others = [*beside, sum_of(calls)] if calls else beside
        found[key] = charts if all(_tells_no_few(charts, other) for other in others) else Withheld.BESIDE
        if 0 < charts < FEWEST:
            found[key] = Withheld.FEW
        elif isinstance(found[key], int):
            beside.append(charts)
    return found


def _tells_no_few(number: int, other: Number) -> bool:
    return not isinstance(other, Withheld) and not 0 < abs(number - other) < FEWEST


def sum_of(numbers: Iterable[Number]) -> Number:
    """A sum of what is told; withheld where a part of it is."""
    total = 0
    for number in numbers:
        if isinstance(number, Withheld):
            return Withheld.BESIDE
        total += number
    return total


def of_hundred(number: Number, calls: Number) -> OfHundred | None:
    """For each hundred; None where either number is withheld, or where there are few."""
    if isinstance(number, Withheld) or isinstance(calls, Withheld) or calls < FEWEST:
        return None
    return OfHundred(100 * number / calls)
