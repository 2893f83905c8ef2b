"""Phrases by their words, so that a text is only tried against the few that may stand in it.

What may live here: the index, and which phrases it cannot find. How a phrase becomes a pattern: `phrases.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

from fhir_mappings.drug_routes import WORD
from fhir_mappings.letters import folded
from fhir_mappings.vocabulary.phrases import source_of

_PLAIN = re.compile(r"[^\W_]+(?:[\s\-]+[^\W_]+)*")
"""A phrase of words alone, without any of the signs that stand for something else."""

_SIGN = re.compile(r"[*#]|\.\.\.|<\d>")
_LOST_STAR = re.compile(r"\*(?=\w)|(?<!\w)\*")
_OF_CONDITIONS = re.compile(r"^=|\([^()]*\|[^()]*\)")

T = TypeVar("T")
_Entry = tuple[int, re.Pattern[str], T, frozenset[str]]
"""The place of a phrase in the order of trying, its pattern, its meaning, and words that its text holds."""


def phrase_problem(phrase: str) -> str:
    """Why a phrase in the spelling of the data file would never be found; "" for one that can be."""
    plain = folded(phrase)
    if not WORD.search(plain):
        return "holds no word"
    if _OF_CONDITIONS.search(plain):
        return "`(a|b)` and `=` mean nothing in this file"
    if not plain[0].isascii() and _SIGN.search(plain):
        return "no sign means anything in a phrase that begins with such a letter"
    return "`*` must stand at the end of a word" if _LOST_STAR.search(plain) else ""


class PhraseIndex(Generic[T]):
    """Phrases by their first word. Patterns are for folded texts (`letters.folded`)."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        """Phrases in the spelling of the data file, each with what it stands for; the longest are tried first.

        A phrase that leaves a part of the text open ("calcium ... + D") comes after those that name every word. Phrases
        that would never be found (`phrase_problem`) do not belong here.
        """
        self._by_word: dict[str, list[_Entry[T]]] = {}
        self._by_beginning: dict[str, list[_Entry[T]]] = {}
        self._by_part: dict[str, list[_Entry[T]]] = {}
        ordered = sorted(phrases, key=lambda pair: ("..." in pair[0], -len(pair[0])))
        for number, (phrase, meaning) in enumerate((folded(phrase), meaning) for phrase, meaning in ordered):
            if not phrase[0].isascii():
                # Scripts that are written without blanks: the name stands anywhere in a row of letters.
                self._by_part.setdefault(phrase, []).append(
                    (number, re.compile(re.escape(phrase)), meaning, frozenset())
                )
                continue
            words = WORD.findall(phrase)
            # All words of a phrase without signs stand in every text in which it is found.
            needed = frozenset(words if _PLAIN.fullmatch(phrase) else ())
            entry = (number, re.compile(source_of(phrase)), meaning, needed)
            index = self._by_beginning if "*" in phrase.split()[0] else self._by_word
            index.setdefault(words[0], []).append(entry)

    def candidates(self, words: AbstractSet[str]) -> list[tuple[re.Pattern[str], T]]:
        """The patterns that may be found in a text of these words (folded), with what they stand for."""
        found = [entry for word in words if word in self._by_word for entry in self._by_word[word] if entry[3] <= words]
        for beginning, entries in self._by_beginning.items():
            for word in words:
                if word.startswith(beginning):
                    found += entries
                    break
        if self._by_part:
            unspaced = [word for word in words if not word.isascii()]
            for part, entries in self._by_part.items() if unspaced else ():
                if any(part in word for word in unspaced):
                    found += entries
        found.sort(key=lambda entry: entry[0])
        return [(pattern, meaning) for _, pattern, meaning, _ in found]
