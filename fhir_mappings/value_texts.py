"""Results that came as words: those that are exactly a number, with or without comparator, flag and unit.

What may live here: taking such a text apart. Which units an analyte has stands in `labs.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_TEXT = re.compile(r"(<=|>=|<|>|GT|LT)?\s*(\d+(?:[.,]\d+)?|\.\d+)\s*(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
_THOUSANDS = re.compile(r"0*[1-9]\d*,\d{3}", re.ASCII)
"""May part thousands or decimals: nobody can tell."""
_FLAG = "(?:HH|LL|H|L|A)"
_FLAG_FIRST = re.compile(rf"(?:\(\s*{_FLAG}\s*\)|\[\s*{_FLAG}\s*\]|{_FLAG}(?:\s|$))\s*(.*)", re.IGNORECASE | re.DOTALL)
_FLAG_LAST = re.compile(rf"(.*?)(?:\s*\(\s*{_FLAG}\s*\)|\s*\[\s*{_FLAG}\s*\]|\s{_FLAG})", re.IGNORECASE | re.DOTALL)
_WORDS = {"gt": ">", "lt": "<"}


class ValueText(NamedTuple):
    """What a text says: comparator ("" for none), number, and the unit as it is spelled ("" for none)."""

    comparator: str
    number: float
    unit: str


def read_value_text(text: str, is_unit: Callable[[str], bool]) -> ValueText | str:
    """The number that the text exactly is, or why it is none, in words."""
    # One blank for many: the patterns must not be slow for a text of blanks.
    found = _TEXT.fullmatch(" ".join(text.split()))
    if found is None:
        return "words instead of a number"
    comparator, digits, rest = (found[1] or "").lower(), found[2], found[3]
    if _THOUSANDS.fullmatch(digits):
        return "a comma that may part thousands or decimals"
    for unit in _units(rest):
        if not unit or is_unit(unit):
            return ValueText(_WORDS.get(comparator, comparator), float(digits.replace(",", ".")), unit)
    return "words beside the number that are no unit"


def _units(rest: str) -> Iterator[str]:
    """What may be the unit behind a number: all of it, or what a flag before or behind it leaves."""
    yield rest
    for pattern in (_FLAG_FIRST, _FLAG_LAST):
        found = pattern.fullmatch(rest)
        if found is not None:
            yield found[1]
