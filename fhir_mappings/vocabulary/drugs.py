"""`drugs.toml` as types: which codes and names are which drug, in which class.

What may live here: reading that file, and what no JSON Schema can check in it. Matching stands in `drug_matching.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fhir_mappings.drug_routes import WORD, Route, Routes, WordList
from fhir_mappings.vocabulary.file_problems import FileProblems
from fhir_mappings.vocabulary.phrases import any_of, source_of

FILE = "drugs.toml"

NOT_INJECTED, ONLY_ORAL = "not injected", "oral"

_PLAIN = re.compile(r"[^\W_]+(?:[\s\-]+[^\W_]+)*")
"""A phrase of words alone, without any of the signs that stand for something else."""

T = TypeVar("T")
_Entry = tuple[int, re.Pattern[str], T, frozenset[str]]
"""The place of a phrase in the order of trying, its pattern, its meaning, and words that its text holds."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as the file names it; `number` is its place there, and differs where two entries have one name.

    `route` limits codes that say nothing of the route; `mixture` lets its name count in a text of many ingredients.
    """

    number: int
    name: str
    classes: tuple[str, ...]
    route: str = ""
    mixture: bool = False

    def given(self, route: Route) -> bool:
        """Does the drug count when it is given by this route?"""
        if route is Route.LOCAL or (self.route == ONLY_ORAL and route is not Route.ORAL):
            return False
        return not (self.route == NOT_INJECTED and route is Route.INJECTION)


class PhraseIndex(Generic[T]):
    """Phrases by their first word, so that a text is only tried against the few that may stand in it."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        """Phrases in the spelling of the data file, each with what it stands for; the longest are tried first."""
        self._by_word: dict[str, list[_Entry[T]]] = {}
        self._by_beginning: dict[str, list[_Entry[T]]] = {}
        for number, (phrase, meaning) in enumerate(sorted(phrases, key=lambda pair: -len(pair[0]))):
            words = WORD.findall(phrase.lower())
            # All words of a phrase without signs stand in every text in which it is found.
            needed = frozenset(words if _PLAIN.fullmatch(phrase) else ())
            entry = (number, re.compile(source_of(phrase), re.IGNORECASE), meaning, needed)
            index = self._by_beginning if "*" in phrase.split()[0] else self._by_word
            index.setdefault(words[0], []).append(entry)

    def candidates(self, words: AbstractSet[str]) -> list[tuple[re.Pattern[str], T]]:
        """The patterns that may be found in a text of these words (in lower case), with what they stand for."""
        found = [entry for word in words if word in self._by_word for entry in self._by_word[word] if entry[3] <= words]
        for beginning, entries in self._by_beginning.items():
            for word in words:
                if word.startswith(beginning):
                    found += entries
                    break
        found.sort(key=lambda entry: entry[0])
        return [(pattern, meaning) for _, pattern, meaning, _ in found]


Codes = Mapping[str, tuple[Drug, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class DrugVocabulary:
    """Every code and name of `drugs.toml`. A code that stands for no drug maps to an empty tuple: known, but no drug.

    RxNorm: `products` say their route, `unrouted` do not, `excluded` names the drugs that a code is not.
    """

    products: Codes
    unrouted: Codes
    excluded: Codes
    multivitamins: frozenset[str]
    atc: Codes
    atc_groups: Codes
    snomed: Codes
    names: PhraseIndex[Drug]
    traps: PhraseIndex[None]
    routes: Routes
    classes: frozenset[str]


def parse_drugs(data: Mapping[str, Any], problems: list[str]) -> DrugVocabulary:
    """The vocabulary of parsed `drugs.toml`, whose shape has been checked; mistakes are added to `problems`."""
    file = FileProblems(FILE, data, problems)
    index = _Index(file)
    for number, entry in enumerate(data["drug"]):
        index.add_drug(entry, number)
    for number, entry in enumerate(data["trap"]):
        index.add_trap(entry, number)
    multivitamins = frozenset(data["multivitamin_products"])
    for code in data["multivitamin_products"]:
        if code in index.products:
            file.note(f"{code} also stands under a drug", "multivitamin_products")
    return DrugVocabulary(
        products=index.products,
        unrouted=index.unrouted,
        excluded=index.excluded,
        multivitamins=multivitamins,
        atc=index.atc,
        atc_groups=index.atc_groups,
        snomed=index.snomed,
        names=PhraseIndex((name, drug) for name, drug in index.names.values()),
        traps=PhraseIndex((phrase, None) for phrase in index.phrases),
        routes=_routes(data["routes"], file),
        classes=frozenset(name for entry in data["drug"] for name in _classes(entry)),
    )


class _Index:
    """The codes and names while the file is read."""

    def __init__(self, file: FileProblems) -> None:
        self.file = file
        self.products: dict[str, tuple[Drug, ...]] = {}
        self.unrouted: dict[str, tuple[Drug, ...]] = {}
        self.excluded: dict[str, tuple[Drug, ...]] = {}
        self.atc: dict[str, tuple[Drug, ...]] = {}
        self.atc_groups: dict[str, tuple[Drug, ...]] = {}
        self.snomed: dict[str, tuple[Drug, ...]] = {}
        self.names: dict[str, tuple[str, Drug]] = {}
        self.phrases: list[str] = []

    def add_drug(self, entry: Mapping[str, Any], number: int) -> None:
        drug = Drug(number, entry["name"], _classes(entry), entry.get("route", ""), entry.get("mixture", False))
        products, excluded = entry.get("rxnorm_products", {}), entry.get("excluded_products", {})
        unrouted = {**entry.get("rxnorm_ingredients", {}), **entry.get("rxnorm_components", {})}
        for code in excluded:
            if code in products or code in unrouted:
                self.file.note(f"{code} also stands under its products", "drug", number, "excluded_products")
        self.file.check_snomed(entry.get("snomed", ()), "drug", number, "snomed")
        for name in entry.get("names", ()):
            if name.lower() in self.names:
                owner = self.names[name.lower()][1].name
                self.file.note(f"{name} also stands under {owner}", "drug", number, "names")
            self.names[name.lower()] = (name, drug)
        for target, codes in (
            (self.products, products),
            (self.unrouted, unrouted),
            (self.excluded, excluded),
            (self.atc, entry.get("atc", ())),
            (self.atc_groups, entry.get("atc_groups", ())),
            (self.snomed, entry.get("snomed", ())),
        ):
            for code in codes:
                target[code] = (*target.get(code, ()), drug)

    def add_trap(self, entry: Mapping[str, Any], number: int) -> None:
        self.phrases += entry.get("phrases", ())
        self.file.check_snomed(entry.get("snomed", ()), "trap", number, "snomed")
        for target, key in (
            (self.products, "rxnorm"),
            (self.atc, "atc"),
            (self.atc_groups, "atc_groups"),
            (self.snomed, "snomed"),
        ):
            for code in entry.get(key, ()):
                if target.get(code):
                    self.file.note(f"{code} also stands under {target[code][0].name}", "trap", number, key)
                target.setdefault(code, ())


def _classes(entry: Mapping[str, Any]) -> tuple[str, ...]:
    classes = entry["class"]
    return (classes,) if isinstance(classes, str) else tuple(classes)


def _routes(entry: Mapping[str, Any], file: FileProblems) -> Routes:
    spoken = (Route.LOCAL, Route.INJECTION, Route.ORAL)
    codes: dict[str, Route] = {}
    for route in spoken:
        key = f"snomed_{route}"
        file.check_snomed(entry.get(key, ()), "routes", key)
        codes |= dict.fromkeys(entry.get(key, ()), route)
    return Routes(any_of(entry["mask"]), {route: WordList.of(entry[route]) for route in spoken}, codes)
