"""`labs.toml` as types: which codes are which analyte, in which units, within which limits.

What may live here: reading and checking that file; no FHIR.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.units import Unit, normalised
from fhir_mappings.vocabulary.toml_table import Table, is_loinc
from hooks.chart import Analyte

FILE = "labs.toml"


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
    """Every analyte by its LOINC codes, and the codes that rule an observation out; `telling` are all of both."""

    by_code: Mapping[str, AnalyteWords]
    by_analyte: Mapping[Analyte, AnalyteWords]
    excluded: frozenset[str]
    telling: frozenset[str]


def parse_labs(data: Mapping[str, Any], problems: list[str]) -> LabVocabulary:
    """The vocabulary of parsed `labs.toml`; mistakes are added to `problems`."""
    file = Table(data, FILE, problems)
    by_analyte: dict[Analyte, AnalyteWords] = {}
    by_code: dict[str, AnalyteWords] = {}
    for table in file.tables("analyte"):
        words = _analyte(table)
        if words is None:
            continue
        if words.analyte in by_analyte:
            table.problem("name", "stands twice")
        by_analyte[words.analyte] = words
        for code in words.codes:
            if code in by_code:
                table.problem(f"loinc {code}", f"also stands under {by_code[code].analyte}")
            by_code[code] = words
    for analyte in Analyte:
        if analyte not in by_analyte:
            file.problem("analyte", f"{analyte} is missing")
    excluded = _excluded(file)
    for code in excluded & by_code.keys():
        file.problem(f"excluded {code}", f"also stands under {by_code[code].analyte}")
    file.close()
    return LabVocabulary(by_code, by_analyte, excluded, excluded | by_code.keys())


def _analyte(table: Table) -> AnalyteWords | None:
    name, unit = table.text("name"), table.text("unit")
    low, high = _limits(table)
    units = _units(table.table("units"), unit)
    codes = table.codes("loinc")
    for code in codes:
        if not is_loinc(code):
            table.problem(f"loinc {code}", "is no LOINC code (shape or check digit)")
    if not codes:
        table.problem("loinc", "needs at least one code")
    table.cited()
    table.close()
    if name not in list(Analyte):
        table.problem("name", "is no analyte that the rules know")
        return None
    return AnalyteWords(Analyte(name), unit, low, high, units, tuple(codes))


def _limits(table: Table) -> tuple[float, float]:
    limits = table.numbers("plausible")
    if len(limits) == 2 and limits[0] < limits[1]:
        return limits[0], limits[1]
    table.problem("plausible", "must be [lowest, highest]")
    return 0.0, 0.0


def _units(table: Table, canonical: str) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for name in table.data:
        entry = table.table(name)
        unit = _unit(entry, name, is_canonical=name == canonical)
        for spelling in (name, *entry.texts("also")):
            if normalised(spelling) in units:
                entry.problem(spelling, "stands twice")
            # The exact spelling too: it is what most servers send, and is found without normalising.
            units[normalised(spelling)] = units[spelling] = unit
        entry.close()
    if canonical not in table.data:
        table.problem(canonical, "the canonical unit is missing")
    return units


def _unit(entry: Table, name: str, *, is_canonical: bool) -> Unit:
    minus, times, divide_by = entry.number("minus"), entry.number("times"), entry.number("divide_by")
    decimals = entry.number("decimals") or 0
    if is_canonical and (minus, times, divide_by) != (None, None, None):
        entry.problem("factor", "the canonical unit takes none")
    if not is_canonical and (times is None) == (divide_by is None):
        entry.problem("factor", "needs either times or divide_by")
    if min(times or 1.0, divide_by or 1.0) <= 0 or 0.0 in (times, divide_by):
        entry.problem("factor", "must be above 0")
    if decimals not in range(5):
        entry.problem("decimals", "must be 0 to 4")
    return Unit(name, is_canonical, minus or 0.0, times or 1.0, divide_by or 1.0, int(decimals))


def _excluded(file: Table) -> frozenset[str]:
    excluded: set[str] = set()
    for table in file.tables("excluded", label="why"):
        table.text("why")
        table.cited()
        codes = table.texts("loinc", required=True)
        for code in codes:
            if not is_loinc(code):
                table.problem(f"loinc {code}", "is no LOINC code (shape or check digit)")
        excluded.update(codes)
        table.close()
    return frozenset(excluded)
