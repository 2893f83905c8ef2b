"""What came of a story beside what its author expects, in words.

What may live here: comparing cards, and one sentence for what is not as expected. What a card must say and offer is
looked at in `expected_words`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cds_service.stories.asking import Answer, topic
from cds_service.stories.expected_words import wrong_offers, wrong_words
from cds_service.stories.story import Vignette

_Card = tuple[str, str]


def faults(vignette: Vignette, answer: Answer) -> list[str]:
    """A sentence for each thing that is not as the vignette expects; of its words only where the cards are right."""
    wrong = cards_fault(vignette.expect, answer)
    if wrong:
        return [wrong]
    cards = {topic(card): card for card in answer.cards}
    return [*wrong_words(vignette, cards), *wrong_offers(vignette, cards)]


def cards_fault(expected: tuple[_Card, ...] | None, answer: Answer) -> str:
    """What came and what was expected, in one sentence; "" where these are the same."""
    if expected is None or answer.refused:
        return _refusal_fault(expected, answer)
    came, wanted = Counter(answer.said), Counter(expected)
    more, less = tuple((came - wanted).elements()), tuple((wanted - came).elements())
    if more and less:
        return f"{_came(more)}, {_expected(less)}"
    if more:
        return f"{_came(more)}, no {'other ' if expected else ''}card was expected"
    return f"no {'other ' if answer.cards else ''}card came, {_expected(less)}" if less else ""


def _refusal_fault(expected: tuple[_Card, ...] | None, answer: Answer) -> str:
    if expected is None:
        return "" if answer.refused else f"{_came(answer.said)}, a refusal to judge was expected"
    return f"a refusal to judge came ({answer.refused}), {_expected(expected)}"


def _came(cards: Iterable[_Card]) -> str:
    return f"{_listed(cards) or 'no card'} came"


def _expected(cards: tuple[_Card, ...]) -> str:
    return f"{_listed(cards) or 'no card'} {'was' if len(cards) < 2 else 'were'} expected"


def _listed(cards: Iterable[_Card]) -> str:
    return " and ".join(f"{about} {indicator}" for about, indicator in cards)
