"""`conditions.toml` as types: which codes and words stand for which concept.

What may live here: reading that file, what no JSON Schema can check in it, and looking a code up; no FHIR resources.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_mappings.clauses import ReadingWords
from fhir_mappings.code_systems import ANY_ICD10, System
from fhir_mappings.data_faults import inside
from fhir_mappings.fhir_json import Coding
from fhir_mappings.vocabulary.file_problems import FileProblems
from fhir_mappings.vocabulary.phrases import any_of, near, source_of, stem_of

FILE = "conditions.toml"

CALCIPHYLAXIS = "calciphylaxis"
RESIDUAL = "calcium_disorder_unspecific"
DIALYSIS_PROCEDURES = ("haemodialysis_procedure", "peritoneal_dialysis_procedure", "dialysis_monthly_service")
MECHANICAL_VALVE = "mechanical_valve"
REQUIRED = (CALCIPHYLAXIS, RESIDUAL, *DIALYSIS_PROCEDURES, MECHANICAL_VALVE)
"""Concepts that this package itself asks for by name."""

KINDS = ("condition", "procedure")
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
    # No ICD-10 code is longer; a hostile code of a million characters has no more beginnings than a real one.
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
    """The vocabulary of parsed `conditions.toml`, whose shape has been checked; mistakes are added to `problems`."""
    file = FileProblems(FILE, data, problems)
    index = _Index()
    names: set[str] = set()
    for number, entry in enumerate(data["concept"]):
        if entry["name"] in names:
            file.note("stands twice", "concept", number, "name")
        names.add(entry["name"])
        file.check_snomed(entry.get("snomed", ()), "concept", number, "snomed")
        index.add(entry)
    for name in REQUIRED:
        if name not in names:
            file.note(f"{name} is missing", "concept")
    _check_names(file, names)
    disease, signs = data["calciphylaxis"], tuple(map(_sign, data["sign"]))
    return ConditionVocabulary(
        conditions=index.of("condition"),
        procedures=index.of("procedure"),
        codes=index.codes,
        instead_of=index.instead_of,
        calciphylaxis=any_of(disease["names"]),
        words=_words(data["negation"], disease),
        signs=signs,
        texture=_texture(data["changed_skin_texture"]),
        stems=(*map(stem_of, disease["names"]), *(stem for sign in signs for stem in sign.stems)),
    )


def _check_names(file: FileProblems, names: Collection[str]) -> None:
    """Note the concepts that are named and do not stand in the file."""
    places: list[tuple[str | int, ...]] = [("changed_skin_texture", key) for key in ("concept", "otherwise")]
    places += [("sign", number, "concept") for number, _ in enumerate(file.data["sign"])]
    places += [
        ("concept", number, "instead_of", place)
        for number, entry in enumerate(file.data["concept"])
        for place, _ in enumerate(entry.get("instead_of", ()))
    ]
    for path in places:
        concept = inside(file.data, path)
        if concept not in names:
            file.note(f"{concept} is no concept of this file", *path)


class _Index:
    """The concepts by code while the file is read."""

    def __init__(self) -> None:
        self.maps: dict[str, tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]] = {k: ({}, {}, {}) for k in KINDS}
        self.instead_of: dict[str, tuple[str, ...]] = {}
        self.codes: dict[str, tuple[str, ...]] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        name = entry["name"]
        snomed, cpt, icd11 = (tuple(entry.get(key, ())) for key in ("snomed", "cpt", "icd11"))
        exact = [(System.SNOMED, code) for code in snomed]
        exact += [(System.CPT, code) for code in cpt] + [(System.ICD11, code) for code in icd11]
        exact += [(System.ICD9_CM, code) for code in entry.get("icd9_exact", ())]
        exact += [(System.ICD10, icd10_code(code)) for code in entry.get("icd10_exact", ())]
        prefixes = [(System.ICD10, icd10_code(code)) for code in entry.get("icd10", ())]
        prefixes += [(System.ICD10_CM, icd10_code(code)) for code in entry.get("icd10_cm", ())]
        exceptions = [icd10_code(code) for code in entry.get("icd10_not", ())]
        self.codes[name] = (*snomed, *cpt)
        self.instead_of[name] = tuple(entry.get("instead_of", ()))
        for kind in entry.get("kinds", ("condition",)):
            _add(self.maps[kind], (exact, prefixes, exceptions), name)

    def of(self, kind: str) -> Concepts:
        exact, prefixes, exceptions = self.maps[kind]
        return Concepts(exact, prefixes, exceptions)


def _add(maps: Iterable[dict[Any, Any]], keys: Iterable[Iterable[Any]], name: str) -> None:
    for target, found in zip(maps, keys, strict=True):
        for key in found:
            target[key] = (*target.get(key, ()), name)


def _words(negation: Mapping[str, Any], calciphylaxis: Mapping[str, Any]) -> ReadingWords:
    ends = [source_of(end) for end in negation["clause_ends"]]
    return ReadingWords(
        before=any_of(negation["before"]),
        after=any_of(negation["after"]),
        still_open=any_of(negation["still_open"]),
        harmless=any_of(negation["harmless"]),
        # A point between digits ("2.5 cm") ends nothing.
        clause_end=re.compile("|".join([r"[;:,]", r"\.(?!\d)", *ends]), re.IGNORECASE),
        phrase_end=re.compile("|".join([r"[;:]", r"\.(?!\d)", *ends]), re.IGNORECASE),
        provisional=any_of(calciphylaxis["provisional"]),
        history=any_of(calciphylaxis["history"]),
    )


def _sign(entry: Mapping[str, Any]) -> SignWords:
    alone, close = entry.get("alone", ()), entry.get("near", ())
    sources = [source_of(word) for word in alone]
    if close:
        sources.append(near(close, entry["of"], entry["within"]))
    pattern = re.compile("|".join(sources), re.IGNORECASE)
    return SignWords(entry["concept"], pattern, tuple(map(stem_of, (*alone, *close))))


def _texture(entry: Mapping[str, Any]) -> TextureWords:
    return TextureWords(entry["concept"], entry["otherwise"], any_of(entry["words"]))
