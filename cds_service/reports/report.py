"""Cards given and what was done with them, per card, reason and week; with small numbers withheld where that is asked.

What may live here: adding up, and which sums hold between the numbers. A card counts once, in the week in which it was
given: as accepted, overridden or unanswered. Nothing here knows a patient or a user.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from cds_service.reports.withholding import Pipe, Withheld, withheld
from cds_service.storage import CardCount

Number = int | Withheld
Card = tuple[str, str]
"""Topic and indicator."""
OUTCOMES = ("accepted", "overridden", "unanswered")
COLUMNS = ("shown", *OUTCOMES)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Row:
    """Cards shown, and what became of them: accepted, overridden and unanswered add up to shown."""

    shown: Number = 0
    accepted: Number = 0
    overridden: Number = 0
    unanswered: Number = 0

    def number(self, column: str) -> Number:
        """One of COLUMNS."""
        number: Number = getattr(self, column)
        return number

    def share(self, outcome: str) -> float | None:
        """This part of the cards shown, from 0 to 1; None where there are none, or where a number is withheld."""
        part = self.number(outcome)
        if isinstance(part, Withheld) or isinstance(self.shown, Withheld) or not self.shown:
            return None
        return part / self.shown


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of some weeks. `cards` are named by topic and indicator, `weeks` by their Monday, in order.

    `reasons` count the overridden cards, the most frequent reason first; by name where numbers are withheld. `hooks`
    count the cards shown at each, and `hook_indicators` those of one indicator at one hook.
    """

    total: Row
    cards: Mapping[Card, Row]
    reasons: Mapping[str, Number]
    weeks: Mapping[date, Row]
    hooks: Mapping[str, Number] = field(default_factory=dict)
    hook_indicators: Mapping[tuple[str, str], Number] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Report:
        """Nothing was shown, in no week."""
        return cls(Row(), {}, {}, {})

    def without_small_numbers(self) -> Report:
        """The same with numbers from 1 to 4 withheld, and with others where these could be worked out from them."""
        why = withheld(list(_pipes(self)))

        def told(name: Hashable, row: Row) -> Row:
            return Row(*(why.get((name, column), row.number(column)) for column in COLUMNS))

        return Report(
            told("all", self.total),
            {key: told(("card", key), row) for key, row in self.cards.items()},
            # By name: the order of the numbers would tell something of those withheld.
            {key: why.get(("reason", key), self.reasons[key]) for key in sorted(self.reasons)},
            {key: told(("week", key), row) for key, row in self.weeks.items()},
            {key: why.get(("hook", key), number) for key, number in self.hooks.items()},
            {key: why.get(("at hook", key), number) for key, number in self.hook_indicators.items()},
        )


def report_of(counts: Iterable[CardCount], weeks: Sequence[date], reason: Callable[[CardCount], str]) -> Report:
    """Add up the counts of these weeks. `reason` names why the cards of a count were overridden."""
    counts = list(counts)
    by_card = rows_by(counts, lambda count: (count.topic, count.indicator))
    by_week = rows_by(counts, lambda count: weeks[count.week])
    why: Counter[str] = Counter()
    for count in counts:
        if count.outcome == "overridden":
            why[reason(count)] += count.times
    most_first = sorted(why.items(), key=lambda item: (-item[1], item[0]))
    return Report(
        rows_by(counts, lambda _: None).get(None, Row()),
        {key: by_card[key] for key in sorted(by_card)},
        dict(most_first),
        {week: by_week.get(week, Row()) for week in weeks},
        {hook: row.shown for hook, row in sorted(rows_by(counts, lambda count: count.hook).items())},
        {key: row.shown for key, row in sorted(rows_by(counts, lambda count: (count.hook, count.indicator)).items())},
    )


def rows_by(counts: Iterable[CardCount], key: Callable[[CardCount], Key]) -> dict[Key, Row]:
    """The cards by what `key` tells of them."""
    shown: Counter[Key] = Counter()
    became: Counter[tuple[Key, str]] = Counter()
    for count in counts:
        shown[key(count)] += count.times
        became[key(count), count.outcome or "unanswered"] += count.times
    return {name: Row(number, *(became[name, outcome] for outcome in OUTCOMES)) for name, number in shown.items()}


def _pipes(report: Report) -> Iterator[Pipe]:
    """The numbers as a ring: all cards → each hook → each indicator → each card → what became of it → the reasons
    → each week → all cards.
    """

    def pipe(name: Hashable, start: Hashable, end: Hashable, number: Number) -> Pipe:
        if isinstance(number, Withheld):
            raise TypeError("a number that is withheld cannot be added up")
        return Pipe(name, start, end, number)

    for hook, number in report.hooks.items():
        yield pipe(("hook", hook), "all", ("hook", hook), number)
    for (hook, indicator), number in report.hook_indicators.items():
        yield pipe(("at hook", (hook, indicator)), ("hook", hook), ("indicator", indicator), number)
    for card, row in report.cards.items():
        yield pipe((("card", card), "shown"), ("indicator", card[1]), ("card", card), row.shown)
        for outcome in OUTCOMES:
            yield pipe((("card", card), outcome), ("card", card), ("cards", outcome), row.number(outcome))
    for outcome in OUTCOMES:
        place = "why" if outcome == "overridden" else "weeks"
        yield pipe(("all", outcome), ("cards", outcome), (place, outcome), report.total.number(outcome))
    for reason, number in report.reasons.items():
        yield pipe(("reason", reason), ("why", "overridden"), ("weeks", "overridden"), number)
    for week, row in report.weeks.items():
        for outcome in OUTCOMES:
            yield pipe((("week", week), outcome), ("weeks", outcome), ("week", week), row.number(outcome))
        yield pipe((("week", week), "shown"), ("week", week), "end", row.shown)
    yield pipe(("all", "shown"), "end", "all", report.total.shown)
