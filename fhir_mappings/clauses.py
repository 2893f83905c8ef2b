"""Free text of the problem list, clause by clause: what is named there, denied, left open, or long ago.

What may live here: how a clause is read. Which words count stands in `conditions.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

QUOTE_LENGTH = 80


class Reading(IntEnum):
    """How a text names a disease; the highest of several readings counts."""

    NONE = 0
    HISTORY = 1
    PROVISIONAL = 2
    NAMED = 3


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """The compiled words that decide how a clause is read (`[negation]` and `[calciphylaxis]` of the data file)."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    still_open: re.Pattern[str]
    harmless: re.Pattern[str]
    clause_end: re.Pattern[str]
    phrase_end: re.Pattern[str]
    provisional: re.Pattern[str]
    history: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a text names something: the clause as recorded, and how it is meant.

    `open` is doubt in clear words ("cannot be excluded"): the safer reading is that it may be there.
    """

    clause: str
    denied: bool
    open: bool
    history: bool
    provisional: bool

    @property
    def reading(self) -> Reading:
        """What a clause that names a disease says of it. A disease that was only suspected in the past says nothing."""
        if self.denied or (self.history and (self.provisional or self.open)):
            return Reading.NONE
        if self.history:
            return Reading.HISTORY
        return Reading.PROVISIONAL if self.provisional or self.open else Reading.NAMED

    @property
    def counts_as_sign(self) -> bool:
        """As a finding on the skin today: doubt counts, denial and history do not."""
        return not self.denied and not self.history

    @property
    def quote(self) -> str:
        """The clause for a card, at most 80 characters."""
        return self.clause if len(self.clause) <= QUOTE_LENGTH else self.clause[: QUOTE_LENGTH - 1].rstrip() + "…"


def mentions(text: str, pattern: re.Pattern[str], words: ReadingWords) -> Iterator[Mention]:
    """Every mention of the pattern in the text. Words before it deny it, and words within ("skin is not hard").

    A mention may run over a comma ("painful, non-healing wound"); it is denied or doubted by its own clauses only.
    """
    masked = words.harmless.sub(lambda found: "x" * len(found[0]), text)
    if not pattern.search(masked):
        return
    for phrase_start, phrase_end in _parts(masked, words.phrase_end):
        for found in pattern.finditer(masked, phrase_start, phrase_end):
            start, end = _clauses_of(found, masked, words.clause_end)
            clause = masked[start:end]
            before, after = masked[start : found.end()], masked[found.end() : end]
            still_open = bool(words.still_open.search(clause))
            denied = not still_open and bool(words.before.search(before) or words.after.search(after))
            yield Mention(
                clause=text[start:end].strip(),
                denied=denied,
                open=still_open,
                history=bool(words.history.search(before)),
                provisional=bool(words.provisional.search(clause)),
            )


def _clauses_of(mention: re.Match[str], text: str, clause_end: re.Pattern[str]) -> tuple[int, int]:
    """From the start of the clause in which the mention begins to the end of the clause in which it ends."""
    parts = list(_parts(text, clause_end))
    start = max(start for start, _ in parts if start <= mention.start())
    return start, min(end for _, end in parts if end >= mention.end())


def _parts(text: str, part_end: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for found in part_end.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)
