"""What the peer's service decides: high minerals and the drugs that add to them, for one patient on dialysis.

What may live here: one small rule over plain rows. Standard library only: it runs in the peer's environment, where
nothing of the service is installed. Its numbers serve the comparison and are not for clinical use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Json = dict[str, Any]

CALCIUM, ALBUMIN, PHOSPHATE = "17861-6", "1751-7", "2777-1"
_UNITS = {CALCIUM: "mg/dL", ALBUMIN: "g/dL", PHOSPHATE: "mg/dL"}
_DIALYSIS = "Z99.2"
DRUGS = {"855332": "Warfarin", "359296": "Calcium acetate", "308867": "Calcitriol"}
DAYS, HIGH_CALCIUM, HIGH_PHOSPHATE, HIGH_PRODUCT = 90, 10.2, 5.5, 55.0


@dataclass(frozen=True, slots=True)
class Row:
    """A result, a prescription or a condition: its first code, its words, and what else it has."""

    code: str
    words: str
    status: str
    day: date
    value: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Minerals:
    """The newest values, in mg/dL and g/dL."""

    calcium: float
    albumin: float
    phosphate: float

    @property
    def corrected(self) -> float:
        """Calcium corrected for albumin, in mg/dL."""
        return self.calcium + 0.8 * (4.0 - self.albumin)

    @property
    def product(self) -> float:
        """Corrected calcium times phosphate, in mg²/dL²."""
        return self.corrected * self.phosphate

    @property
    def high(self) -> bool:
        """Is any of the three above its limit?"""
        return self.corrected > HIGH_CALCIUM or self.phosphate > HIGH_PHOSPHATE or self.product > HIGH_PRODUCT


def offences(
    results: Iterable[Row], drugs: Iterable[tuple[Row, Json]], conditions: Iterable[Row], on: date
) -> tuple[Minerals, list[tuple[Row, Json]]] | None:
    """High minerals and the offending drugs, each with its prescription as it was received.

    None without dialysis, without usable results, or with all of them below their limits.
    """
    minerals = _minerals(results, on)
    on_dialysis = any(row.code == _DIALYSIS and row.status == "active" for row in conditions)
    if minerals is None or not on_dialysis or not minerals.high:
        return None
    return minerals, [(row, order) for row, order in drugs if row.code in DRUGS and row.status == "active"]


def _minerals(results: Iterable[Row], on: date) -> Minerals | None:
    newest: dict[str, Row] = {}
    for row in _usable(results, on):
        if row.code not in newest or row.day > newest[row.code].day:
            newest[row.code] = row
    values = [newest[code].value for code in (CALCIUM, ALBUMIN, PHOSPHATE) if code in newest]
    found = [value for value in values if value is not None]
    return Minerals(*found) if len(found) == 3 else None


def _usable(results: Iterable[Row], on: date) -> Iterator[Row]:
    for row in results:
        if row.unit == _UNITS.get(row.code) and row.status == "final" and 0 <= (on - row.day).days <= DAYS:
            yield row


def row(concept: Mapping[str, Any] | None, status: str, day: str, quantity: Mapping[str, Any] | None = None) -> Row:
    """A row from the JSON of a CodeableConcept, a FHIR dateTime and a Quantity. Raises for other shapes."""
    coding = (concept or {}).get("coding") or [{}]
    return Row(
        code=coding[0].get("code", ""),
        words=(concept or {}).get("text") or coding[0].get("display", ""),
        status=status,
        day=date.fromisoformat(day[:10]),
        value=float(quantity["value"]) if quantity and "value" in quantity else None,
        unit=quantity.get("unit") if quantity else None,
    )
