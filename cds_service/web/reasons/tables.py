"""Tables of the reasons pages: drugs that are recognised, skin signs, and what the service reads.

What may live here: the vocabulary and the queries in force as rows of a table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from cds_service.knowledge import Knowledge
from fhir_mappings.vocabulary import AnalyteWords, Codes, Drug, DrugVocabulary
from hooks.policy import Policy
from hooks.skin_signs import LEVELS, Level

LEVEL_WORDS = {Level.NECROSIS: "necrosis", Level.STRONG: "strong", Level.WEAK: "weak"}


@dataclass
class DrugRow:
    """One drug of a class with the codes that stand for it; for RxNorm, which has hundreds, their number."""

    name: str
    classes: tuple[str, ...]
    rxnorm: int = 0
    atc: list[str] = field(default_factory=list)
    snomed: list[str] = field(default_factory=list)
    local: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One analyte: how it is compared, what is plausible, which units and codes are read."""

    name: str
    unit: str
    plausible: str
    units: tuple[str, ...]
    codes: tuple[str, ...]
    local: tuple[str, ...]
    fresh: int
    usable: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One search of the record that is not about results."""

    what: str
    resource: str
    hooks: tuple[str, ...]


def drug_rows(vocabulary: DrugVocabulary, classes: Collection[str]) -> list[DrugRow]:
    """The drugs of these classes by name; entries of one name are one row."""
    rows: dict[str, DrugRow] = {}

    def found(codes: Codes) -> Iterator[tuple[str, DrugRow]]:
        for code, drugs in codes.items():
            for drug in drugs:
                if not set(drug.classes).isdisjoint(classes):
                    yield code, rows.setdefault(drug.name, _row(drug, classes))

    for codes in (vocabulary.products, vocabulary.unrouted):
        for _, row in found(codes):
            row.rxnorm += 1
    for code, row in found(vocabulary.atc):
        row.atc.append(code)
    for code, row in found(vocabulary.atc_groups):
        row.atc.append(f"{code}…")
    for code, row in found(vocabulary.snomed):
        row.snomed.append(code)
    for (system, code), drugs in vocabulary.local.items():
        for _, row in found({code: drugs}):
            row.local.append(f"{code} ({system})")
    return sorted(rows.values(), key=lambda row: row.name)


def _row(drug: Drug, classes: Collection[str]) -> DrugRow:
    return DrugRow(drug.name, tuple(name for name in drug.classes if name in classes))


def sign_rows(policy: Policy) -> list[tuple[str, str]]:
    """(sign, level) pairs, the gravest first."""
    by_level: dict[Level, list[str]] = defaultdict(list)
    for name, level in LEVELS.items():
        by_level[level].append(policy.wording.signs[name])
    return [(sign, words) for level, words in LEVEL_WORDS.items() for sign in by_level[level]]


def result_rows(knowledge: Knowledge, fresh_and_usable: dict[str, tuple[int, int]]) -> list[ResultRow]:
    """Every analyte in the order of `labs.toml`; windows in days by analyte."""
    return [
        _result_row(words, knowledge.policy.wording.analytes[analyte].name, *fresh_and_usable[analyte])
        for analyte, words in knowledge.vocabulary.labs.by_analyte.items()
    ]


def _result_row(words: AnalyteWords, name: str, fresh: int, usable: int) -> ResultRow:
    return ResultRow(
        name=name,
        unit=words.unit,
        plausible=f"{words.low:g} to {words.high:g}",
        units=tuple(dict.fromkeys(unit.name for unit in words.units.values())),
        codes=words.codes,
        local=tuple(f"{code} ({system})" for system, code in words.local),
        fresh=fresh,
        usable=usable,
    )


def record_rows(knowledge: Knowledge) -> list[RecordRow]:
    """Everything read that is no result."""
    return [
        RecordRow(query.what, query.resource_type, tuple(sorted(query.hooks)))
        for query in knowledge.queries
        if not query.analytes
    ]
