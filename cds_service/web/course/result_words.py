"""Results of the course in words: title, unit, value, on which side of which limit, and where it came from.

What may live here: wording of points and limits. There is one word for each kind of limit, and line, mark, legend,
table and download all use it. Names and decimals of results stand in `hooks/wording.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.web.course.units import ShownUnit, Units
from hooks.chart import Analyte, Gap, Result, Unreadable
from hooks.course import CALCIUM, PRODUCT, Band, Corrected, Point, Series, Side

_LIMITS = {"low": "low below", "scored": "moderate above", "high": "high above", "further": "very high from"}
_LIMITS_OF = {
    Analyte.INTACT_PTH: {"scored": "low below", "low": "range from"},
    Analyte.SP_KT_V: {"further": "target"},
}
"""Where a series calls a limit otherwise."""


def _named(code: str) -> str:
    """A code by its system. One of a clinic's own carries the system's address before it."""
    return code.replace("|", " ") if "|" in code else f"LOINC {code}"


def joined(parts: Iterable[str], between: str = "; ") -> str:
    """The parts that say something."""
    return between.join(part for part in parts if part)


@dataclass(frozen=True)
class ResultWords:
    """Words about results, in the units of the page."""

    units: Units

    def title(self, series: Series) -> str:
        """The name of a series."""
        if series.key == PRODUCT:
            return "Calcium × phosphate"
        analytes = self.units.wording.analytes
        name = "calcium, corrected" if series.key == CALCIUM else analytes[Analyte(series.key)].name
        return name[0].upper() + name[1:]

    @property
    def ionised(self) -> str:
        """The name of the calcium that can decide instead of the total one."""
        return self.units.wording.analytes[Analyte.IONISED_CALCIUM].name

    def shown(self, series: Series) -> ShownUnit:
        """The unit of a series, with its decimals."""
        return self.units.of(series.key)

    def unit(self, series: Series) -> str:
        """The name of that unit."""
        return self.shown(series).name

    def number(self, series: Series, value: float) -> str:
        """A value with the decimals of its series, more where rounding would hide on which side of a limit it lies."""
        limits = frozenset(value for band in series.bands for _, value in limits_of(band))
        return self.shown(series).number(value, limits)

    def value(self, series: Series, point: Point) -> str:
        """'>10.4 mg/dL'."""
        return f"{point.comparator}{self.number(series, point.value)} {self.unit(series)}"

    def limit(self, series: Series, kind: str, band: Band) -> str:
        """'moderate above 9.5'; the range of PTH with both its ends, because what lies below it need not be low."""
        values = dict(limits_of(band))
        words = _LIMITS_OF.get(series.key, {}).get(kind, _LIMITS[kind])  # type: ignore[call-overload]
        shown = self.shown(series)
        if words == "range from" and "high" in values:
            return f"range {shown.written(values['low'])} to {shown.written(values['high'])}"
        return f"{words} {shown.written(values[kind])}"

    def limits(self, series: Series) -> str:
        """All limits in force today, from the lowest: 'low below 8.4, moderate above 9.5, high above 10.2'."""
        band = series.bands[-1]
        ordered = sorted(limits_of(band), key=lambda pair: pair[1])
        return ", ".join(self.limit(series, kind, band) for kind, _ in ordered)

    def side(self, series: Series, point: Point) -> str:
        """Where it lies, and whether another result decided at that time."""
        by_ionised = f"(the rules went by {self.ionised} at that time)"
        return joined((self._side(series, point), by_ionised if point.by_ionised else ""), " ")

    @staticmethod
    def _side(series: Series, point: Point) -> str:
        """What a comparator leaves open is said; what has one limit only is in no range."""
        if point.side is Side.UNDECIDED:
            return "cannot be told from a value with a comparator"
        if point.side is Side.IN_RANGE and series.bands[-1].low is None:
            return "not above the limit"
        if point.side is Side.IN_RANGE and series.bands[-1].high is None:
            return "not below the limit"
        return point.side.value

    def origin(self, point: Point) -> str:
        """How the value came about: corrected how, from which results, as received in which unit."""
        how = point.corrected.value if point.corrected else ""
        if len(point.sources) > 1:
            parts = "; ".join(self.result(source, point) for source in point.sources)
            return joined((how, parts), ": ")
        source = point.sources[0]
        if point.corrected is Corrected.NOT:
            how = f"{how}, no albumin near enough or one of the two known only as above or below a value"
        return joined((how, f"received as {source.original}" if source.original else ""))

    def result(self, result: Result, of: Point) -> str:
        """'albumin 3.1 g/dL (31 g/L), 2026-11-02': a result behind a point, dated where that is another day."""
        unit = self.units.of(result.analyte)
        value = f"{result.comparator}{unit.number(result.value)} {unit.name}".rstrip()
        received = f" ({result.original})" if result.original not in ("", value) else ""
        dated = f", {result.on}" if result.on != of.on else ""
        return f"{self.units.wording.analytes[result.analyte].name} {value}{received}{dated}"

    @staticmethod
    def codes(point: Point) -> str:
        """The codes by which the results were recognised."""
        return ", ".join(dict.fromkeys(_named(source.code) for source in point.sources if source.code))

    def point(self, series: Series, point: Point) -> list[str]:
        """What stands beside the mark, a line each."""
        what = self.title(series)
        if point.corrected is Corrected.NOT:
            what = "Calcium, not corrected"
        lines = [f"{what} {self.value(series, point)}: {self.side(series, point)}", point.on.isoformat()]
        return [line for line in (*lines, self.origin(point), self.codes(point)) if line]

    def unread(self, record: Unreadable) -> str:
        """One thing that was received and could not be used."""
        known = {analyte.value for analyte in Analyte}
        name = self.units.wording.analytes[Analyte(record.what)].name if record.what in known else record.what
        return f"{name}{f' of {record.on}' if record.on else ''} could not be used: {record.reason}"

    @staticmethod
    def gap(gap: Gap) -> str:
        """One look-up that failed or was cut short."""
        return f"{gap.what[0].upper()}{gap.what[1:]}: {gap.reason}"


def limits_of(band: Band) -> list[tuple[str, float]]:
    """The limits of a stretch of days by their kind."""
    kinds = (("low", band.low), ("scored", band.scored), ("high", band.high), ("further", band.further))
    return [(kind, value) for kind, value in kinds if value is not None]
