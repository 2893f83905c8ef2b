"""The picture: the rows of the figure under one another, on one axis of time.

What may live here: order and distance of the rows, the dates above and below them, and the title. What a picture that
has left its page still has to say is added in `drawn`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cds_service.web.course.change_row import TITLE, change_row
from cds_service.web.course.figure import Change, Figure
from cds_service.web.course.result_words import ResultWords
from cds_service.web.course.rows import LEFT, PLOT, WIDTH, Row, drug_row, finding_row, panel_row
from cds_service.web.course.rule_rows import TITLES, level_row, not_told_row, points_row
from cds_service.web.course.scales import Days
from cds_service.web.course.shapes import Text
from cds_service.web.course.view import CHANGES, DRUGS, FINDINGS, LEVEL, POINTS
from hooks.course import Course

_GAP, _DATES = 7, 16
Place = Callable[[float], Row]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything with its place. `dates` stand above and below the rows; `title` is for who cannot see it.

    `changes` are those that are marked.
    """

    width: float
    height: float
    days: Days
    rows: tuple[Row, ...]
    dates: tuple[Text, ...]
    title: str
    changes: tuple[Change, ...] = ()


def picture(figure: Figure, shown: Callable[[str], bool], limits_at: str = "") -> Picture:
    """The rows for which `shown` is true. `limits_at` is the address of the page on the limits, "" for none."""
    window = figure.window
    changes = figure.changes.days if shown(CHANGES) else ()
    days = Days(window.first, window.today, LEFT, PLOT, tuple(change.on for change in changes))
    rows: list[Row] = []
    top = float(_DATES)
    for key, place in _places(figure, days, limits_at):
        if shown(key):
            rows.append(place(top))
            top = rows[-1].bottom + _GAP
    bottom = top - _GAP + _DATES
    title = f"Course from {window.first} to {window.today}: {', '.join(row.title for row in rows)}, on one axis of time"
    return Picture(WIDTH, bottom + 4, days, tuple(rows), tuple(_dates(days, (12.0, bottom))), title, changes)


def row_titles(course: Course, words: ResultWords) -> dict[str, str]:
    """Every row that this course has, by its key, from the top."""
    lanes = {DRUGS: "Drugs", FINDINGS: "Findings", LEVEL: TITLES[LEVEL], POINTS: TITLES[POINTS]}
    return {CHANGES: TITLE, **{str(series.key): words.title(series) for series in course.series}, **lanes}


def _places(figure: Figure, days: Days, limits_at: str) -> Iterable[tuple[str, Place]]:
    yield CHANGES, lambda top: change_row(figure.changes, days, top)
    for panel in figure.panels:
        yield panel.key, lambda top, panel=panel: panel_row(panel, days, top, limits_at)  # type: ignore[misc]
    yield DRUGS, lambda top: drug_row(figure.drugs, days, top)
    yield FINDINGS, lambda top: finding_row(figure.findings, days, top)
    for key, row in ((LEVEL, level_row), (POINTS, points_row)):
        if figure.stretches:
            yield key, lambda top, row=row: row(figure.stretches, days, top)  # type: ignore[misc]
        else:
            yield key, lambda top, key=key: not_told_row(key, days, top)  # type: ignore[misc]


def _dates(days: Days, heights: tuple[float, float]) -> Iterator[Text]:
    for day in days.ticks():
        for y in heights:
            yield Text(days.x(day), y, f"{day:%Y-%m}", "faint", "middle")
