"""Calciphylaxis by name: denied, long ago, left open, or there.

What may live here: the words around a name. Which words count stands in `[calciphylaxis]` of `conditions.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from fhir_mappings.clauses import MENTIONS, REACH, Clause, ReadingWords, Text
from fhir_mappings.screening import Screen


class Reading(IntEnum):
    """How a text names a disease; the highest of several readings counts."""

    NONE = 0
    HISTORY = 1
    PROVISIONAL = 2
    NAMED = 3


@dataclass(frozen=True, slots=True)
class NameWords:
    """The compiled words of `[calciphylaxis]`; `…_next` are looked for at the beginning of the clause that follows."""

    names: re.Pattern[str]
    screen: Screen
    denied_before: re.Pattern[str]
    denied_next: re.Pattern[str]
    history: re.Pattern[str]
    history_alone: re.Pattern[str]
    over: re.Pattern[str]
    over_not: re.Pattern[str]
    over_of: re.Pattern[str]
    present: re.Pattern[str]
    provisional: re.Pattern[str]
    provisional_not: re.Pattern[str]
    provisional_next: re.Pattern[str]
    short_next: re.Pattern[str]
    questions: re.Pattern[str]
    questions_before: re.Pattern[str]
    reading: ReadingWords


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a text names calciphylaxis, how it is meant, and the clause as recorded."""

    reading: Reading
    quote: str


SHORT_CLAUSE = 2
"""Words of a clause that says no more than "likely"."""


def strongest(texts: Sequence[Text], words: NameWords) -> Mention | None:
    """The strongest mention, the first where several are equally strong."""
    found = (mention for text in texts for mention in mentions(text, words))
    return max(found, key=lambda mention: mention.reading, default=None)


def mentions(text: Text, words: NameWords) -> Iterator[Mention]:
    """Every mention of the name in a text."""
    for name in islice(words.names.finditer(text.plain), MENTIONS):
        number, _ = text.around(name.start(), name.start() + 1)
        place = _Place(text, words, number, name.start(), name.end())
        yield Mention(place.reading, text.quote(number, place.last))


@dataclass(frozen=True, slots=True)
class _Place:
    """One mention in its text: the number of its clause, and where the name begins and ends."""

    text: Text
    words: NameWords
    number: int
    start: int
    end: int

    @property
    def reading(self) -> Reading:
        """The first that holds decides."""
        if self._denied:
            return Reading.NONE
        if self._past:
            return Reading.HISTORY
        return Reading.PROVISIONAL if self._open else Reading.NAMED

    @property
    def last(self) -> int:
        """The number of the last clause that says how the name is meant: the next one where it qualifies the name."""
        words, following = self.words, self.text.following(self.number)
        qualifiers = (words.history_alone, words.over, words.provisional_next, words.short_next)
        is_qualified = self.reading in (Reading.HISTORY, Reading.PROVISIONAL) and any(
            map(self._next_begins, qualifiers)
        )
        return self.text.clauses.index(following) if is_qualified and following is not None else self.number

    @property
    def _near_before(self) -> int:
        """Where the few words before the name begin."""
        return max(self._clause.start, self.start - REACH)

    @property
    def _clause(self) -> Clause:
        return self.text.clauses[self.number]

    def _next_begins(self, pattern: re.Pattern[str]) -> bool:
        following = self.text.following(self.number)
        if following is None:
            return False
        return bool(pattern.match(self.text.plain, _first_letter(self.text, following), following.end))

    @property
    def _denied(self) -> bool:
        deniable, clause, words = self.text.deniable, self._clause, self.words
        return bool(
            words.denied_before.search(deniable, self._near_before, self.start)
            or words.reading.after.search(deniable, self.end, clause.end)
            or words.reading.directly_after.match(deniable, self.end, clause.end)
            or self._next_begins(words.denied_next)
        )

    @property
    def _past(self) -> bool:
        text, words = self.text, self.words
        if words.history.search(text.plain, self._clause.start, self.start) or self._next_begins(words.history_alone):
            return True
        return self._over and not words.present.search(text.plain)

    @property
    def _over(self) -> bool:
        """Healed or resolved, said of the disease: in its clause, later in its sentence, or at the beginning of the
        clause that follows.
        """
        text, words = self.text, self.words
        end = next(end for start, end in text.sentences() if start <= self.start <= end)
        for clause in text.clauses[self.number :]:
            if clause.end <= end:
                found = words.over.search(text.plain, clause.start, clause.end)
            elif clause == text.following(self.number):
                found = words.over.match(text.plain, _first_letter(text, clause), clause.end)
            else:
                continue
            if (
                found
                and not words.over_not.search(text.plain, clause.start, found.start())
                and not words.over_of.search(text.plain, clause.start, clause.end)
            ):
                return True
        return False

    @property
    def _open(self) -> bool:
        text, clause, words = self.text, self._clause, self.words
        return bool(
            self._doubt(clause)
            or words.reading.open.search(text.plain, clause.start, clause.end)
            or words.questions.search(text.plain, self.end, clause.end)
            or words.questions_before.search(text.plain, self._near_before, self.start)
            or self._next_begins(words.provisional_next)
            or self._short_next
        )

    def _doubt(self, clause: Clause) -> bool:
        """A word of doubt that is not itself denied ("less likely")."""
        text, words = self.text.plain, self.words
        denied = {found.end() for found in words.provisional_not.finditer(text, clause.start, clause.end)}
        doubts = words.provisional.finditer(text, clause.start, clause.end)
        return any(doubt.end() not in denied for doubt in doubts)

    @property
    def _short_next(self) -> bool:
        following = self.text.following(self.number)
        if following is None or not self._next_begins(self.words.short_next):
            return False
        return len(self.text.plain[following.start : following.end].split()) <= SHORT_CLAUSE


def _first_letter(text: Text, clause: Clause) -> int:
    """Where the words of a clause begin."""
    clause_text = text.plain[clause.start : clause.end]
    return clause.end - len(clause_text.lstrip())
