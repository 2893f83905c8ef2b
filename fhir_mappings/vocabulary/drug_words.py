"""Words around a drug: those that say nothing of it, and those that take it away (`[unread]`, `[stops]`).

What may live here: reading such words in a folded text. Which drug a text names stands in `drug_matching.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.drug_routes import WORD
from fhir_mappings.letters import folded, has_other_script

_CLAUSE_END = re.compile(r"[;:()\[\]|\n]|[.,](?!\d)|\s-+\s")

_LATIN = re.compile("[a-z]{3,}")
"""A word in a text that is otherwise in another script: shorter ones are units and forms."""

_NEAR = 60
"""So many characters hold a word that stops, a word between, and what denies it."""


@dataclass(frozen=True, slots=True)
class UnreadWords:
    """`phrases` that say that nothing is known, and `fillers` beside which a text still names no drug.

    Beside a name in another script `around` (dosing, forms) says nothing more, nor does a single one of `salts`.
    """

    phrases: frozenset[str]
    fillers: frozenset[str]
    around: frozenset[str]
    salts: frozenset[str]
    systems: tuple[str, ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> UnreadWords:
        """From the table of the data file."""
        fillers = frozenset(map(folded, entry["fillers"]))
        return cls(
            phrases=frozenset(" ".join(WORD.findall(folded(phrase))) for phrase in entry["phrases"]),
            fillers=fillers,
            around=frozenset(map(folded, entry["around"])),
            salts=frozenset(map(folded, entry["salts"])),
            systems=tuple(map(folded, entry["systems"])),
        )

    def tells(self, text: str) -> bool:
        """May the text name a drug, ours or another?"""
        return self._are_telling(WORD.findall(folded(text)))

    def tells_readers_of_latin(self, texts: Iterable[str]) -> Callable[[str], bool]:
        """The same for our lists, which hold few names in other scripts: what is written in one tells them nothing.

        Where one of the `texts` of an order is, the words of dosing, form and salt beside it tell nothing either.
        """
        return self._beside_other_script if any(map(self._is_in_other_script, texts)) else self.tells

    def _is_in_other_script(self, text: str) -> bool:
        return has_other_script("".join(word for word in WORD.findall(folded(text)) if word not in self.fillers))

    def _beside_other_script(self, text: str) -> bool:
        said = [word for word in _LATIN.findall(folded(text)) if word not in self.around and word not in self.fillers]
        # "Sodium" is half a name; "potassium chloride" is one.
        return self._are_telling(said) and not (len(set(said)) == 1 and self.salts.issuperset(said))

    def _are_telling(self, words: Iterable[str]) -> bool:
        words = [word for word in words if not word[0].isdigit() and word not in self.fillers]
        return bool(words) and " ".join(words) not in self.phrases

    def is_reason(self, system: object) -> bool:
        """Is this a code system of reasons why a value is missing? Its displays are no words."""
        return isinstance(system, str) and system.rstrip("/").lower().endswith(self.systems)


@dataclass(frozen=True, slots=True)
class StopWords:
    """Patterns of words that take a drug away: in front of its name, and at the end of the text."""

    anywhere: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    fillers: frozenset[str]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> StopWords:
        """From the table of the data file."""
        denied = rf"(?P<denied>(?:{_any(entry['denied'])})\s+)?"
        return cls(
            anywhere=re.compile(rf"(?<!\w)(?:{_any([*entry['before'], *entry['after']])})(?!\w)"),
            before=re.compile(rf"(?<!\w){denied}(?:{_any(entry['before'])})\s+(?:(?:{_any(entry['between'])})\s+)?$"),
            after=re.compile(rf"(?<!\w){denied}(?:{_any(entry['after'])})\W*$"),
            fillers=frozenset(map(folded, entry["fillers"])),
        )

    def may_stop(self, text: str) -> bool:
        """Does the text hold such a word at all?"""
        return self.anywhere.search(text) is not None

    def in_front(self, text: str, start: int) -> bool:
        """Does a word directly in front of this place take away what begins there?"""
        found = self.before.search(text[max(start - _NEAR, 0) : start])
        return found is not None and not found["denied"]

    def at_the_end(self, text: str, end: int) -> bool:
        """Does the text end with a word that takes away what ended at this place?"""
        text = text.rstrip()
        found = self.after.search(text, max(len(text) - _NEAR, end))
        if found is None or found["denied"]:
            return False
        *others, last = _CLAUSE_END.split(text[end : found.start()])
        return not others or all(word in self.fillers for word in WORD.findall(last))


def _any(words: Iterable[str]) -> str:
    """The source of a pattern: any of the words, the longest first."""
    return "|".join(re.escape(folded(word)) for word in sorted(words, key=len, reverse=True))
