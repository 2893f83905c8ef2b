"""The thresholds as people read them: each number in words, with unit, start date, source and earlier values.

What may live here: numbers on their way to a page. What the rules compare with is read in `thresholds.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hooks.cards import exact

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Dated:
    """One value in words ("10.2 mg/dL"), without its unit (`bare`), the day from which it holds, and its source."""

    since: date
    shown: str
    bare: str
    source: str


@dataclass(frozen=True, slots=True)
class Number:
    """One threshold by its key ("windows.minerals"): its sentence and its values, the earliest first."""

    key: str
    says: str
    values: tuple[Dated, ...]

    def on(self, day: date) -> Dated:
        """The value in force on a day; before the first known day the first value."""
        return [value for value in self.values if value.since <= day or value is self.values[0]][-1]

    def others(self, day: date) -> tuple[Dated, ...]:
        """Earlier values, and values that begin on a later day."""
        return tuple(value for value in self.values if value is not self.on(day))


Numbers = Mapping[str, Number]


def load_numbers(thresholds: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Number]:
    """Every number of the parsed `thresholds.toml`, which has been checked; `units` are UCUM codes in words."""
    return {key: _number(key, section, units) for key, section in _sections(thresholds)}


def filled(text: str, numbers: Numbers, day: date) -> str:
    """A sentence with each {threshold} replaced by its value in force and unit."""
    return _PLACEHOLDER.sub(lambda match: numbers[match[1]].on(day).shown, text)


def placeholders(text: str) -> list[str]:
    """The names of thresholds in a sentence."""
    return _PLACEHOLDER.findall(text)


def _sections(thresholds: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, section in thresholds.items():
        if key in ("windows", "points"):
            yield from ((f"{key}.{name}", inner) for name, inner in section.items())
        else:
            yield key, section


def _number(key: str, section: Mapping[str, Any], units: Mapping[str, str]) -> Number:
    unit = units.get(section["unit"], section["unit"])
    values = [
        Dated(entry["since"], _shown(entry, unit), _shown(entry, ""), entry["source"]) for entry in section["values"]
    ]
    return Number(key, section["says"], tuple(sorted(values, key=lambda value: value.since)))


def _shown(entry: Mapping[str, Any], unit: str) -> str:
    if "value" in entry:
        return _with_unit(entry["value"], unit)
    fresh, usable = (_with_unit(entry[name], unit) for name in ("fresh", "usable"))
    return f"used up to {usable}" if fresh == usable else f"fresh up to {fresh}, used up to {usable}"


def _with_unit(value: float, unit: str) -> str:
    unit = unit.removesuffix("s") if value == 1 and unit in ("points", "days", "years") else unit
    return f"{exact(value)} {unit}".rstrip()
