"""`drugs.toml` as types: which codes and names are which drug, in which class.

What may live here: reading that file, and what no JSON Schema can check in it. Matching stands in `drug_matching.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_mappings.code_systems import System, address_key, system_of
from fhir_mappings.drug_routes import Route, Routes, WordList
from fhir_mappings.letters import folded, spaced
from fhir_mappings.vocabulary.drug_words import StopWords, UnreadWords
from fhir_mappings.vocabulary.file_problems import FileProblems
from fhir_mappings.vocabulary.phrase_index import PhraseIndex, phrase_problem
from fhir_mappings.vocabulary.phrases import any_of

FILE = "drugs.toml"

NOT_INJECTED, ONLY_ORAL = "not injected", "oral"


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


class Silence(NamedTuple):
    """A text with such a phrase names no drug of the class, once the phrases of `unless` are taken out of it."""

    drug_class: str
    unless: re.Pattern[str]


Codes = Mapping[str, tuple[Drug, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class DrugVocabulary:
    """Every code and name of `drugs.toml`. A code that stands for no drug maps to an empty tuple: known, but no drug.

    RxNorm: `products` say their route, `unrouted` do not, `excluded` names the drugs that a finished product is not
    (an empty tuple: a strength, group or brand that is none of ours). `local` are codes of a clinic's own, by system.
    """

    products: Codes
    unrouted: Codes
    excluded: Codes
    multivitamins: frozenset[str]
    atc: Codes
    atc_groups: Codes
    snomed: Codes
    local: Mapping[tuple[str, str], tuple[Drug, ...]]
    names: PhraseIndex[Drug]
    traps: PhraseIndex[None]
    silences: PhraseIndex[Silence]
    routes: Routes
    unread: UnreadWords
    stops: StopWords
    classes: frozenset[str]

    def of_clinic(self, system: str, code: str) -> tuple[Drug, ...]:
        """What a code is by a clinic's own list; `system` is the key of its system."""
        return self.local.get(_own_code(system, code), ())


def parse_drugs(data: Mapping[str, Any], problems: list[str]) -> DrugVocabulary:
    """The vocabulary of parsed `drugs.toml`, whose shape has been checked; mistakes are added to `problems`."""
    file = FileProblems(FILE, data, problems)
    index = _Index(file)
    for number, entry in enumerate(data["drug"]):
        index.add_drug(entry, number)
    for number, entry in enumerate(data["trap"]):
        index.add_trap(entry, number)
    classes = frozenset(name for entry in data["drug"] for name in _classes(entry))
    for number, entry in enumerate(data["trap"]):
        if "silences" in entry and entry["silences"] not in classes:
            file.note(f"no drug is of the class {entry['silences']}", "trap", number, "silences")
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
        local=index.local,
        names=PhraseIndex((name, drug) for name, drug in index.names.values()),
        traps=PhraseIndex((written, None) for phrase in index.phrases for written in _both_ways(phrase)),
        silences=PhraseIndex(
            (written, silence) for phrase, silence in index.silences for written in _both_ways(phrase)
        ),
        routes=_routes(data["routes"], file),
        unread=UnreadWords.of(data["unread"]),
        stops=StopWords.of(data["stops"]),
        classes=classes,
    )


_SHAPES = {
    System.RXNORM: re.compile("[0-9]{1,8}"),
    System.ATC: re.compile("[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?"),
}


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
        self.local: dict[tuple[str, str], tuple[Drug, ...]] = {}
        self.names: dict[str, tuple[str, Drug]] = {}
        self.phrases: list[str] = []
        self.silences: list[tuple[str, Silence]] = []

    def add_drug(self, entry: Mapping[str, Any], number: int) -> None:
        drug = Drug(number, entry["name"], _classes(entry), entry.get("route", ""), entry.get("mixture", False))
        products, excluded = entry.get("rxnorm_products", {}), entry.get("excluded_products", {})
        unrouted = {**entry.get("rxnorm_ingredients", {}), **entry.get("rxnorm_components", {})}
        components = entry.get("excluded_components", {})
        for table, codes in (("excluded_products", excluded), ("excluded_components", components)):
            for code in codes:
                if code in products or code in unrouted:
                    self.file.note(f"{code} also stands under its products", "drug", number, table)
        self.file.check_snomed(entry.get("snomed", ()), "drug", number, "snomed")
        for name in self.findable(entry, "names", "drug", number):
            if folded(name) in self.names:
                owner = self.names[folded(name)][1].name
                self.file.note(f"{name} also stands under {owner}", "drug", number, "names")
            self.names[folded(name)] = (name, drug)
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
        for turn, one in enumerate(entry.get("local", ())):
            self.check_shape(one, "drug", number, "local", turn)
            place = _own_code(address_key(one["system"]), one["code"])
            self.local[place] = (*self.local.get(place, ()), drug)
        for code in components:
            self.excluded.setdefault(code, ())

    def check_shape(self, own: Mapping[str, str], *path: str | int) -> None:
        """A clinic's code of a known system, which has the shape that codes have there."""
        system, code = system_of(own["system"]), own["code"]
        if system is System.SNOMED:
            self.file.check_snomed([code], *path)
        elif system in _SHAPES and not _SHAPES[system].fullmatch(code.upper()):
            self.file.note(f"{code} is no {system} code", *path)

    def findable(self, entry: Mapping[str, Any], key: str, *path: str | int) -> list[str]:
        """The phrases of a list of the entry; those that would never be found are noted and left out."""
        problems = [phrase_problem(phrase) for phrase in entry.get(key, ())]
        for place, problem in enumerate(problems):
            if problem:
                self.file.note(problem, *path, key, place)
        return [phrase for phrase, problem in zip(entry.get(key, ()), problems, strict=True) if not problem]

    def add_trap(self, entry: Mapping[str, Any], number: int) -> None:
        self.phrases += self.findable(entry, "phrases", "trap", number)
        if "silencing" in entry:
            silence = Silence(entry["silences"], any_of(map(folded, entry.get("unless", ()))))
            self.silences += [(phrase, silence) for phrase in self.findable(entry, "silencing", "trap", number)]
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


def _own_code(system: str, code: str) -> tuple[str, str]:
    """A code as it stands among those of a clinic, by the key of its system. ATC codes are one in every letter case."""
    return system, code.upper() if system == System.ATC else code


def _both_ways(phrase: str) -> set[str]:
    """As it is written, and as it stands in a text whose letters and numbers were parted."""
    return {phrase, spaced(phrase)}


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
