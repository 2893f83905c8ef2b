"""From the codes and words of a medication to drug classes.

What may live here: the order of the levels (RxNorm, ATC, SNOMED CT, names) and what counts on each. Matching stops at
the first level at which a code is known, also where nothing is said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from fhir_mappings.code_systems import System, address_key
from fhir_mappings.drug_routes import WORD, Route
from fhir_mappings.fhir_json import Coding
from fhir_mappings.letters import folded
from fhir_mappings.vocabulary import Drug, DrugVocabulary, Silence
from hooks.chart import BY_NAME, DrugMatch

MANY_INGREDIENTS = 4
"""A product of this many ingredients or more is a multivitamin or an infusion: nothing is said about it."""

CODE_SYSTEMS = (System.RXNORM, System.ATC, System.SNOMED)
KEPT_CODE_LENGTH = 20
"""No code is longer: what is, was written by a person, and what was found for it is not kept."""
KEPT_CODES = 32
"""No product has more: what was found for thousands of codes would fill the memory, so it is not kept either."""

Hits = Iterable[tuple[Drug, str]]
Codes = tuple[tuple[System, str], ...]


class Candidate(NamedTuple):
    """A drug that a code stands for. Where the code says nothing of the route, the order may.

    `says_its_route`: the code is of a form that counts, whatever the order says. `says_if_local`: the code would say if
    it were a local form, so an order that says "local" is not believed.
    """

    drug: Drug
    how: str
    says_its_route: bool = False
    says_if_local: bool = False

    def given(self, route: Route) -> bool:
        """Does the drug count when the order says this route?"""
        if self.says_its_route:
            return True
        return self.drug.given(Route.UNKNOWN if self.says_if_local and route is Route.LOCAL else route)


class Drugs(NamedTuple):
    """What an order stands for. `known`: a code of it is in our lists, be it one of which nothing is said."""

    matches: tuple[DrugMatch, ...]
    known: bool


def find_drugs(
    coded: Sequence[Coding], texts: Sequence[str], order_route: Route, drugs: DrugVocabulary, *, mixture: bool = False
) -> Drugs:
    """The drugs of one order, with the question whether a code was known. `mixture`: it has too many ingredients."""
    of_codes = _of_codes(coded, drugs)
    candidates = _with_local(coded, of_codes, drugs)
    # A clinic's own code adds to what the words name and takes none of it away.
    named = () if of_codes is not None else _one_per_class(_by_name(texts, order_route, drugs, mixture=mixture))
    if candidates is None:
        return Drugs(named, known=False)
    found = _coded(candidates, texts, order_route, drugs) if candidates else ()
    classes = {match.drug_class for match in found}
    return Drugs((*found, *(match for match in named if match.drug_class not in classes)), known=True)


def drugs_named(text: str, drugs: DrugVocabulary) -> tuple[Drug, ...]:
    """The drugs that the words name, by whatever route; nothing that a phrase only looks like."""
    return tuple(dict.fromkeys(_named(text, drugs)))


def _of_codes(coded: Sequence[Coding], drugs: DrugVocabulary) -> tuple[Candidate, ...] | None:
    """What the codings stand for, or None when none is known. A coding without a system is not known by its code."""
    codes = tuple((coding.system, coding.code) for coding in coded if coding.system in CODE_SYSTEMS)
    if not codes:
        return None
    return (_kept_candidates if _may_be_kept(codes) else _candidates)(codes, drugs)


def _with_local(
    coded: Sequence[Coding], found: tuple[Candidate, ...] | None, drugs: DrugVocabulary
) -> tuple[Candidate, ...] | None:
    """The same with what the clinic's own codes stand for, first: the clinic knows what it means by them."""
    if not drugs.local:
        return found
    local = [
        Candidate(drug, coding.named, says_if_local=coding.system is System.ATC)
        for coding in coded
        for drug in drugs.of_clinic(coding.system or address_key(coding.address), coding.code)
    ]
    return (*local, *(found or ())) if local else found


def _coded(
    candidates: tuple[Candidate, ...], texts: Sequence[str], order_route: Route, drugs: DrugVocabulary
) -> tuple[DrugMatch, ...]:
    route = order_route or drugs.routes.of_texts(texts)
    return _one_per_class((found.drug, found.how) for found in candidates if found.given(route))


def _may_be_kept(codes: Codes) -> bool:
    return len(codes) <= KEPT_CODES and all(len(code) <= KEPT_CODE_LENGTH for _, code in codes)


def _candidates(codes: Codes, drugs: DrugVocabulary) -> tuple[Candidate, ...] | None:
    """What the codes stand for, on the first level that knows a code; None when no level does."""
    rxnorm, atc, snomed = ([code for system, code in codes if system is level] for level in CODE_SYSTEMS)
    found = _by_rxnorm(rxnorm, drugs)
    if found is None:
        found = _by_atc(atc, drugs)
    if found is None:
        found = _by_snomed(snomed, drugs)
    return None if found is None else tuple(found)


_kept_candidates = lru_cache(maxsize=2048)(_candidates)
"""The answers for the last codes: prescriptions draw on few. Codes only, nothing that a person has written."""


