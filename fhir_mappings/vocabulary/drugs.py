"""`drugs.toml` as types: which codes and names are which drug, in which class.

What may live here: reading and checking that file. Matching stands in `drug_matching.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fhir_mappings.drug_routes import WORD, Route, Routes, WordList
from fhir_mappings.vocabulary.phrases import any_of, source_of
from fhir_mappings.vocabulary.toml_table import Table, is_snomed

FILE = "drugs.toml"

NOT_INJECTED, ONLY_ORAL = "not injected", "oral"
_CLASS = re.compile(r"[a-z][a-z0-9_]*")
_RXCUI = re.compile(r"\d{1,8}")
_ATC = re.compile(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?")

_PLAIN = re.compile(r"[^\W_]+(?:[\s\-]+[^\W_]+)*")
"""A phrase of words alone, without any of the signs that stand for something else."""

T = TypeVar("T")
_Entry = tuple[int, re.Pattern[str], T, frozenset[str]]
"""The place of a phrase in the order of trying, its pattern, its meaning, and words that its text holds."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as the file names it; `number` is its place there, and tells two entries of one name apart.

    `route` limits codes that say nothing of the route; `mixture` lets its name count in a text of many ingredients.
    """

    number: int
    name: str
    classes: tuple[str, ...]
    route: str = ""
    mixture: bool = False

    def given(self, route: Route) -> bool:
        """Does the drug count when it is given so?"""
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
    """Every code and name of `drugs.toml`. A code that stands for no drug maps to an empty tuple: known, and nothing.

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


def parse_drugs(data: Mapping[str, Any], problems: list[str]) -> DrugVocabulary:
    """The vocabulary of parsed `drugs.toml`; mistakes are added to `problems`."""
    file = Table(data, FILE, problems)
    index = _Index()
    for number, table in enumerate(file.tables("drug")):
        index.add_drug(table, number)
    for table in file.tables("trap"):
        index.add_trap(table)
    multivitamins = _rxnorm(file, "multivitamin_products")
    for code in multivitamins & index.products.keys():
        file.problem(f"multivitamin_products {code}", "also stands under a drug")
    routes = _routes(file.table("routes"))
    file.close()
    return DrugVocabulary(
        products=index.products,
        unrouted=index.unrouted,
        excluded=index.excluded,
        multivitamins=frozenset(multivitamins),
        atc=index.atc,
        atc_groups=index.atc_groups,
        snomed=index.snomed,
        names=PhraseIndex((name, drug) for name, drug in index.names.values()),
        traps=PhraseIndex((phrase, None) for phrase in index.phrases),
        routes=routes,
    )


class _Index:
    """The codes and names while the file is read."""

    def __init__(self) -> None:
        self.products: dict[str, tuple[Drug, ...]] = {}
        self.unrouted: dict[str, tuple[Drug, ...]] = {}
        self.excluded: dict[str, tuple[Drug, ...]] = {}
        self.atc: dict[str, tuple[Drug, ...]] = {}
        self.atc_groups: dict[str, tuple[Drug, ...]] = {}
        self.snomed: dict[str, tuple[Drug, ...]] = {}
        self.names: dict[str, tuple[str, Drug]] = {}
        self.phrases: list[str] = []

    def add_drug(self, table: Table, number: int) -> None:
        route = table.text("route", required=False)
        if route not in ("", NOT_INJECTED, ONLY_ORAL):
            table.problem("route", f'must be "{NOT_INJECTED}" or "{ONLY_ORAL}"')
        drug = Drug(number, table.text("name"), _classes(table), route, table.flag("mixture"))
        products, excluded = _rxnorm(table, "rxnorm_products"), _rxnorm(table, "excluded_products")
        unrouted = _rxnorm(table, "rxnorm_ingredients") | _rxnorm(table, "rxnorm_components")
        for code in excluded & (products | unrouted):
            table.problem(f"excluded_products {code}", "also stands under its products")
        atc, groups, snomed = _atc(table, "atc"), _atc(table, "atc_groups"), _snomed(table)
        names = _phrases(table, "names")
        if not (products or unrouted or atc or groups or snomed or names):
            table.problem("names", "the drug has neither a code nor a name")
        for name in names:
            if name.lower() in self.names:
                table.problem(f"names {name}", f"also stands under {self.names[name.lower()][1].name}")
            self.names[name.lower()] = (name, drug)
        for target, codes in (
            (self.products, products),
            (self.unrouted, unrouted),
            (self.excluded, excluded),
            (self.atc, atc),
            (self.atc_groups, groups),
            (self.snomed, snomed),
        ):
            for code in codes:
                target[code] = (*target.get(code, ()), drug)
        table.cited()
        table.close()

    def add_trap(self, table: Table) -> None:
        table.text("name")
        table.text("why")
        self.phrases += _phrases(table, "phrases")
        for target, codes in (
            (self.products, _rxnorm(table, "rxnorm")),
            (self.atc, _atc(table, "atc")),
            (self.atc_groups, _atc(table, "atc_groups")),
            (self.snomed, _snomed(table)),
        ):
            for code in codes:
                if target.get(code):
                    table.problem(code, f"also stands under {target[code][0].name}")
                target.setdefault(code, ())
        table.cited()
        table.close()


def _classes(table: Table) -> tuple[str, ...]:
    several = isinstance(table.data.get("class"), list)
    classes = table.texts("class", required=True) if several else (table.text("class"),)
    for name in classes:
        if not _CLASS.fullmatch(name):
            table.problem("class", f"{name!r} must be lower_snake")
    return classes


def _rxnorm(table: Table, key: str) -> set[str]:
    codes = table.codes(key)
    for code in codes:
        if not _RXCUI.fullmatch(code):
            table.problem(f"{key} {code}", "is no RxNorm code")
    return set(codes)


def _atc(table: Table, key: str) -> tuple[str, ...]:
    codes = table.texts(key)
    for code in codes:
        if not _ATC.fullmatch(code):
            table.problem(f"{key} {code}", "is no ATC code")
    return codes


def _snomed(table: Table) -> dict[str, str]:
    codes = table.codes("snomed")
    for code in codes:
        if not is_snomed(code):
            table.problem(f"snomed {code}", "is no SNOMED CT code (shape or check digit)")
    return codes


def _phrases(table: Table, key: str) -> tuple[str, ...]:
    phrases = table.texts(key)
    for phrase in phrases:
        if not WORD.match(phrase.removeprefix("^")):
            table.problem(f"{key} {phrase}", "must begin with a letter or digit")
    return tuple(phrase for phrase in phrases if WORD.match(phrase.removeprefix("^")))


def _single_words(table: Table, key: str) -> tuple[str, ...]:
    words = table.texts(key, required=True)
    for word in words:
        if not WORD.fullmatch(word.removesuffix("*")):
            table.problem(f"{key} {word}", "must be a single word")
    return words


def _routes(table: Table) -> Routes:
    spoken = (Route.LOCAL, Route.INJECTION, Route.ORAL)
    codes: dict[str, Route] = {}
    for route in spoken:
        for code in table.codes(f"snomed_{route}"):
            if not is_snomed(code):
                table.problem(f"snomed_{route} {code}", "is no SNOMED CT code (shape or check digit)")
            codes[code] = route
    mask = any_of(table.texts("mask", required=True))
    words = {route: WordList.of(_single_words(table, route)) for route in spoken}
    table.cited()
    table.close()
    return Routes(mask, words, codes)
