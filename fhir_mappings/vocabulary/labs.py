"""`labs.toml` as types: which codes are which analyte, in which units, within which limits.

What may live here: reading that file, and what no JSON Schema can check in it; no FHIR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fhir_mappings.code_systems import address_key
from fhir_mappings.data_faults import Path
from fhir_mappings.units import Unit, normalised, recognised
from fhir_mappings.vocabulary.file_problems import FileProblems
from hooks.chart import Analyte

FILE = "labs.toml"

_PLAIN_FACTORS = {"minus": 0.0, "times": 1.0, "divide_by": 1.0}


@dataclass(frozen=True, slots=True)
class RangeWords:
    """How a reference range says for whom it holds, in lower case: `normal` kinds and groups, groups `by_sex`.

    An age is in `years`, or in units of so many `days`; `unknown_age` (years) stands for a patient without a day of
    birth, and `days_a_year` turns it into the other units.
    """

    normal: frozenset[str]
    by_sex: Mapping[str, frozenset[str]]
    years: frozenset[str]
    days: Mapping[str, float]
    unknown_age: int
    days_a_year: float


@dataclass(frozen=True, slots=True)
class AnalyteWords:
    """One analyte: canonical unit, plausible limits in it (inclusive), units by normalised spelling, LOINC codes.

    `local` are codes of a clinic's own, with the address of their system. `shown` are the codes of an unknown method:
    told, never compared. `no_unit` is the unit of a value that names none, where the analyte is a ratio or the clinic
    says so; else None.
    """

    analyte: Analyte
    unit: str
    low: float
    high: float
    units: Mapping[str, Unit]
    codes: tuple[str, ...]
    local: tuple[tuple[str, str], ...] = ()
    shown: tuple[str, ...] = ()
    no_unit: Unit | None = None

    def plausible(self, value: float) -> bool:
        """Can a living patient have this value, in the canonical unit?"""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class LabVocabulary:
    """Every analyte by its LOINC codes, those that are `shown` only among them, and the codes that rule an observation
    out; `telling` are all these codes. `ranges` reads reference ranges.

    A code of a clinic's own stands among them with its system, as `local` says.
    """

    by_code: Mapping[str, AnalyteWords]
    by_analyte: Mapping[Analyte, AnalyteWords]
    shown: frozenset[str]
    excluded: frozenset[str]
    telling: frozenset[str]
    ranges: RangeWords
    local: Mapping[tuple[str, str], str]

    def own_code(self, system: object, code: str) -> str:
        """The key in `by_code` of a code of the clinic's own, "" where it is none."""
        return self.local.get((address_key(system), code), "") if self.local else ""


def parse_labs(data: Mapping[str, Any], problems: list[str]) -> LabVocabulary:
    """The vocabulary of parsed `labs.toml`, whose shape has been checked; mistakes are added to `problems`."""
    file = FileProblems(FILE, data, problems)
    by_analyte: dict[Analyte, AnalyteWords] = {}
    by_code: dict[str, AnalyteWords] = {}
    local: dict[tuple[str, str], str] = {}
    for number, entry in enumerate(data["analyte"]):
        if entry["name"] not in list(Analyte):
            file.note("is no analyte that the rules know", "analyte", number, "name")
            continue
        words = _analyte(entry, number, file)
        if words.analyte in by_analyte:
            file.note("stands twice", "analyte", number, "name")
        by_analyte[words.analyte] = words
        for code in (*words.codes, *words.shown):
            if code in by_code:
                file.note(f"{code} also stands under {by_code[code].analyte}", "analyte", number, "loinc")
            by_code[code] = words
        for place, one in enumerate(entry.get("local", ())):
            where = ("analyte", number, "local", place)
            key = (address_key(one["system"]), one["code"])
            name = f"{one['system']}|{one['code']}"
            if key in local:
                file.note(f"{name} also stands under {by_code[local[key]].analyte}", *where)
            local[key] = name
            by_code[name] = _with_unit(words, one, file, where)
    for analyte in Analyte:
        if analyte not in by_analyte:
            file.note(f"{analyte} is missing", "analyte")
    excluded = _excluded(data["excluded"], by_code, file)
    shown = frozenset(code for words in by_analyte.values() for code in words.shown)
    ranges = _ranges(data["reference_range"])
    telling = excluded | by_code.keys() | {code for _, code in local}
    return LabVocabulary(by_code, by_analyte, shown, excluded, telling, ranges, local)


def _with_unit(words: AnalyteWords, own: Mapping[str, Any], file: FileProblems, where: Path) -> AnalyteWords:
    """The analyte as a code of a clinic's own says it: a value that names no unit is in the one that stands there."""
    if "unit" not in own:
        return words
    unit = recognised(words.units, own["unit"])
    if unit is None:
        file.note(f"{words.analyte} has no such unit", *where, "unit")
    return replace(words, no_unit=unit)


def _ranges(entry: Mapping[str, Any]) -> RangeWords:
    def low(key: str) -> frozenset[str]:
        return frozenset(word.lower() for word in entry[key])

    return RangeWords(
        normal=low("normal"),
        by_sex={sex: low(sex) for sex in ("female", "male")},
        years=low("years"),
        days={unit.lower(): float(length) for unit, length in entry["days"].items()},
        unknown_age=entry["unknown_age"],
        days_a_year=float(entry["days_a_year"]),
    )


def _analyte(entry: Mapping[str, Any], number: int, file: FileProblems) -> AnalyteWords:
    low, high = entry["plausible"]
    if low >= high:
        file.note("must be [lowest, highest]", "analyte", number, "plausible")
    shown = entry.get("shown", {})
    file.check_loinc(entry["loinc"], "analyte", number, "loinc")
    file.check_loinc(shown, "analyte", number, "shown")
    units = _units(entry["units"], entry["unit"], number, file)
    return AnalyteWords(
        analyte=Analyte(entry["name"]),
        unit=entry["unit"],
        low=float(low),
        high=float(high),
        units=units,
        codes=tuple(entry["loinc"]),
        local=tuple((one["system"], one["code"]) for one in entry.get("local", ())),
        shown=tuple(shown),
        no_unit=units.get(entry["unit"]) if entry.get("unit_may_be_missing") else None,
    )


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
