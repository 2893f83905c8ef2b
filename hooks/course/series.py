"""Results over time against the thresholds of their day: calcium as the rules choose it, phosphate, product, PTH, dose.

What may live here: the points of each series, on which side of the thresholds they lie, and the bands between which
they should lie. Choice and correction of results are those of `labs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hooks.chart import Analyte, Chart, Gap, Result, Unreadable
from hooks.finding import above, at_least, below
from hooks.labs import Labs
from hooks.policy import Policy
from hooks.thresholds import Thresholds


class Side(StrEnum):
    """Where a value lies. MODERATE is not high, but counts as moderate in the risk points; BELOW lies below the range,
    but the rules do not call it low. UNDECIDED: a comparator leaves it open.
    """

    LOW = "low"
    BELOW = "below the range"
    IN_RANGE = "in range"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very high"
    UNDECIDED = "cannot tell"


class Corrected(StrEnum):
    """How a calcium came about."""

    BY_LABORATORY = "corrected by the laboratory"
    BY_ALBUMIN = "corrected for albumin"
    NOT = "not corrected"


@dataclass(frozen=True, slots=True)
class Point:
    """One value on its day, in the unit of the series. `sources` are the results it was taken or worked out from.

    `by_ionised` is True for a total or corrected calcium on a day on which the rules used ionised calcium.
    """

    on: date
    value: float
    side: Side
    sources: tuple[Result, ...]
    comparator: str = ""
    corrected: Corrected | None = None
    by_ionised: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """The thresholds from `first` to `last`: `low` and `high` bound the range, `further` is a second level.

    `scored` is where risk points begin, where that is no bound of the range.
    """

    first: date
    last: date
    low: float | None = None
    high: float | None = None
    further: float | None = None
    scored: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one measure, oldest first; `gaps` and `unreadable` say what of it could not be read.

    `usable` is for how many days a result counts.
    """

    key: str
    points: tuple[Point, ...]
    bands: tuple[Band, ...]
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    usable: int = 0


CALCIUM = "calcium"
PRODUCT = "product"
TOTAL = (Analyte.TOTAL_CALCIUM, Analyte.ALBUMIN_CORRECTED_CALCIUM)
USED_BY: dict[str, tuple[Analyte, ...]] = {
    CALCIUM: TOTAL,
    Analyte.IONISED_CALCIUM: (Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74),
    Analyte.PHOSPHATE: (Analyte.PHOSPHATE,),
    PRODUCT: (*TOTAL, Analyte.PHOSPHATE),
    Analyte.INTACT_PTH: (Analyte.INTACT_PTH,),
    Analyte.SP_KT_V: (Analyte.SP_KT_V,),
    Analyte.PD_WEEKLY_KT_V: (Analyte.PD_WEEKLY_KT_V,),
    Analyte.UREA_REDUCTION_RATIO: (Analyte.UREA_REDUCTION_RATIO,),
}
"""The results that each series rests on, in the order in which the series are shown."""


class Bounds(NamedTuple):
    """The thresholds of one day: see `Band`."""

    low: float | None = None
    high: float | None = None
    further: float | None = None
    scored: float | None = None


_BOUNDS: dict[str, Callable[[Thresholds], Bounds]] = {
    CALCIUM: lambda limits: Bounds(
        limits.calcium_low, limits.calcium_high, limits.calcium_very_high, limits.calcium_upper_normal
    ),
    Analyte.IONISED_CALCIUM: lambda limits: Bounds(limits.ionised_calcium_low, limits.ionised_calcium_high),
    Analyte.PHOSPHATE: lambda limits: Bounds(high=limits.phosphate_high),
    PRODUCT: lambda limits: Bounds(high=limits.product_high, scored=limits.product_moderate),
    Analyte.SP_KT_V: lambda limits: Bounds(limits.hd_kt_v_minimum, further=limits.hd_kt_v_target),
    Analyte.PD_WEEKLY_KT_V: lambda limits: Bounds(limits.pd_kt_v_minimum),
    Analyte.UREA_REDUCTION_RATIO: lambda limits: Bounds(limits.urea_reduction_ratio_minimum),
}