def _one_per_class(hits: Hits) -> tuple[DrugMatch, ...]:
    matches: dict[str, DrugMatch] = {}
    for drug, how in hits:
        for drug_class in drug.classes:
            matches.setdefault(drug_class, DrugMatch(drug_class, drug.name, how))
    return tuple(matches.values())


def _by_rxnorm(codes: list[str], drugs: DrugVocabulary) -> list[Candidate] | None:
    """None when no code is known. A product says its own route; an ingredient or strength takes that of the order."""
    if any(code in drugs.multivitamins for code in codes):
        return []
    if not any(code in known for code in codes for known in (drugs.products, drugs.unrouted, drugs.excluded)):
        return None
    said = {drug for code in codes for drug in drugs.products.get(code, ())}
    excluded = {drug for code in codes for drug in drugs.excluded.get(code, ())} - said
    found = [(drug, code, True) for code in codes for drug in drugs.products.get(code, ())]
    found += [(drug, code, False) for code in codes for drug in drugs.unrouted.get(code, ())]
    return [
        Candidate(drug, f"{System.RXNORM} {code}", says_its_route=routed)
        for drug, code, routed in found
        if drug not in excluded
    ]


def _by_atc(codes: list[str], drugs: DrugVocabulary) -> list[Candidate] | None:
    """None when no code is known: the code itself first, then the longest group. ATC has own codes for local forms."""
    found = {code: known for code in codes if (known := _atc(code.upper(), drugs)) is not None}
    if not found:
        return None
    return [
        Candidate(drug, f"{System.ATC} {code}", says_if_local=True) for code, known in found.items() for drug in known
    ]


ATC_LENGTH = 7
"""No ATC code is longer."""


def _atc(code: str, drugs: DrugVocabulary) -> tuple[Drug, ...] | None:
    if code in drugs.atc:
        return drugs.atc[code]
    groups = (code[:length] for length in range(min(len(code), ATC_LENGTH), 0, -1))
    return next((drugs.atc_groups[group] for group in groups if group in drugs.atc_groups), None)


def _by_snomed(codes: list[str], drugs: DrugVocabulary) -> list[Candidate] | None:
    """None when no code is known; substances say nothing of the route."""
    known = [code for code in codes if code in drugs.snomed]
    if not known:
        return None
    return [Candidate(drug, f"{System.SNOMED} {code}") for code in known for drug in drugs.snomed[code]]


def _by_name(
    texts: Sequence[str], order_route: Route, drugs: DrugVocabulary, *, mixture: bool
) -> Iterator[tuple[Drug, str]]:
    """The drugs that the words name, once the phrases that only look like a drug are taken out."""
    named = {drug: None for text in texts for drug in _named(text, drugs)}
    if not named:
        return
    many = mixture or any(text.count(" / ") >= MANY_INGREDIENTS - 1 for text in texts)
    said = drugs.routes.of_texts(texts)
    routes = [route for route in (said, order_route) if route]
    for drug in named:
        if (drug.mixture or not many) and all(drug.given(route) for route in routes or [Route.UNKNOWN]):
            yield drug, BY_NAME


def _named(text: str, drugs: DrugVocabulary) -> Iterator[Drug]:
    plain = folded(text)
    words = set(WORD.findall(plain))
    candidates = drugs.names.candidates(words)
    if not candidates:
        return
    silenced = {silence.drug_class for silence in _silences(plain, words, drugs)}
    left = _without_traps(plain, words, drugs)
    for pattern, drug in candidates:
        if silenced.isdisjoint(drug.classes) and pattern.search(left):
            yield drug


def _without_traps(plain: str, words: set[str], drugs: DrugVocabulary) -> str:
    for pattern, _ in drugs.traps.candidates(words):
        plain = pattern.sub(" | ", plain)
    return plain


def _silences(plain: str, words: set[str], drugs: DrugVocabulary) -> Iterator[Silence]:
    for pattern, silence in drugs.silences.candidates(words):
        if pattern.search(silence.unless.sub(" ", plain)):
            yield silence


def ordered_texts(texts: Iterable[str], drugs: DrugVocabulary) -> tuple[str, ...]:
    """The texts of a draft order without a code, without the drugs that their words take away ("stop warfarin")."""
    return tuple(_ordered(text, drugs) for text in texts)


def _ordered(text: str, drugs: DrugVocabulary) -> str:
    """The text with the names of stopped drugs blotted out. A name inside a longer name is stopped with it."""
    plain = folded(text)
    if not drugs.stops.may_stop(plain):
        return text
    words = set(WORD.findall(plain))
    left = _without_traps(plain, words, drugs)
    places = _whole(found.span() for pattern, _ in drugs.names.candidates(words) for found in pattern.finditer(left))
    kept, after = [], 0
    for start, end in places:
        stopped = drugs.stops.in_front(left, start) or (end == places[-1][1] and drugs.stops.at_the_end(left, end))
        kept += [left[after:start], " | " if stopped else left[start:end]]
        after = end
    return "".join((*kept, left[after:]))


def _whole(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in their order, without those that lie in or run into an earlier, longer one."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not whole or start >= whole[-1][1]:
            whole.append((start, end))
    return whole
