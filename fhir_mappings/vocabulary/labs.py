"""`labs.toml` as types: which codes are which analyte, in which units, within which limits.

What may live here: reading that file, and what no JSON Schema can check in it; no FHIR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.units import Unit, normalised
from fhir_mappings.vocabulary.file_problems import FileProblems
from hooks.chart import Analyte

FILE = "labs.toml"

_PLAIN_FACTORS = {"minus": 0.0, "times": 1.0, "divide_by": 1.0}


@dataclass(frozen=True, slots=True)
class AnalyteWords:
    """One analyte: canonical unit, plausible limits in it (inclusive), units by normalised spelling, LOINC codes."""

    analyte: Analyte
    unit: str
    low: float
    high: float
    units: Mapping[str, Unit]
    codes: tuple[str, ...]

    def plausible(self, value: float) -> bool:
        """Can a living patient have this value, in the canonical unit?"""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class LabVocabulary:
    """Every analyte by its LOINC codes, and the codes that rule an observation out; `telling` are all these codes."""

    by_code: Mapping[str, AnalyteWords]
    by_analyte: Mapping[Analyte, AnalyteWords]
    excluded: frozenset[str]
    telling: frozenset[str]


def parse_labs(data: Mapping[str, Any], problems: list[str]) -> LabVocabulary:
    """The vocabulary of parsed `labs.toml`, whose shape has been checked; mistakes are added to `problems`."""
    file = FileProblems(FILE, data, problems)
    by_analyte: dict[Analyte, AnalyteWords] = {}
    by_code: dict[str, AnalyteWords] = {}
    for number, entry in enumerate(data["analyte"]):
        if entry["name"] not in list(Analyte):
            file.note("is no analyte that the rules know", "analyte", number, "name")
            continue
        words = _analyte(entry, number, file)
        if words.analyte in by_analyte:
            file.note("stands twice", "analyte", number, "name")
        by_analyte[words.analyte] = words
        for code in words.codes:
            if code in by_code:
                file.note(f"{code} also stands under {by_code[code].analyte}", "analyte", number, "loinc")
            by_code[code] = words
    for analyte in Analyte:
        if analyte not in by_analyte:
            file.note(f"{analyte} is missing", "analyte")
    excluded = _excluded(data["excluded"], by_code, file)
    return LabVocabulary(by_code, by_analyte, excluded, excluded | by_code.keys())


def _analyte(entry: Mapping[str, Any], number: int, file: FileProblems) -> AnalyteWords:
    low, high = entry["plausible"]
    if low >= high:
        file.note("must be [lowest, highest]", "analyte", number, "plausible")
    file.check_loinc(entry["loinc"], "analyte", number, "loinc")
    units = _units(entry["units"], entry["unit"], number, file)
    return AnalyteWords(Analyte(entry["name"]), entry["unit"], float(low), float(high), units, tuple(entry["loinc"]))


def _units(table: Mapping[str, Any], canonical: str, number: int, file: FileProblems) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for name, entry in table.items():
        where = ("analyte", number, "units", name)
        factors = {"minus", "times", "divide_by"} & entry.keys()
        if name == canonical and factors:
            file.note("the canonical unit takes no factor", *where)
        if name != canonical and len(factors - {"minus"}) != 1:
            file.note("needs either times or divide_by", *where)
        unit = _unit(name, entry, is_canonical=name == canonical)
        for spelling in (name, *entry.get("also", ())):
            if normalised(spelling) in units:
                file.note(f"{spelling} stands twice", *where)
            # The exact spelling too: it is what most servers send, and is found without normalising.
            units[normalised(spelling)] = units[spelling] = unit
    if canonical not in table:
        file.note(f"the canonical unit {canonical} is missing", "analyte", number, "units")
    return units


def _unit(name: str, entry: Mapping[str, Any], *, is_canonical: bool) -> Unit:
    minus, times, divide_by = (float(entry.get(key, plain)) for key, plain in _PLAIN_FACTORS.items())
    return Unit(name, is_canonical, minus, times, divide_by, entry.get("decimals", 0))


def _excluded(
    entries: Iterable[Mapping[str, Any]], by_code: Mapping[str, AnalyteWords], file: FileProblems
) -> frozenset[str]:
    for number, entry in enumerate(entries):
        where = ("excluded", number, "loinc")
        file.check_loinc(entry["loinc"], *where)
        for code in entry["loinc"]:
            if code in by_code:
                file.note(f"{code} also stands under {by_code[code].analyte}", *where)
    return frozenset(code for entry in entries for code in entry["loinc"])