def series(chart: Chart, first: date, today: date, policy: Policy) -> tuple[Series, ...]:
    """Every series, calcium first. A series without results is there too when it belongs to every patient."""
    shown = [_series(key, chart, first, today, policy) for key in USED_BY]
    given = {measure.key for measure in shown if measure.points or measure.unreadable}
    always = {CALCIUM, Analyte.PHOSPHATE, PRODUCT, Analyte.INTACT_PTH}
    if not given & {Analyte.PD_WEEKLY_KT_V, Analyte.UREA_REDUCTION_RATIO}:
        always.add(Analyte.SP_KT_V)
    return tuple(measure for measure in shown if measure.key in given | always)


def _series(key: str, chart: Chart, first: date, today: date, policy: Policy) -> Series:
    days = first, today
    points = tuple(sorted(_points(key, chart, days, policy), key=lambda point: point.on))
    is_pth = key == Analyte.INTACT_PTH
    own = {analyte.value for analyte in USED_BY[key]}
    return Series(
        key=key,
        points=points,
        bands=tuple(_pth_bands(points, days, policy) if is_pth else _bands(key, days, policy)),
        unreadable=tuple(
            record for record in chart.unreadable if record.what in own and _shown(record.on, first, today)
        ),
        gaps=tuple(gap for gap in chart.gaps if not gap.analytes.isdisjoint(USED_BY[key])),
        usable=min(policy.thresholds(today).windows[analyte].usable for analyte in USED_BY[key]),
    )


def _shown(day: date | None, first: date, today: date) -> bool:
    """A record without a date may belong to any day."""
    return day is None or first <= day <= today


Days = tuple[date, date]


def _results(chart: Chart, analytes: tuple[Analyte, ...], days: Days) -> Iterator[Result]:
    """The results between the days; of several at the same instant, the result that ranks first."""
    for analyte in analytes:
        seen: set[float] = set()
        for result in chart.results.get(analyte, ()):
            if days[0] <= result.on <= days[1] and result.at not in seen:
                seen.add(result.at)
                yield result


def _points(key: str, chart: Chart, days: Days, policy: Policy) -> Iterator[Point]:
    own_way = {CALCIUM: _calcium, PRODUCT: _product, Analyte.INTACT_PTH: _pth}.get(key)
    return own_way(chart, days, policy) if own_way else _measured(key, chart, days, policy)


def _measured(key: str, chart: Chart, days: Days, policy: Policy) -> Iterator[Point]:
    for result in _results(chart, USED_BY[key], days):
        bounds = _BOUNDS[key](policy.thresholds(result.on))
        side = _side(result, bounds.low, bounds.high)
        yield Point(result.on, result.value, side, (result,), result.comparator)


def _side(result: Result, low: float | None, high: float | None) -> Side:
    is_low = below((result,), low).met if low is not None else False
    is_high = above((result,), high).met if high is not None else False
    if is_low or is_high:
        return Side.LOW if is_low else Side.HIGH
    return Side.UNDECIDED if is_low is None or is_high is None else Side.IN_RANGE


def _pth(chart: Chart, days: Days, policy: Policy) -> Iterator[Point]:
    for result in _results(chart, USED_BY[Analyte.INTACT_PTH], days):
        limits = policy.thresholds(result.on)
        bounds = _pth_bounds(limits, Labs(chart, result.on, limits).pth_upper_limit(result))
        side = _side(result, bounds.scored, bounds.high)
        if side is Side.IN_RANGE:
            inside = _side(result, bounds.low, None)
            side = Side.BELOW if inside is Side.LOW else inside
        yield Point(result.on, result.value, side, (result,), result.comparator)


