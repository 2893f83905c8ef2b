"""Further conditions and procedures by their words: what can pass is taken back by words of the past.

What may live here: reading the words of one entry for the concepts of `[[words]]` in `conditions.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fhir_mappings.clauses import ReadingWords, Text, finding_denied, mentions
from fhir_mappings.screening import Screen
from hooks.chart import BY_NAME, Sign


@dataclass(frozen=True, slots=True)
class Wording:
    """One `[[words]]`. `past` finds nothing for what cannot pass."""

    concepts: tuple[str, ...]
    pattern: re.Pattern[str]
    past: re.Pattern[str]
    not_in_text: re.Pattern[str]
    over: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class FurtherWords:
    """Every `[[words]]` of one kind of record."""

    wordings: tuple[Wording, ...]
    screen: Screen
    reading: ReadingWords


def add_further(concepts: dict[str, Sign], texts: Sequence[Text], words: FurtherWords) -> None:
    """Add the concepts that the words name; what a code says already stays as it is."""
    for text in texts:
        for wording in words.wordings:
            quote = _named(text, wording, words.reading)
            for concept in wording.concepts if quote else ():
                concepts.setdefault(concept, Sign(concept, BY_NAME, quote))


def _named(text: Text, wording: Wording, reading: ReadingWords) -> str:
    """The clause of the first mention that counts, or ""."""
    if wording.not_in_text.search(text.plain) or wording.over.search(text.plain):
        return ""
    for number, clause in enumerate(text.clauses):
        for found in mentions(wording.pattern, text.plain, clause.start, clause.end):
            if finding_denied(text, found.start(), found.end(), reading):
                continue
            if not wording.past.search(text.plain, clause.start, found.start()):
                return text.quote(number, number)
    return ""
