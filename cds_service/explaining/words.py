"""The words and signs of an explanation: for answers, for what became of a row, for whom the rules see.

What may live here: words of ours for what the data name by one word, counting and listing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

KEEPS = "this is why not"
ABOVE = "see above"
NEVER = "must be no"
"""Beside a question: that it kept its rule from holding; where its facts stand; that the rule holds without it only."""


class Mark(NamedTuple):
    """A sign and the word that it stands for; no reader has to know the sign, or its colour."""

    sign: str
    word: str
    tone: str


YES, NO, OPEN = Mark("✓", "yes", "yes"), Mark("✗", "no", "no"), Mark("?", "cannot tell", "open")
GIVEN, NOT_GIVEN = Mark("✓", "counts", "yes"), Mark("✗", "does not count", "no")

_OUTCOMES: Mapping[str, Mark] = {
    "gave its card": Mark("✓", "gave its card", "yes"),
    "holds, not shown here": Mark("◐", "holds, but is not shown here", "half"),
    "holds, the answer was refused": Mark("◐", "holds, but the answer was refused", "half"),
    "holds, another rule goes before it": Mark("◐", "holds, but another rule goes before it", "half"),
    "holds, and says nothing by intent": Mark("◐", "holds, and says nothing by intent", "half"),
    "does not hold": Mark("✗", "does not hold", "no"),
    "cannot tell": Mark("?", "cannot tell whether it holds", "open"),
}
DO_NOT_HOLD = Mark("✗", "do not hold", "no")
"""Of several rules at once."""
_NOT_ASKED = Mark("○", "not asked", "none")

TIERS: Mapping[str, str] = {
    "child": "a child: no rule is asked",
    "confirmed": "confirmed calciphylaxis",
    "suspected": "suspected calciphylaxis",
    "possible": "possible calciphylaxis",
    "high risk": "no calciphylaxis, high risk",
    "elevated risk": "no calciphylaxis, elevated risk",
    "none": "neither calciphylaxis nor a risk that has a card, as far as the data tell",
}

MOMENTS: Mapping[str, str] = {
    "patient-view": "A chart was opened",
    "order-select": "An order was picked",
    "order-sign": "Orders were to be signed",
}


def answered(met: bool | None) -> Mark:
    """The answer to a question."""
    return OPEN if met is None else YES if met else NO


def scored(met: bool | None) -> Mark:
    """Whether a risk factor gave its points."""
    return OPEN if met is None else GIVEN if met else NOT_GIVEN


def became(outcome: str) -> Mark:
    """What became of a row."""
    return _OUTCOMES.get(outcome, _NOT_ASKED)


def counted(number: int, one: str, many: str = "") -> str:
    """'1 row', '2 rows'."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def cut(text: str, most: int) -> str:
    """The beginning of a text that is longer than `most` characters, up to a word."""
    if len(text) <= most:
        return text
    head = text[:most].rpartition(" ")[0] or text[:most]
    return f"{head.rstrip(' ,;:(')} …"


def joined(words: Iterable[str]) -> str:
    """'a', 'a, b', each once."""
    return ", ".join(dict.fromkeys(words))


def tallied(words: Iterable[str]) -> str:
    """'a; b, 2 rules': each once, with how often where that is more than once."""
    return "; ".join(word if times == 1 else f"{word}, {times} rules" for word, times in Counter(words).items())


def in_few_words(question: str) -> str:
    """A question without what stands behind its first colon or bracket."""
    return question.partition(":")[0].partition("(")[0].strip()
