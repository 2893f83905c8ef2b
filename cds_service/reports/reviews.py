"""What reviewers judged of the cards: counted by topic, hook and indicator, with an interval.

What may live here: counting verdicts, and the table of them. A card counts once, whoever judged it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from cds_service.reports.tables import Table, Value
from cds_service.storage import Drawn, Readable, Reviewed, Verdict, verdicts_on

ALL = "all"
DISPUTED = "disputed"
COUNTED = (Verdict.APPROPRIATE.value, "not_needed", Verdict.INAPPROPRIATE.value, DISPUTED)
"""What a card that was judged is; these add up to the cards judged."""
COLUMNS = (
    "drawn_from", "why_held_back", "card", "hook", "indicator", "judged", *COUNTED, "cannot_judge", "without_verdict",
    "appropriate_share", "from", "to", "judged_by_two", "agreed",
)  # fmt: skip
_Z = 1.959964
"""Of a normal distribution 95 % lie within so many standard deviations."""
_OF_A_CARD: Mapping[Verdict, str] = {
    Verdict.APPROPRIATE: COUNTED[0],
    Verdict.NOT_NEEDED: COUNTED[1],
    Verdict.INAPPROPRIATE: COUNTED[2],
}
_TWO = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one card of a sample: one of COUNTED, "cannot_judge" or "without_verdict". `judges` counts those
    who judged it; who cannot judge is none of them.
    """

    drawn: Drawn
    why: str
    topic: str
    hook: str
    indicator: str
    became: str
    judges: int


def reviews_of(
    database: Readable, since: datetime, until: datetime, tenants: Collection[str] | None = None
) -> list[Judged]:
    """The cards of samples that were given in this time. Raises StoreError."""
    by_card: defaultdict[tuple[str, Drawn], list[Reviewed]] = defaultdict(list)
    for one in verdicts_on(database):
        if since <= one.given < until and (tenants is None or one.tenant in tenants):
            by_card[one.card, one.drawn].append(one)
    return [judged_of(verdicts) for verdicts in by_card.values()]


def judged_of(verdicts: Sequence[Reviewed]) -> Judged:
    """What became of one card, by the verdicts on it: one or more, one of each reviewer."""
    card = verdicts[0]
    found = [one.verdict for one in verdicts if one.verdict in _OF_A_CARD]
    became = DISPUTED if len({*found}) > 1 else _OF_A_CARD[found[0]] if found else ""
    if not found:
        nobody_can = any(one.verdict is Verdict.CANNOT_JUDGE for one in verdicts)
        became = "cannot_judge" if nobody_can else "without_verdict"
    return Judged(card.drawn, card.why, card.topic, card.hook, card.indicator, became, len(found))


def reviews_table(reviews: Iterable[Judged]) -> Table:
    """A line for each topic, among which cards and why they were held back; and one for each hook and indicator of it.

    There is no sum over topics: each was drawn by itself, a rare one as often as a frequent one.
    """
    kinds: defaultdict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for one in reviews:
        kinds[_order(one.drawn), one.why, one.topic].append(one)
    rows: list[Sequence[Value]] = []
    for (_, why, topic), cards in sorted(kinds.items()):
        drawn = cards[0].drawn.value
        rows.append([drawn, why, topic, ALL, ALL, *_numbers(cards)])
        parts = sorted({(one.hook, one.indicator) for one in cards})
        for part in parts:
            some = [one for one in cards if (one.hook, one.indicator) == part]
            rows.append([drawn, why, topic, *part, *_numbers(some)])
    return Table(COLUMNS, rows)


def _order(drawn: Drawn) -> str:
    return str([*Drawn].index(drawn))


def _numbers(cards: Sequence[Judged]) -> list[Value]:
    became = Counter(one.became for one in cards)
    judged = sum(became[name] for name in COUNTED)
    share: list[Value] = [None, None, None]
    if judged:
        share = [became[COUNTED[0]] / judged, *interval(became[COUNTED[0]], judged)]
    by_two = [one for one in cards if one.judges >= _TWO]
    return [
        judged,
        *(became[name] for name in (*COUNTED, "cannot_judge", "without_verdict")),
        *share,
        len(by_two),
        sum(one.became != DISPUTED for one in by_two),
    ]


def interval(part: int, whole: int) -> tuple[float, float]:
    """Between which shares the true one lies, by Wilson's score with 95 % certainty: wide where the numbers are small.

    `whole` is 1 or more.
    """
    share, square = part / whole, _Z**2 / whole
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / whole + square / (4 * whole)) / (1 + square)
    # Of none or all it is exactly 0 or 1, but for rounding.
    return max(0.0, middle - half), min(1.0, middle + half)
