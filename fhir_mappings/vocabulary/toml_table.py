"""Reading a clinician's TOML with every mistake noted, so that one start of the service shows them all.

What may live here: shapes of TOML values and check digits of codes; no clinical meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import UnionType
from typing import Any

_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
_SNOMED = re.compile(r"\d{6,18}", re.ASCII)


@dataclass(slots=True)
class Table:
    """One TOML table: `where` names it ("labs.toml analyte total_calcium"), `problems` collects what is wrong.

    Reading methods answer an empty value after noting a problem, so that reading goes on. `close` notes unknown keys.
    """

    data: Mapping[str, Any]
    where: str
    problems: list[str]
    _read: set[str] = field(default_factory=set)

    def problem(self, key: str, what: str) -> None:
        """Note what is wrong with a key of this table."""
        self.problems.append(f"{self.where}, {key}: {what}")

    def _get(self, key: str, kind: type | UnionType, words: str, *, required: bool) -> Any:
        self._read.add(key)
        value = self.data.get(key)
        if value is None:
            if required:
                self.problem(key, "is missing")
            return None
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            self.problem(key, f"must be {words}")
            return None
        return value

    def text(self, key: str, *, required: bool = True) -> str:
        """A text that is not empty."""
        value = self._get(key, str, "a text", required=required)
        if value is not None and not value.strip():
            self.problem(key, "is empty")
        return value or ""

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts, each not empty."""
        values = self._get(key, list, "a list of texts", required=required) or []
        if all(isinstance(value, str) and value.strip() for value in values):
            return tuple(values)
        self.problem(key, "must be a list of texts")
        return ()

    def number(self, key: str, *, required: bool = False) -> float | None:
        """A number, or None."""
        value = self._get(key, int | float, "a number", required=required)
        return None if value is None else float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers."""
        values = self._get(key, list, "a list of numbers", required=True) or []
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            return tuple(map(float, values))
        self.problem(key, "must be a list of numbers")
        return ()

    def flag(self, key: str) -> bool:
        """True or false; false when absent."""
        return bool(self._get(key, bool, "true or false", required=False))

    def codes(self, key: str) -> dict[str, str]:
        """A table "code" = "meaning"."""
        values = self._get(key, dict, 'a table of "code" = "meaning"', required=False) or {}
        for code, meaning in values.items():
            if not isinstance(meaning, str) or not meaning.strip():
                self.problem(f"{key} {code}", "needs its meaning as a text")
        return {str(code): str(meaning) for code, meaning in values.items()}

    def table(self, key: str, *, required: bool = True) -> Table:
        """A table inside this one."""
        value = self._get(key, dict, "a table", required=required) or {}
        return Table(value, f"{self.where} {key}", self.problems)

    def tables(self, key: str, label: str = "name") -> Iterator[Table]:
        """A list of tables, each named in messages by its `label`."""
        for number, value in enumerate(self._get(key, list, "a list of tables", required=True) or [], start=1):
            if isinstance(value, dict):
                yield Table(value, f"{self.where} {key} {value.get(label, number)}", self.problems)
            else:
                self.problem(f"{key} {number}", "must be a table")

    def cited(self) -> None:
        """Every entry names its source and the day on which it was checked."""
        self.text("source")
        self._get("checked", date, "a date", required=True)

    def close(self) -> None:
        """Note the keys that nothing has read: mostly slips of the pen."""
        for key in self.data:
            if key not in self._read:
                self.problem(key, "is not known here")


def is_loinc(code: str) -> bool:
    """Does the code have the shape of a LOINC code, and the right check digit (mod 10)?"""
    if not _LOINC.fullmatch(code):
        return False
    digits, check = code.split("-")
    doubled = str(int(digits[::-1][::2]) * 2) + digits[::-1][1::2]
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(check)


def is_snomed(code: str) -> bool:
    """Does the code have the shape of a SNOMED CT identifier, and the right check digit (Verhoeff)?"""
    if not _SNOMED.fullmatch(code):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _dihedral(check, _permuted(int(digit), place))
    return check == 0


def _dihedral(a: int, b: int) -> int:
    """The product in the dihedral group of order 10."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def _permuted(digit: int, place: int) -> int:
    for _ in range(place % 8):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit
