"""Units of measurement: how a spelling is recognised and how a value is brought to the canonical unit.

What may live here: arithmetic and spelling. Which units an analyte accepts stands in `labs.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

DECIMALS = 4
"""Converted values are rounded to this many decimals, and compared so."""

_ANNOTATION = re.compile(r"\{[^{}]*\}")
_GRAM = re.compile(r"(?<![a-z])gm(?![a-z])")
_SAME_SIGN = str.maketrans({"µ": "u", "μ": "u", "º": "°", "²": "2"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and the way from it to the canonical unit: (value - minus) x times / divide_by.

    `decimals` is the least number of decimals in which a value is quoted as received.
    """

    name: str
    canonical: bool
    minus: float = 0.0
    times: float = 1.0
    divide_by: float = 1.0
    decimals: int = 0

    def to_canonical(self, value: float) -> float:
        """The value in the canonical unit, rounded to 4 decimals."""
        return round((value - self.minus) * self.times / self.divide_by, DECIMALS)

    def quote(self, value: float, spelling: str) -> str:
        """The value as received ("2.60 mmol/L"): no digit invented beyond `decimals`, none shown beyond 4."""
        whole, _, digits = f"{value:.{DECIMALS}f}".partition(".")
        digits = digits.rstrip("0").ljust(self.decimals, "0")
        return f"{whole}.{digits} {spelling}" if digits else f"{whole} {spelling}"


def normalised(spelling: str) -> str:
    """A spelling without blanks, letter case and the variants of one sign, so that "µkat / L" equals "ukat/l"."""
    return "".join(spelling.translate(_SAME_SIGN).lower().split())


def recognised(units: Mapping[str, Unit], spelling: str) -> Unit | None:
    """The unit that a spelling means among those of an analyte, by exact and by normalised spelling.

    What UCUM puts in braces is a remark, alone it is the unit 1; "gm" is an old spelling of gram.
    """
    # First as nearly every server writes it; the spelling is worked on only where that is not known.
    found = units.get(spelling)
    if found is not None:
        return found
    plain = normalised(spelling)
    if plain in units:
        return units[plain]
    bare = _GRAM.sub("g", _ANNOTATION.sub("", plain) or ("1" if plain else ""))
    return units.get(bare)
