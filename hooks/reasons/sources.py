"""Does every claim on a card or a page name its source, or say openly that it has none?

What may live here: this one question, asked of every text that clinicians write. Which sources there are, the short
names by which texts call them, and the words for "no source" stand in `reasons.toml`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.policy import CardText, Policy

_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[\[A-Z*>\d])")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def source_problems(data: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """One line per claim without a source; `data` is the parsed `reasons.toml`, whose shape has been checked."""
    sources = Sources.of(data)
    owners = Counter(name for entry in data["references"].values() for name in entry.get("named", ()))
    yield from (f"reasons.toml: [references] {name} is the short name of two" for name, n in owners.items() if n > 1)
    for name, claim in data["evidence"].items():
        if not claim.get("cites") and not sources.admits(claim["strength"]):
            yield f"reasons.toml: [evidence.{name}] cites no source, and its strength does not say so"
    for file, texts in (("drug_rules", policy.drug_texts), ("status_cards", policy.status_texts)):
        for name, text in texts.items():
            yield from _text_problems(f"{file}.toml: [texts.{name}]", text, sources)
    for name, phrase in policy.status_phrases.items():
        yield from _figure_problems(f"status_cards.toml: [phrases] {name}", [phrase], set(), sources)
    for name, alternative in policy.wording.alternatives.items():
        where = f"wording.toml: [alternatives.{name}] offered"
        yield from _figure_problems(where, alternative.offered, set(), sources)
        yield from _link_problems(where, alternative.offered, sources)


@dataclass(frozen=True, slots=True)
class Sources:
    """How a text may tell where a claim comes from: addresses, short names, and the words for "no source"."""

    addresses: frozenset[str]
    names: re.Pattern[str]
    open_words: re.Pattern[str]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Sources:
        """The sources of the parsed `reasons.toml`."""
        references = data["references"].values()
        return cls(
            frozenset(entry["url"] for entry in references if "url" in entry),
            _any_of(name for entry in references for name in entry.get("named", ())),
            _any_of(data["no_source"]["words"], re.IGNORECASE),
        )

    def admits(self, text: str) -> bool:
        """Does it say that it has no source?"""
        return bool(self.open_words.search(text))

    def told(self, text: str) -> bool:
        """Does it link or name a source, or say that it has none?"""
        linked = any(address in self.addresses for address in _LINK.findall(text))
        return linked or bool(self.names.search(text)) or self.admits(text)


def _any_of(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", flags)


def _text_problems(where: str, text: CardText, sources: Sources) -> Iterator[str]:
    for place, sentence in _sentences(f"{where} evidence", text.evidence):
        if not sources.told(sentence):
            yield f"{place} names no source"
    known = _figures(" ".join(text.evidence))
    for key, lines in (("lead", text.lead), ("do", text.do)):
        yield from _figure_problems(f"{where} {key}", lines, known, sources)
    for key, lines in (("lead", text.lead), ("do", text.do), ("evidence", text.evidence)):
        yield from _link_problems(f"{where} {key}", lines, sources)


def _figure_problems(where: str, lines: Iterable[str], known: set[str], sources: Sources) -> Iterator[str]:
    """A sentence with a figure tells its source, unless it is `known` from the evidence of the same card."""
    for place, sentence in _sentences(where, lines):
        if not _figures(sentence) <= known and not sources.told(sentence):
            yield f"{place} has a figure and names no source"


def _link_problems(where: str, lines: Iterable[str], sources: Sources) -> Iterator[str]:
    for place, sentence in _sentences(where, lines):
        if not sources.addresses.issuperset(_LINK.findall(sentence)):
            yield f"{place} links to none of [references] of reasons.toml"


def _sentences(where: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each sentence with its place, counted from 1. Texts of a file are not quoted in what is said of its faults."""
    for line, text in enumerate(lines, 1):
        for number, sentence in enumerate(_SENTENCES.split(text), 1):
            yield f"{where}[{line}] sentence {number}", sentence


def _figures(text: str) -> set[str]:
    """The figures of a text, without those of its links. A threshold that is filled in has none."""
    return set(_FIGURE.findall(_LINK.sub("]", text)))
