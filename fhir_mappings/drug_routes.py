"""Routes: does an order, or the words of a drug, say by mouth, by injection, or only locally?

What may live here: understanding of routes. Which words and codes mean which route stands in `drugs.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fhir_mappings.code_systems import System, system_of
from fhir_mappings.fhir_json import Json, as_object, as_objects, code_of, read_concept
from fhir_mappings.letters import folded

WORD = re.compile(r"[^\W_]+")

_DOTTED = re.compile(r"(?<!\w)([a-z])\.[ ]?([a-z])(?:\.|(?!\w))")
"""Abbreviations of two letters with dots: "i.v.", "p. o."."""


class Route(StrEnum):
    """How a drug is given; LOCAL is skin, eye, ear, nose, lung, rectum: no effect that concerns us."""

    LOCAL = "local"
    INJECTION = "injection"
    ORAL = "oral"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class WordList:
    """Single words to look for: whole words, and beginnings of words."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> WordList:
        """From the spelling of the data file, in which "inhal*" is a beginning."""
        lower = [folded(word) for word in words]
        whole = frozenset(word for word in lower if not word.endswith("*"))
        return cls(whole, tuple(word[:-1] for word in lower if word.endswith("*")))

    def found_in(self, words: Sequence[str]) -> bool:
        """Is one of them among the words (in lower case)?"""
        return not self.whole.isdisjoint(words) or any(word.startswith(self.beginnings) for word in words)


@dataclass(frozen=True, slots=True)
class Routes:
    """The words and SNOMED CT codes of each route; `mask` are dosage forms that only sound local ("soft gel")."""

    mask: re.Pattern[str]
    words: Mapping[Route, WordList]
    codes: Mapping[str, Route]

    def of_text(self, text: str) -> Route:
        """The route that the words say. "Oral inhalation" is local, an "oral solution" given intravenously injected."""
        plain = self.mask.sub("capsule", folded(text))
        words = WORD.findall(_DOTTED.sub(r"\1\2", plain) if "." in plain else plain)
        return next((route for route, known in self.words.items() if known.found_in(words)), Route.UNKNOWN)

    def of_texts(self, texts: Iterable[str]) -> Route:
        """The route of several texts on one drug."""
        together = " | ".join(texts)
        return self.of_text(together) if together else Route.UNKNOWN

    def of_order(self, order: Json) -> Route:
        """The route of the first dosage, of an order or of the medication history, whose route we understand."""
        for dosage in (*as_objects(order.get("dosageInstruction")), *as_objects(order.get("dosage"))):
            route = as_object(dosage.get("route"))
            for coding in as_objects(route.get("coding")):
                known = self.codes.get(code_of(coding))
                if known is not None and system_of(coding.get("system")) is System.SNOMED:
                    return known
            said = self.of_texts(read_concept(route).words)
            if said:
                return said
        return Route.UNKNOWN
