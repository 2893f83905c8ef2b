"""Free text of the record, cut into clauses, and whether a finding in it is denied.

What may live here: how clauses are cut and how denial reaches a finding. Which words count stands in
`conditions.toml`; what is looked for is known to the readers of names, signs and the like.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from fhir_mappings.folding import composed, fold, lower

QUOTE_LENGTH = 80
LONGEST = 2000
"""So many characters of a text are read: more is no entry of a problem list."""
MENTIONS = 20
"""So many mentions of one thing in a text are looked at."""
REACH = 200
"""A few words before or after a mention lie within so many characters."""
SOFT = ","
"""What ends a clause and not the sentence: a mention may run over it."""
MARKS = frozenset(".;:,")
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """The compiled words of `[reading]`, `[denial]` and `[denial_of_findings]`."""

    clause_end: re.Pattern[str]
    abbreviations: re.Pattern[str]
    overlooked: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    directly_after: re.Pattern[str]
    open: re.Pattern[str]
    finding_before: re.Pattern[str]
    finding_after: re.Pattern[str]
    finding_next: re.Pattern[str]


class Clause(NamedTuple):
    """A clause from `start` to `end` (places in the text), and what ended the one before it ("" at the beginning)."""

    start: int
    end: int
    opened_by: str


_start, _end = attrgetter("start"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Text:
    """One text, ready for reading; all members are of the same length.

    `written` is what was recorded, `plain` has neither letter case nor accents nor what is to be overlooked, `accented`
    has its accents, in `deniable` doubt in clear words is masked as well: it denies nothing.
    """

    written: str
    plain: str
    accented: str
    deniable: str
    clauses: tuple[Clause, ...]

    def sentences(self) -> Iterator[tuple[int, int]]:
        """From and to where a mention may reach: over commas."""
        start = 0
        for clause in self.clauses[1:]:
            if clause.opened_by != SOFT:
                yield start, clause.start - len(clause.opened_by)
                start = clause.start
        yield start, len(self.plain)

    def around(self, start: int, end: int) -> tuple[int, int]:
        """The numbers of the clauses in which a mention begins and ends."""
        first = bisect_right(self.clauses, start, key=_start) - 1
        return first, bisect_left(self.clauses, end, first, key=_end)

    def following(self, number: int) -> Clause | None:
        """The clause directly after this one, when a mark and no word parts them; None at the end."""
        for clause in self.clauses[number + 1 :]:
            if clause.opened_by not in MARKS:
                return None
            if self.plain[clause.start : clause.end].strip():
                return clause
        return None

    def quote(self, first: int, last: int) -> str:
        """The clauses for a card, as recorded, at most 80 characters."""
        clause = self.written[self.clauses[first].start : self.clauses[last].end].strip()
        return clause if len(clause) <= QUOTE_LENGTH else clause[: QUOTE_LENGTH - 1].rstrip() + "…"


def mentions(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Where the pattern is found between two places, so many times at most."""
    return islice(pattern.finditer(text, start, end), MENTIONS)


def masked(text: str, pattern: re.Pattern[str]) -> str:
    """The text with the letters of what the pattern finds taken out; words stay words."""
    return pattern.sub(lambda found: _LETTER.sub("x", found[0]), text)


def read_text(text: str, words: ReadingWords) -> Text:
    """A text cut into clauses."""
    written = composed(text[:LONGEST])
    plain = words.abbreviations.sub(lambda found: found[0].replace(".", " "), fold(written))
    clauses, start, opened_by = [], 0, ""
    for found in words.clause_end.finditer(plain):
        clauses.append(Clause(start, found.start(), opened_by))
        start, opened_by = found.end(), found[0]
    clauses.append(Clause(start, len(plain), opened_by))
    plain = masked(plain, words.overlooked)
    return Text(written, plain, lower(written), masked(plain, words.open), tuple(clauses))


def finding_denied(text: Text, start: int, end: int, words: ReadingWords) -> bool:
    """Is a sign, a valve or another finding denied: before or within its words, after them, or by the next clause?"""
    first, last = text.around(start, end)
    begin, stop = text.clauses[first].start, text.clauses[last].end
    deniable = text.deniable
    if words.before.search(deniable, begin, end) or words.finding_before.search(deniable, begin, end):
        return True
    if words.after.search(deniable, end, stop) or words.finding_after.search(deniable, end, stop):
        return True
    if words.directly_after.match(deniable, end, stop):
        return True
    following = text.following(last)
    return following is not None and bool(words.finding_next.match(deniable, following.start, following.end))
