"""The check digits of codes, which show most typing errors.

What may live here: arithmetic on codes; no clinical meaning.
"""

from __future__ import annotations

import re

_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
_SNOMED = re.compile(r"\d{6,18}", re.ASCII)


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
