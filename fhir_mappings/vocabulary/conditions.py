"""`conditions.toml` as types: which codes and words stand for which concept.

What may live here: reading that file, what no JSON Schema can check in it, and looking a code up; no FHIR resources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_mappings.code_systems import ANY_ICD10, System, address_key
from fhir_mappings.data_faults import inside
from fhir_mappings.dialysis_words import DIALYSIS, END_STAGE, HAEMODIALYSIS, PERITONEAL, TAKEN_BACK
from fhir_mappings.fhir_json import Coding
from fhir_mappings.folding import composed, fold
from fhir_mappings.screening import Screen, begins_of
from fhir_mappings.valve_words import MECHANICAL, NOT_MECHANICAL, UNKNOWN
from fhir_mappings.vocabulary.condition_words import Words, parse_words
from fhir_mappings.vocabulary.file_problems import FileProblems
from fhir_mappings.vocabulary.phrase_signs import check_signs

FILE = "conditions.toml"

CALCIPHYLAXIS = "calciphylaxis"
RESIDUAL = "calcium_disorder_unspecific"
DIALYSIS_PROCEDURES = (
    "haemodialysis_procedure",
    "dialysis_procedure",
    "peritoneal_dialysis_procedure",
    "dialysis_monthly_service",
)
VALVES = (MECHANICAL, UNKNOWN)
SURGERY = ("transplant_procedure", "parathyroidectomy", "ventricular_assist_device")
REQUIRED = (
    *(CALCIPHYLAXIS, RESIDUAL, *DIALYSIS_PROCEDURES, *VALVES, NOT_MECHANICAL, *SURGERY),
    *(DIALYSIS, END_STAGE, TAKEN_BACK, HAEMODIALYSIS, PERITONEAL),
)
"""Concepts that this package itself asks for by name."""

KINDS = ("condition", "procedure")
KEPT_CODE_LENGTH = 20
"""No code is longer: what is, was written by a person, and its answer is not kept."""
_ICD_MARKS = "+*!†‡ "


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """The concepts of one kind of record by code; ICD-10 by code, by prefix, and by prefix that is an exception.

    ICD-10 codes stand under the variant in which they mean the concept: `System.ICD10` is every one of them.
    """

    exact: Mapping[tuple[str, str], tuple[str, ...]]
    icd10_prefix: Mapping[tuple[str, str], tuple[str, ...]]
    icd10_not: Mapping[str, tuple[str, ...]]

    def of(self, coding: Coding) -> tuple[str, ...]:
        """The concepts that a coding stands for, in the order of the file."""
        system, code = coding.system, coding.code
        if system is None:
            return self.exact.get((address_key(coding.address), code), ()) if coding.address else ()
        if system in ANY_ICD10:
            look_up = _kept_icd10 if len(code) <= KEPT_CODE_LENGTH else _of_icd10
            return look_up(self, system, code)
        return self.exact.get((system, code.upper() if system is System.ICD9_CM else code), ())


ICD10_LENGTH = 8
NOT_CM = "ICD-10 (WHO, GM)"
"""What ICD-10-CM means otherwise, or has not."""
_VARIANTS: Mapping[System, tuple[str, ...]] = {
    System.ICD10: (System.ICD10, NOT_CM),
    System.ICD10_CM: (System.ICD10, System.ICD10_CM),
    System.ICD10_GM: (System.ICD10, NOT_CM, System.ICD10_GM),
}


def _of_icd10(concepts: Concepts, system: System, code: str) -> tuple[str, ...]:
    code = icd10_code(code)
    variants = _VARIANTS[system]
    found = [concept for variant in variants for concept in concepts.exact.get((variant, code), ())]
    # No ICD-10 code is longer; a hostile code of a million characters has no more beginnings than a real one.
    beginnings = [code[:length] for length in (1, *range(3, min(len(code), ICD10_LENGTH) + 1))]
    for beginning in beginnings:
        for variant in variants:
            found += concepts.icd10_prefix.get((variant, beginning), ())
    exceptions = {concept for beginning in beginnings for concept in concepts.icd10_not.get(beginning, ())}
    return tuple(dict.fromkeys(concept for concept in found if concept not in exceptions))


_kept_icd10 = lru_cache(maxsize=2048)(_of_icd10)
"""The answers of the last codes: problem lists draw on few. Codes only, nothing that a person has written."""


@dataclass(frozen=True, slots=True)
class ConditionVocabulary:
    """Everything that `conditions.toml` says, compiled."""

    conditions: Concepts
    procedures: Concepts
    codes: Mapping[str, tuple[tuple[str, str], ...]]
    """The SNOMED CT and CPT codes of each concept and a clinic's own codes, for searches: system or address, code."""
    instead_of: Mapping[str, tuple[str, ...]]
    """The concepts that step back where a concept stands on the same entry."""
    words: Words
    worded: frozenset[str]
    """The concepts that words alone can name."""
    screen: Screen
    """Which texts may tell something: others are not read."""
    procedure_screen: Screen
    """The same for the words of a procedure, of which fewer tell something."""

    def telling(self, words: Iterable[str], *, procedure: bool = False) -> list[tuple[list[str], str]]:
        """The texts that can name something at all, each with the first letters of its words. Most cannot."""
        screen = self.procedure_screen if procedure else self.screen
        found = []
        for word in words:
            plain = fold(composed(word))
            begins = begins_of(plain)
            if screen.passes(begins, plain):
                found.append((begins, word))
        return found


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
    check_signs(file)
    words = parse_words(data)
    areas = (words.names, words.skin, words.dialysis, words.valves, words.further, words.procedures)
    return ConditionVocabulary(
        conditions=index.of("condition"),
        procedures=index.of("procedure"),
        codes=index.codes,
        instead_of=index.instead_of,
        words=words,
        worded=frozenset(_worded(data)),
        screen=Screen.any_of(area.screen for area in areas),
        procedure_screen=Screen.any_of((words.valves.screen, words.procedures.screen)),
    )


