"""The rows of the picture that show what the rules say: the level, and the risk points.

What may live here: steps, and how days are drawn on which the rules do not apply or something was not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from cds_service.web.course.figure import Stretch
from cds_service.web.course.figure_rules import LEVELS
from cds_service.web.course.rows import EMPTY, LEFT, PLOT, STRIP, Row, grid, named
from cds_service.web.course.scales import Days, Values
from cds_service.web.course.shapes import Bar, Line, Mark, Path, Shape, Text, polyline, symbol

LEVEL, POINTS = 14, 46
NOT_TOLD = "not told: what they need could not be read"
TITLES = {"level": "What the rules say", "points": "Risk points"}


def not_told_row(key: str, days: Days, top: float) -> Row:
    """A row without anything: why there is nothing."""
    head = top + STRIP
    why = Text(LEFT + PLOT / 2, head + 13, NOT_TOLD, "unsure", "middle", "note")
    title = Text(0, top + 12, TITLES[key], kind="title")
    return Row(
        key, TITLES[key], head, head + EMPTY, (*grid(days, head, head + EMPTY), why), (), (title,), none=NOT_TOLD
    )


def level_row(stretches: tuple[Stretch, ...], days: Days, top: float) -> Row:
    """The level as steps; shaded where it rests on what may or may not have been there."""
    head, height = top + STRIP, LEVEL * len(LEVELS)

    def y(level: float) -> float:
        return head + height - LEVEL * (level + 0.5)

    shapes: list[Shape] = [
        Line(LEFT, y(number), LEFT + PLOT, y(number), "line", "grid") for number in range(len(LEVELS))
    ]
    shapes += [*grid(days, head, head + height), *_outside(stretches, days, head, height)]
    for stretch in stretches:
        heights = {y(stretch.level), y(stretch.otherwise_level)}
        if stretch.level_open:
            # How high is not known: up to the highest, so that nobody takes the least for the answer.
            heights.add(y(len(LEVELS) - 1))
        if len(heights) > 1:
            shapes.append(_shade(stretch, days, min(heights), max(heights)))
    shapes += _steps(stretches, days, lambda stretch: y(stretch.level), "level", lambda stretch: stretch.level_open)
    marks = tuple(
        _mark(stretch, days, y(stretch.level), stretch.words, is_open=stretch.level_open) for stretch in stretches
    )
    names = [shape for number, name in enumerate(LEVELS) for shape in named(y(number) + 4, name)]
    title = Text(0, top + 12, TITLES["level"], kind="title")
    return Row("level", title.words, head, head + height, tuple(shapes), marks, (title, *names))


def _mark(stretch: Stretch, days: Days, y: float, words: str, half: float = 3.4, *, is_open: bool = False) -> Mark:
    """Where an evaluation begins to hold; of another colour where it could be more."""
    ink = "outside" if stretch.outside else "unsure" if is_open else "high" if stretch.grave else "series"
    until = stretch.end if stretch.end > stretch.begin else None
    return Mark(symbol("circle", days.x(stretch.begin), y, half), ink, words, stretch.begin, until)


def points_row(stretches: tuple[Stretch, ...], days: Days, top: float) -> Row:
    """The risk points as steps; the axis names their peak."""
    head = top + STRIP
    applying = [stretch for stretch in stretches if not stretch.outside]
    peak = max((max(stretch.points, stretch.otherwise_points) for stretch in applying), default=0)
    values = Values(0, max(4, peak) * 1.1, head, POINTS)
    shapes: list[Shape] = [*grid(days, head, head + POINTS), *_outside(stretches, days, head, POINTS)]
    if peak:
        shapes.append(Line(LEFT, values.y(peak), LEFT + PLOT, values.y(peak), "line", "grid"))
    for run in _runs(stretches):
        corners = _corners(run, days, lambda stretch: values.y(stretch.points))
        ends = [(corners[-1][0], values.y(0)), (corners[0][0], values.y(0))]
        shapes.append(Path(polyline([*corners, *ends]) + "z", "points", filled=True))
    for stretch in stretches:
        other = values.highest if stretch.points_open else stretch.otherwise_points
        if other != stretch.points and not stretch.outside:
            heights = values.y(stretch.points), values.y(other)
            shapes.append(_shade(stretch, days, min(heights), max(heights)))
    shapes += _steps(
        stretches, days, lambda stretch: values.y(stretch.points), "points", lambda stretch: stretch.points_open
    )
    marks = tuple(
        _mark(
            stretch,
            days,
            values.y(0 if stretch.outside else stretch.points),
            stretch.points_words,
            2.4,
            is_open=stretch.points_open,
        )
        for stretch in stretches
    )
    title = Text(0, top + 12, TITLES["points"], kind="title", more=(("  heuristic, not validated", "faint"),))
    ticks = [Text(LEFT - 6, values.y(tick) + 4, f"{tick}", "faint", "end") for tick in sorted({0, peak})]
    return Row("points", title.words, head, head + POINTS, tuple(shapes), marks, (title,), tuple(ticks))


def _outside(stretches: tuple[Stretch, ...], days: Days, head: float, height: float) -> Iterator[Shape]:
    """The days on which the rules do not apply: greyed over the whole height, and not a gap."""
    for stretch in stretches:
        if stretch.outside:
            x = days.x(stretch.begin)
            yield Bar(x, head, max(2.0, days.x(stretch.end) - x), height, "outside", "pale")


def _shade(stretch: Stretch, days: Days, top: float, bottom: float) -> Bar:
    x = days.x(stretch.begin)
    return Bar(x, top, days.x(stretch.end) - x, bottom - top, "unsure", "shade")


def _runs(stretches: tuple[Stretch, ...]) -> list[list[Stretch]]:
    """The stretches to which the rules apply, as far as they follow on one another."""
    return [list(run) for outside, run in groupby(stretches, key=lambda stretch: stretch.outside) if not outside]


def _corners(run: list[Stretch], days: Days, y: Callable[[Stretch], float]) -> list[tuple[float, float]]:
    return [(days.x(day), y(stretch)) for stretch in run for day in (stretch.begin, stretch.end)]


def _steps(
    stretches: tuple[Stretch, ...],
    days: Days,
    y: Callable[[Stretch], float],
    kind: str,
    is_open: Callable[[Stretch], bool],
) -> Iterator[Shape]:
    """Steps, broken where what was not read could make more of them."""
    for run in _runs(stretches):
        joint: list[tuple[float, float]] = []
        for unsure, part in groupby(run, key=is_open):
            corners = _corners(list(part), days, y)
            ink, broken = ("unsure", "-open") if unsure else ("series", "")
            yield Path(polyline([*joint, *corners]), ink, f"step-{kind}{broken}")
            joint = corners[-1:]
