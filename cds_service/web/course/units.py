"""The units in which the course is shown: those of the rules, or SI.

What may live here: choosing a unit and converting for the eye. The factors are those of `labs.toml`; what the rules
compare is never converted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fhir_mappings.vocabulary import LabVocabulary
from hooks.cards import exact
from hooks.chart import Analyte
from hooks.course import CALCIUM, PRODUCT
from hooks.wording import Wording

RULES, SI = "rules", "si"
PRODUCT_UNITS = {RULES: "mg²/dL²", SI: "mmol²/L²"}
_SI_UNITS = ("mmol/L", "pmol/L", "g/L")
_MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class ShownUnit:
    """A unit of the page: its name, its decimals, and how many of it one canonical unit is."""

    name: str
    decimals: int
    times: float = 1.0

    def shown(self, value: float) -> float:
        """A value in the canonical unit as one in this unit."""
        return value if self.times == 1 else round(value * self.times, _MOST_DECIMALS)

    def limit(self, value: float) -> float:
        """A limit in this unit, as it is written: one decimal more than values have."""
        return value if self.times == 1 else round(value * self.times, self.decimals + 1)

    def written(self, limit: float) -> str:
        """A canonical limit in this unit without needless decimals."""
        return exact(self.limit(limit))

    def number(self, value: float, limits: frozenset[float] = frozenset()) -> str:
        """A canonical value with this unit's decimals, more where rounding would hide on which side of a limit it lies.

        `limits` are canonical, too.
        """
        converted = self.shown(value)
        for decimals in range(self.decimals, _MOST_DECIMALS):
            written = f"{converted:.{decimals}f}"
            if all(_sign(float(written), self.limit(limit)) == _sign(value, limit) for limit in limits):
                return written if decimals == self.decimals else exact(float(written))
        return exact(converted)


def _sign(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


@dataclass(frozen=True)
class Units:
    """The units of one page: `system` is "rules" (as the rules and cards have them) or "si"."""

    wording: Wording
    labs: LabVocabulary
    system: str = RULES
    _known: dict[str, ShownUnit] = field(default_factory=dict, repr=False, compare=False)

    def of(self, key: str) -> ShownUnit:
        """The unit of a series, or of one analyte."""
        if key not in self._known:
            self._known[key] = self._product() if key == PRODUCT else self._single(analyte_of(key))
        return self._known[key]

    def _single(self, analyte: Analyte) -> ShownUnit:
        style = self.wording.analytes[analyte]
        units = self.labs.by_analyte[analyte].units if self.system == SI else {}
        found = next((units[name] for name in _SI_UNITS if name in units and not units[name].canonical), None)
        if found is None:
            return ShownUnit(style.unit, style.decimals)
        return ShownUnit(found.name, found.decimals, found.divide_by / found.times)

    def _product(self) -> ShownUnit:
        calcium, phosphate = self.of(CALCIUM), self.of(Analyte.PHOSPHATE)
        return ShownUnit(PRODUCT_UNITS[self.system], 1 if self.system == RULES else 2, calcium.times * phosphate.times)


def analyte_of(key: str) -> Analyte:
    """The analyte whose unit and decimals a series of one measure has."""
    return Analyte.TOTAL_CALCIUM if key == CALCIUM else Analyte(key)