def _worded(data: Mapping[str, Any]) -> Iterator[str]:
    yield CALCIPHYLAXIS
    yield from (entry["concept"] for entry in data["sign"])
    yield from (concept for entry in data["words"] for concept in entry["concepts"])
    yield from (data["acral"]["concept"], data["acral"]["arterial_concept"], data["local_wound"]["concept"])
    yield from (MECHANICAL, UNKNOWN, DIALYSIS, END_STAGE, TAKEN_BACK, HAEMODIALYSIS, PERITONEAL)


def _check_names(file: FileProblems, names: Collection[str]) -> None:
    """Note the concepts that are named and do not stand in the file."""
    places: list[tuple[str | int, ...]] = [("changed_skin_texture", key) for key in ("concept", "otherwise")]
    places += [("acral", "concept"), ("acral", "arterial_concept"), ("local_wound", "concept"), ("local_wound", "foot")]
    places += [("sign", number, "concept") for number, _ in enumerate(file.data["sign"])]
    lists: list[tuple[str | int, ...]] = [("local_wound", "instead_of"), ("local_wound", "on_the_foot")]
    lists += [("dialysis_words", "not_beside"), ("dialysis_words", "kind_beside")]
    lists += [("words", number, "concepts") for number, _ in enumerate(file.data["words"])]
    lists += [("concept", number, "instead_of") for number, _ in enumerate(file.data["concept"])]
    lists += [
        ("sign", number, key) for number, _ in enumerate(file.data["sign"]) for key in ("not_beside", "steps_back_for")
    ]
    for path in lists:
        places += [(*path, place) for place, _ in enumerate(inside(file.data, path) or ())]
    for path in places:
        concept = inside(file.data, path)
        if concept not in names:
            file.note(f"{concept} is no concept of this file", *path)


_PREFIXES = (
    ("icd10", System.ICD10),
    ("icd10_cm", System.ICD10_CM),
    ("icd10_gm", System.ICD10_GM),
    ("icd10_not_cm", NOT_CM),
)


class _Index:
    """The concepts by code while the file is read."""

    def __init__(self) -> None:
        self.maps: dict[str, tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]] = {k: ({}, {}, {}) for k in KINDS}
        self.instead_of: dict[str, tuple[str, ...]] = {}
        self.codes: dict[str, tuple[tuple[str, str], ...]] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        name = entry["name"]
        snomed, cpt, icd11 = (tuple(entry.get(key, ())) for key in ("snomed", "cpt", "icd11"))
        exact: list[tuple[str, str]] = [(System.SNOMED, code) for code in snomed]
        exact += [(System.CPT, code) for code in cpt] + [(System.ICD11, code) for code in icd11]
        exact += [(System.ICD9_CM, code) for code in entry.get("icd9_exact", ())]
        local = [(one["system"], one["code"]) for one in entry.get("local", ())]
        exact += [(address_key(system), code) for system, code in local]
        for key, variant in (("icd10_exact", System.ICD10), ("icd10_not_cm_exact", NOT_CM)):
            exact += [(variant, icd10_code(code)) for code in entry.get(key, ())]
        prefixes = [(variant, icd10_code(code)) for key, variant in _PREFIXES for code in entry.get(key, ())]
        exceptions = [icd10_code(code) for code in entry.get("icd10_not", ())]
        self.codes[name] = (*((System.SNOMED, code) for code in snomed), *((System.CPT, code) for code in cpt), *local)
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
