"""`conditions.toml` as types: which codes and words stand for which concept.

What may live here: reading and checking that file, and looking a code up; no FHIR resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_mappings.clauses import ReadingWords
from fhir_mappings.code_systems import ANY_ICD10, System
from fhir_mappings.fhir_json import Coding
from fhir_mappings.vocabulary.phrases import any_of, near, source_of, stem_of
from fhir_mappings.vocabulary.toml_table import Table, is_snomed

FILE = "conditions.toml"

CALCIPHYLAXIS = "calciphylaxis"
RESIDUAL = "calcium_disorder_unspecific"
DIALYSIS_PROCEDURES = ("haemodialysis_procedure", "peritoneal_dialysis_procedure", "dialysis_monthly_service")
MECHANICAL_VALVE = "mechanical_valve"
REQUIRED = (CALCIPHYLAXIS, RESIDUAL, *DIALYSIS_PROCEDURES, MECHANICAL_VALVE)
"""Concepts that this package itself asks for by name."""

KINDS = ("condition", "procedure")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ICD10_CODE = re.compile(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?")
KEPT_CODE_LENGTH = 20
"""No code is longer: what is, was written by a person, and its answer is not kept."""
_ICD_MARKS = "+*!†‡ "


@dataclass(frozen=True, slots=True)
class SignWords:
    """A skin sign that free text may name."""

    concept: str
    pattern: re.Pattern[str]
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextureWords:
    """An unspecific skin code that becomes a specific concept where the words say so."""

    concept: str
    otherwise: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """The concepts of one kind of record by code; ICD-10 by code, by prefix, and by prefix that is an exception."""

    exact: Mapping[tuple[System, str], tuple[str, ...]]
    icd10_prefix: Mapping[tuple[System, str], tuple[str, ...]]
    icd10_not: Mapping[str, tuple[str, ...]]

    def of(self, coding: Coding) -> tuple[str, ...]:
        """The concepts that a coding stands for, in the order of the file."""
        system, code = coding.system, coding.code
        if system is None:
            return ()
        if system in ANY_ICD10:
            look_up = _kept_icd10 if len(code) <= KEPT_CODE_LENGTH else _of_icd10
            return look_up(self, system, code)
        return self.exact.get((system, code.upper() if system is System.ICD9_CM else code), ())


ICD10_LENGTH = 8


def _of_icd10(concepts: Concepts, system: System, code: str) -> tuple[str, ...]:
    code = icd10_code(code)
    found = list(concepts.exact.get((System.ICD10, code), ()))
    # No ICD-10 code is longer; a hostile one of a million characters has no more beginnings than a real one.
    beginnings = [code[:length] for length in range(3, min(len(code), ICD10_LENGTH) + 1)]
    for beginning in beginnings:
        found += concepts.icd10_prefix.get((System.ICD10, beginning), ())
        if system is System.ICD10_CM:
            found += concepts.icd10_prefix.get((System.ICD10_CM, beginning), ())
    exceptions = {concept for beginning in beginnings for concept in concepts.icd10_not.get(beginning, ())}
    return tuple(concept for concept in found if concept not in exceptions)


_kept_icd10 = lru_cache(maxsize=2048)(_of_icd10)
"""The answers of the last codes: problem lists draw on few. Codes only, nothing that a person has written."""


@dataclass(frozen=True, slots=True)
class ConditionVocabulary:
    """Everything that `conditions.toml` says, compiled."""

    conditions: Concepts
    procedures: Concepts
    codes: Mapping[str, tuple[str, ...]]
    """The SNOMED CT and CPT codes of each concept, for searches."""
    instead_of: Mapping[str, tuple[str, ...]]
    """The concepts that step back where a concept stands on the same entry."""
    calciphylaxis: re.Pattern[str]
    words: ReadingWords
    signs: tuple[SignWords, ...]
    texture: TextureWords
    stems: tuple[str, ...]
    """Of the words that name calciphylaxis or a sign, at least one is in any text worth a closer look."""

    def may_tell(self, text: str) -> bool:
        """Can the text name calciphylaxis or a sign at all? Most of a problem list cannot."""
        lower = text.lower()
        return any(stem in lower for stem in self.stems)


def icd10_code(code: str) -> str:
    """An ICD-10 code without dot, marks and letter case: "e11.22" and "E1122" are one code."""
    return code.strip(_ICD_MARKS).replace(".", "").upper()


def parse_conditions(data: Mapping[str, Any], problems: list[str]) -> ConditionVocabulary:
    """The vocabulary of parsed `conditions.toml`; mistakes are added to `problems`."""
    file = Table(data, FILE, problems)
    index = _Index()
    names: set[str] = set()
    for table in file.tables("concept"):
        name = table.text("name")
        if name in names:
            table.problem("name", "stands twice")
        if not _NAME.fullmatch(name):
            table.problem("name", "must be lower_snake")
        names.add(name)
        index.add(table, name)
    for name in REQUIRED:
        if name not in names:
            file.problem("concept", f"{name} is missing")
    calciphylaxis = file.table("calciphylaxis")
    disease_names = calciphylaxis.texts("names", required=True)
    signs = tuple(_sign(table, names) for table in file.tables("sign", label="concept"))
    vocabulary = ConditionVocabulary(
        conditions=index.of("condition"),
        procedures=index.of("procedure"),
        codes=index.codes,
        instead_of=index.instead_of,
        calciphylaxis=any_of(disease_names),
        words=_words(file.table("negation"), calciphylaxis),
        signs=signs,
        texture=_texture(file.table("changed_skin_texture"), names),
        stems=(*map(stem_of, disease_names), *(stem for sign in signs for stem in sign.stems)),
    )
    file.close()
    return vocabulary


class _Index:
    """The concepts by code while the file is read."""

    def __init__(self) -> None:
        self.maps: dict[str, tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]] = {k: ({}, {}, {}) for k in KINDS}
        self.instead_of: dict[str, tuple[str, ...]] = {}
        self.codes: dict[str, tuple[str, ...]] = {}

    def add(self, table: Table, name: str) -> None:
        kinds = table.texts("kinds") or ("condition",)
        for kind in set(kinds) - set(KINDS):
            table.problem("kinds", f"{kind} is neither of {', '.join(KINDS)}")
        snomed, cpt, icd11 = table.codes("snomed"), table.codes("cpt"), table.codes("icd11")
        for code in snomed:
            if not is_snomed(code):
                table.problem(f"snomed {code}", "is no SNOMED CT code (shape or check digit)")
        exact = [(System.SNOMED, code) for code in snomed]
        exact += [(System.CPT, code) for code in cpt] + [(System.ICD11, code) for code in icd11]
        exact += [(System.ICD9_CM, code) for code in table.texts("icd9_exact")]
        exact += [(System.ICD10, code) for code in _icd10(table, "icd10_exact")]
        prefixes = [(System.ICD10, code) for code in _icd10(table, "icd10")]
        prefixes += [(System.ICD10_CM, code) for code in _icd10(table, "icd10_cm")]
        exceptions = _icd10(table, "icd10_not")
        self.codes[name] = (*snomed, *cpt)
        self.instead_of[name] = table.texts("instead_of")
        for kind in set(kinds) & set(KINDS):
            _add(self.maps[kind], (exact, prefixes, exceptions), name)
        table.cited()
        table.close()

    def of(self, kind: str) -> Concepts:
        exact, prefixes, exceptions = self.maps[kind]
        return Concepts(exact, prefixes, exceptions)


def _add(maps: Iterable[dict[Any, Any]], keys: Iterable[Iterable[Any]], name: str) -> None:
    for target, found in zip(maps, keys, strict=True):
        for key in found:
            target[key] = (*target.get(key, ()), name)


def _icd10(table: Table, key: str) -> list[str]:
    codes = table.texts(key)
    for code in codes:
        if not _ICD10_CODE.fullmatch(code):
            table.problem(f"{key} {code}", "is no ICD-10 code")
    return [icd10_code(code) for code in codes]


def _words(negation: Table, calciphylaxis: Table) -> ReadingWords:
    ends = negation.texts("clause_ends", required=True)
    words = ReadingWords(
        before=any_of(negation.texts("before", required=True)),
        after=any_of(negation.texts("after", required=True)),
        still_open=any_of(negation.texts("still_open", required=True)),
        harmless=any_of(negation.texts("harmless", required=True)),
        # A point between digits ("2.5 cm") ends nothing.
        clause_end=re.compile("|".join([r"[;:,]", r"\.(?!\d)", *map(source_of, ends)]), re.IGNORECASE),
        phrase_end=re.compile("|".join([r"[;:]", r"\.(?!\d)", *map(source_of, ends)]), re.IGNORECASE),
        provisional=any_of(calciphylaxis.texts("provisional", required=True)),
        history=any_of(calciphylaxis.texts("history", required=True)),
    )
    for table in (negation, calciphylaxis):
        table.cited()
        table.close()
    return words


def _sign(table: Table, names: Iterable[str]) -> SignWords:
    concept = _known(table, "concept", names)
    alone, close, of = table.texts("alone"), table.texts("near"), table.texts("of")
    within = table.number("within", required=bool(close)) or 0
    sources = [source_of(word) for word in alone]
    if bool(close) is not bool(of):
        table.problem("near", "goes together with `of`")
    elif close:
        sources.append(near(close, of, int(within)))
    elif not alone:
        table.problem("alone", "needs words")
    table.cited()
    table.close()
    pattern = re.compile("|".join(sources), re.IGNORECASE) if sources else any_of(())
    return SignWords(concept, pattern, tuple(map(stem_of, (*alone, *close))))


def _texture(table: Table, names: Iterable[str]) -> TextureWords:
    texture = TextureWords(
        concept=_known(table, "concept", names),
        otherwise=_known(table, "otherwise", names),
        pattern=any_of(table.texts("words", required=True)),
    )
    table.cited()
    table.close()
    return texture


def _known(table: Table, key: str, names: Iterable[str]) -> str:
    concept = table.text(key)
    if concept not in names:
        table.problem(key, f"{concept} is no concept of this file")
    return concept
