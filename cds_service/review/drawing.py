"""Which cards are drawn: at random, the same ones by the same seed, from each topic about as many.

What may live here: chance and shares. The order of the database makes no difference, and the same advice on the same
facts of the same patient is drawn once: it would be judged alike, and is no second case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cds_service.storage import Candidate

Stratum = tuple[str, str]
"""A topic and why its cards were held back, "" for those that were shown."""


class Share(NamedTuple):
    """So many cards of one topic were drawn, of so many pieces of advice that there were."""

    topic: str
    why: str
    drawn: int
    of: int


class Draw(NamedTuple):
    """The ids of the cards that were drawn, and how many of each topic."""

    ids: Sequence[str]
    shares: Sequence[Share]


def draw(cards: Iterable[Candidate], size: int, seed: int) -> Draw:
    """As many cards as `size`, or all there are. Where one topic has few, others get its places."""
    strata: dict[Stratum, list[str]] = {}
    known: set[tuple[Stratum, tuple[str, str]]] = set()
    for card in sorted(cards, key=lambda one: _lot(seed, one.id)):
        stratum = card.topic, card.why
        if card.advice is not None:
            if (stratum, card.advice) in known:
                continue
            known.add((stratum, card.advice))
        strata.setdefault(stratum, []).append(card.id)
    places = _places({stratum: len(ids) for stratum, ids in strata.items()}, size, seed)
    return Draw(
        [card for stratum, ids in strata.items() for card in ids[: places[stratum]]],
        [Share(*stratum, places[stratum], len(strata[stratum])) for stratum in sorted(strata)],
    )


def _places(there: Mapping[Stratum, int], size: int, seed: int) -> dict[Stratum, int]:
    """The same for each, until it has no more; chance decides who gets what is left over."""
    places = dict.fromkeys(there, 0)
    turns = sorted(there, key=lambda stratum: _lot(seed, *stratum))
    left = min(size, sum(there.values()))
    while left:
        waiting = [stratum for stratum in turns if places[stratum] < there[stratum]]
        each = max(1, left // len(waiting))
        for stratum in waiting[:left]:
            more = min(each, there[stratum] - places[stratum])
            places[stratum] += more
            left -= more
    return places


def _lot(seed: int, *name: str) -> bytes:
    return hashlib.sha256(repr((seed, *name)).encode("utf-8", "replace")).digest()
