"""The results of a figure: dots, the limits of their days, and what of them could not be read.

What may live here: one panel for each series.
"""

from __future__ import annotations

from collections.abc import Callable

from cds_service.web.course.figure import Dot, Limit, Panel, Unusable, Window, Zone, lines
from cds_service.web.course.result_words import ResultWords, limits_of
from hooks.course import PRODUCT, Band, Point, Series


def panel(series: Series, window: Window, words: ResultWords) -> Panel:
    """One measure within the window, in the units of the page."""
    unit = words.shown(series)
    latest = series.points[-1] if series.points else None
    runs = _runs(series)
    every = [
        Dot(point.on, unit.shown(point.value), point.side, run, lines(words.point(series, point)))
        for point, run in zip(series.points, runs, strict=True)
    ]
    dots = tuple(dot for dot in every if window.first <= dot.on)
    bands = [band for band in series.bands if band.last >= window.first]
    domain = _domain(bands, [dot.value for dot in dots], unit.limit)
    return Panel(
        key=str(series.key),
        title=words.title(series),
        unit=words.unit(series),
        latest=f"{latest.comparator}{words.number(series, latest.value)} on {latest.on}" if latest else "",
        note="not all could be read" if latest and series.gaps else "",
        empty="" if dots else _empty(series, latest),
        domain=domain,
        usable=series.usable,
        dots=dots,
        zones=tuple(
            Zone(
                window.clipped(band.first),
                band.last,
                unit.limit(band.low),
                None if band.high is None else unit.limit(band.high),
            )
            for band in bands
            if band.low is not None
        ),
        limits=tuple(limit for limit in _limits(series, bands, window, words) if domain[0] <= limit.value <= domain[1]),
        unusable=tuple(
            Unusable(record.on, lines([words.unread(record)]))
            for record in series.unreadable
            if record.on is not None and record.on >= window.first and series.key != PRODUCT
        ),
        before=next((dot for dot in reversed(every) if dot.on < window.first), None),
        unread=latest is None and _is_unread(series),
    )


def _runs(series: Series) -> list[int]:
    """The number of the line on which each point lies: no line spans more days than a result counts."""
    runs: list[int] = []
    for number, point in enumerate(series.points):
        is_gap = number > 0 and (point.on - series.points[number - 1].on).days > series.usable
        runs.append((runs[-1] if runs else 0) + is_gap)
    return runs


def _empty(series: Series, latest: Point | None) -> str:
    """Nothing there, could not be read, and older than the days that are shown, are not the same."""
    if latest is not None:
        return f"no results in these days, newest {latest.on}"
    return "could not be read" if _is_unread(series) else "no results"


def _is_unread(series: Series) -> bool:
    return bool(series.gaps or series.unreadable)


def _limits(series: Series, bands: list[Band], window: Window, words: ResultWords) -> list[Limit]:
    """The limits as lines, each with its words at its end; where a limit changed, it says what it became."""
    unit = words.shown(series)
    found: list[Limit] = []
    before: dict[str, float] = {}
    for band in bands:
        for kind, value in limits_of(band):
            is_last = band is bands[-1]
            changed = f"{unit.written(value)} from {band.first}" if before.get(kind, value) != value else ""
            found.append(
                Limit(
                    window.clipped(band.first),
                    band.last,
                    unit.limit(value),
                    kind,
                    words.limit(series, kind, band) if is_last else "",
                    changed,
                )
            )
        before = dict(limits_of(band))
    return found


def _domain(bands: list[Band], values: list[float], shown: Callable[[float], float]) -> tuple[float, float]:
    """The values to be shown: all dots and the bounds of the range; a further level only when dots come near it."""
    bounds = [shown(limit) for band in bands for kind, limit in limits_of(band) if kind != "further"]
    lowest, highest = min([*values, *bounds]), max([*values, *bounds])
    further = [shown(band.further) for band in bands if band.further is not None]
    if further and highest >= 0.85 * max(further):
        highest = max(highest, *further)
    room = (highest - lowest) * 0.12 or highest * 0.1
    return round(max(0.0, lowest - room), 4), round(highest + room, 4)
