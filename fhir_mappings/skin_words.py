"""Skin signs in words: which sign a text names, and where it sits.

What may live here: reading the words of one entry for signs. The words stand in `conditions.toml`; which signs count
beside each other is decided by the rules.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fhir_mappings.clauses import REACH, ReadingWords, Text, finding_denied, masked, mentions
from fhir_mappings.folding import composed, fold
from fhir_mappings.screening import Screen
from hooks.chart import BY_NAME, Sign

_WORD = re.compile(r"[\w'/]+(?:(?:-|\.(?=\d))[\w'/]+)*")


@dataclass(frozen=True, slots=True)
class SignWords:
    """One `[[sign]]`."""

    concept: str
    pattern: re.Pattern[str]
    not_in_clause: re.Pattern[str]
    not_in_text: re.Pattern[str]
    not_beside: frozenset[str]
    steps_back_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class TextureWords:
    """`[changed_skin_texture]`: an unspecific skin code that becomes a specific concept where the words say so."""

    concept: str
    otherwise: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class OtherPlaces:
    """`[other_places]`: where no sign of the skin sits."""

    words: re.Pattern[str]
    within: int
    overlooked: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Acral:
    """`[acral]`: gangrene and necrosis of toes, fingers and feet, and places that beat everything else."""

    concept: str
    words: re.Pattern[str]
    places: re.Pattern[str]
    arterial: re.Pattern[str]
    arterial_concept: str


@dataclass(frozen=True, slots=True)
class LocalWound:
    """`[local_wound]`: what pressure or a foot explains."""

    concept: str
    instead_of: frozenset[str]
    in_text: re.Pattern[str]
    on_the_foot: frozenset[str]
    foot: str


@dataclass(frozen=True, slots=True)
class SkinWords:
    """Everything that the file says of signs in words."""

    signs: tuple[SignWords, ...]
    screen: Screen
    texture: TextureWords
    other_places: OtherPlaces
    acral: Acral
    local_wound: LocalWound
    reading: ReadingWords


GANGRENE = "gangrene"
NECROSIS = "skin_necrosis"


class _Found(NamedTuple):
    """A sign that counts, what its words name, the numbers of its first and last clause, and its words."""

    concept: str
    finding: str
    first: int
    last: int
    words: str


def add_signs(concepts: dict[str, Sign], texts: Sequence[Text], words: SkinWords) -> None:
    """Add the signs that the words name; where a code already stands for the sign, the words join it."""
    coded = frozenset(concepts)
    for text in texts:
        found: list[_Found] = []
        for sign in words.signs:
            if sign.not_beside.isdisjoint(coded) and not sign.not_in_text.search(text.plain):
                found += _findings(text, sign, found, coded, words)
        for concept, finding, _, _, quote in found:
            at_hand = concepts.get(concept)
            if at_hand is None or not at_hand.words:
                concepts[concept] = Sign(finding, at_hand.how if at_hand else BY_NAME, quote)


def texture_sign(sign: Sign, texts: Sequence[Text], words: SkinWords) -> Sign:
    """A code for changed skin texture: hard skin where the text or its own display says so, else as it is."""
    for text in texts:
        for first, last, _, _ in _counted(text, words.texture.pattern, words):
            return Sign(words.texture.concept, sign.how, text.quote(first, last))
    return sign


def place_gangrene(concepts: dict[str, Sign], texts: Sequence[str], acral: Acral) -> None:
    """Where gangrene sits, as all words of the entry tell: acral, explained by arteries, or at a place that weighs."""
    named = [fold(composed(text)) for text in texts]
    if any(map(acral.arterial.search, named)):
        concepts[acral.arterial_concept] = concepts.pop(GANGRENE)._replace(concept=acral.arterial_concept)
    elif any(map(acral.words.search, named)):
        concepts[acral.concept] = concepts.pop(GANGRENE)
    else:
        place = next((found[0] for text in named if (found := acral.places.search(text))), "")
        concepts[GANGRENE] = concepts[GANGRENE]._replace(place=place)


def _findings(
    text: Text, sign: SignWords, before: Sequence[_Found], coded: Collection[str], words: SkinWords
) -> Iterator[_Found]:
    for first, last, begin, end in _counted(text, sign.pattern, words):
        if sign.not_in_clause.search(text.plain, begin, end):
            continue
        if any(one.concept in sign.steps_back_for and one.first <= last and first <= one.last for one in before):
            continue
        concept = sign.concept
        acral = bool(words.acral.words.search(text.plain, begin, end))
        if _is_local(text, concept, coded, words.local_wound, acral=acral):
            concept = words.local_wound.concept
        elif concept == NECROSIS and acral:
            concept = words.acral.concept
        finding = sign.concept if concept == words.acral.concept else concept
        yield _Found(concept, finding, first, last, text.quote(first, last))


def _is_local(text: Text, concept: str, coded: Collection[str], local: LocalWound, *, acral: bool) -> bool:
    if concept in local.instead_of and local.in_text.search(text.plain):
        return True
    return concept in local.on_the_foot and (acral or local.foot in coded)


def _counted(text: Text, pattern: re.Pattern[str], words: SkinWords) -> Iterator[tuple[int, int, int, int]]:
    """First and last clause, and where they begin and end, of every mention that is neither denied nor elsewhere."""
    for start, end in text.sentences():
        for found in mentions(pattern, text.plain, start, end):
            first, last = text.around(found.start(), found.end())
            begin, stop = text.clauses[first].start, text.clauses[last].end
            if finding_denied(text, found.start(), found.end(), words.reading):
                continue
            left, right = max(begin, found.start() - REACH), min(stop, found.end() + REACH)
            if _elsewhere(text.plain[left:right], found.start() - left, found.end() - left, words.other_places):
                continue
            yield first, last, begin, stop


def _elsewhere(clause: str, start: int, end: int, places: OtherPlaces) -> bool:
    """Does a word for another place stand inside the sign or a few words away?"""
    clause = masked(clause, places.overlooked)
    for place in places.words.finditer(clause):
        between = clause[place.end() : start] if place.end() <= start else clause[end : place.start()]
        if len(_WORD.findall(between)) <= places.within:
            return True
    return False