def _pth_bounds(limits: Thresholds, upper: float) -> Bounds:
    """The range lies between two multiples of the upper reference limit; what scores as low is a plain number."""
    low, high = (round(times * upper, 4) for times in (limits.pth_vitamin_d_times, limits.pth_high_times))
    return Bounds(low, high, scored=limits.pth_low)


def _as_of(chart: Chart, day: date, today: date, policy: Policy) -> Labs:
    """The results up to a day, with the albumins that came soon enough after it to correct a calcium of that day."""
    limits = policy.thresholds(day)
    until = min(day + timedelta(days=int(limits.correction_albumin_days)), today)
    results = {
        analyte: tuple(result for result in found if result.on <= (until if analyte is Analyte.ALBUMIN else day))
        for analyte, found in chart.results.items()
    }
    return Labs(replace(chart, results=results), until, limits)


def _calcium(chart: Chart, days: Days, policy: Policy) -> Iterator[Point]:
    for day in sorted({result.on for result in _results(chart, USED_BY[CALCIUM], days)}):
        labs = _as_of(chart, day, days[1], policy)
        calcium, chosen = labs.calcium, labs.calcium.series[0]
        sources = tuple(result for result in (calcium.measured, calcium.albumin) if result is not None) or (chosen,)
        if calcium.reported_corrected:
            corrected = Corrected.BY_LABORATORY
        else:
            corrected = Corrected.BY_ALBUMIN if calcium.albumin is not None else Corrected.NOT
        side = _side(chosen, labs.limits.calcium_low, labs.limits.calcium_high)
        if side is Side.HIGH and at_least((chosen,), labs.limits.calcium_very_high):
            side = Side.VERY_HIGH
        if side is Side.IN_RANGE and above((chosen,), labs.limits.calcium_upper_normal):
            side = Side.MODERATE
        by_ionised = Labs(chart, day, labs.limits).calcium.ionised_decides
        yield Point(day, chosen.value, side, sources, chosen.comparator, corrected, by_ionised)


def _product(chart: Chart, days: Days, policy: Policy) -> Iterator[Point]:
    for day in sorted({result.on for result in _results(chart, USED_BY[PRODUCT], days)}):
        labs = _as_of(chart, day, days[1], policy)
        product = labs.product
        if product is not None:
            side = Side.HIGH if labs.product_high else Side.MODERATE if labs.product_moderate else Side.IN_RANGE
            yield Point(day, product.value, side, (product.calcium, product.phosphate))


def _bands(key: str, days: Days, policy: Policy) -> Iterator[Band]:
    """One band per stretch of days with the same thresholds."""
    first, last = days
    starts = [first, *(since for since, _ in policy.history.periods if first < since <= last)]
    bounds = [_BOUNDS[key](policy.thresholds(day)) for day in starts]
    changes = [number for number, bound in enumerate(bounds) if number == 0 or bound != bounds[number - 1]]
    ends = [*(starts[number] for number in changes[1:]), last]
    for number, end in zip(changes, ends, strict=True):
        yield Band(starts[number], end, *bounds[number])


def _pth_bands(points: tuple[Point, ...], days: Days, policy: Policy) -> Iterator[Band]:
    """One band per stretch of results that share their upper reference limit; the first and last reach to the ends."""
    bounds: list[tuple[date, Bounds]] = []
    for point in points:
        limits = policy.thresholds(point.on)
        found = _pth_bounds(limits, Labs(Chart(), point.on, limits).pth_upper_limit(point.sources[0]))
        if not bounds or bounds[-1][1] != found:
            bounds.append((point.on, found))
    if not bounds:
        limits = policy.thresholds(days[1])
        bounds = [(days[0], _pth_bounds(limits, limits.pth_assumed_upper_limit))]
    starts = [days[0], *(day for day, _ in bounds[1:])]
    for start, end, (_, found) in zip(starts, [*starts[1:], days[1]], bounds, strict=True):
        yield Band(start, end, *found)
