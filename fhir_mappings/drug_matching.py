"""From the codes and words of a medication to drug classes.

What may live here: the order of the levels (RxNorm, ATC, SNOMED CT, names) and what counts on each. Matching stops at
the first level at which a code is known, also where nothing is said about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from fhir_mappings.code_systems import System
from fhir_mappings.drug_vocabulary import Drug, DrugVocabulary
from fhir_mappings.fhir_json import Coding
from fhir_mappings.routes import WORD, Route
from hooks.chart import DrugMatch

BY_NAME = "by name"
MANY_INGREDIENTS = 4
"""A product of this many ingredients or more is a multivitamin or an infusion: nothing is said about it."""

Hits = Iterable[tuple[Drug, str]]


def match_drug(
    coded: Sequence[Coding], texts: Sequence[str], order_route: Route, drugs: DrugVocabulary
) -> tuple[DrugMatch, ...]:
    """The classes of one drug, each once: from its codings, or from its texts where no code is known."""

    def route() -> Route:
        return order_route or drugs.routes.of_texts(texts)

    hits = _by_rxnorm(_codes(coded, System.RXNORM), route, drugs)
    if hits is None:
        hits = _by_atc(_codes(coded, System.ATC), route, drugs)
    if hits is None:
        hits = _by_snomed(_codes(coded, System.SNOMED), route, drugs)
    if hits is None:
        hits = _by_name(texts, order_route, drugs)
    return _one_per_class(hits)


def _codes(coded: Sequence[Coding], system: System) -> list[str]:
    return [coding.code for coding in coded if coding.system is system]


def _one_per_class(hits: Hits) -> tuple[DrugMatch, ...]:
    matches: dict[str, DrugMatch] = {}
    for drug, how in hits:
        for drug_class in drug.classes:
            matches.setdefault(drug_class, DrugMatch(drug_class, drug.name, how))
    return tuple(matches.values())


def _by_rxnorm(codes: list[str], route: Callable[[], Route], drugs: DrugVocabulary) -> Hits | None:
    """None when no code is known. A product says its own route; an ingredient or strength takes that of the order."""
    if any(code in drugs.multivitamins for code in codes):
        return ()
    if not any(code in known for code in codes for known in (drugs.products, drugs.unrouted, drugs.excluded)):
        return None
    excluded = {drug for code in codes for drug in drugs.excluded.get(code, ())}
    found = [(drug, code) for code in codes for drug in drugs.products.get(code, ())]
    unrouted = [(drug, code) for code in codes for drug in drugs.unrouted.get(code, ())]
    if unrouted:
        said = route()
        found += [(drug, code) for drug, code in unrouted if drug.given(said)]
    return [(drug, f"{System.RXNORM} {code}") for drug, code in found if drug not in excluded]


def _by_atc(codes: list[str], route: Callable[[], Route], drugs: DrugVocabulary) -> Hits | None:
    """None when no code is known: the code itself first, then the longest group. ATC tells local forms apart itself."""
    found = {code: known for code in codes if (known := _atc(code.upper(), drugs)) is not None}
    if not found:
        return None
    said = route()
    general = Route.UNKNOWN if said is Route.LOCAL else said
    return [(drug, f"{System.ATC} {code}") for code, known in found.items() for drug in known if drug.given(general)]


def _atc(code: str, drugs: DrugVocabulary) -> tuple[Drug, ...] | None:
    if code in drugs.atc:
        return drugs.atc[code]
    groups = (code[:length] for length in range(len(code), 0, -1))
    return next((drugs.atc_groups[group] for group in groups if group in drugs.atc_groups), None)


def _by_snomed(codes: list[str], route: Callable[[], Route], drugs: DrugVocabulary) -> Hits | None:
    """None when no code is known; substances say nothing of the route."""
    known = [code for code in codes if code in drugs.snomed]
    if not known:
        return None
    said = route()
    return [(drug, f"{System.SNOMED} {code}") for code in known for drug in drugs.snomed[code] if drug.given(said)]


def _by_name(texts: Sequence[str], order_route: Route, drugs: DrugVocabulary) -> Iterator[tuple[Drug, str]]:
    """The drugs that the words name, once the phrases that only look like a drug are taken out."""
    named = {drug: None for text in texts for drug in _named(text, drugs)}
    if not named:
        return
    many = any(text.count(" / ") >= MANY_INGREDIENTS - 1 for text in texts)
    said = drugs.routes.of_texts(texts)
    routes = [route for route in (said, order_route) if route]
    for drug in named:
        if (drug.mixture or not many) and all(drug.given(route) for route in routes or [Route.UNKNOWN]):
            yield drug, BY_NAME


def _named(text: str, drugs: DrugVocabulary) -> Iterator[Drug]:
    words = set(WORD.findall(text.lower()))
    left = text
    for pattern, _ in drugs.traps.candidates(words):
        left = pattern.sub(" | ", left)
    for pattern, drug in drugs.names.candidates(words):
        if pattern.search(left):
            yield drug
