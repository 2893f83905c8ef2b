"""From a course to its picture, in the page and as a file of its own.

What may live here: bringing figure, picture and templates together. A file that has left its page still says when and
from where it was read, what is not shown, and what could not be read; it names no patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from flask import render_template
from markupsafe import Markup

from cds_service.web.course.change_row import TITLE
from cds_service.web.course.changes import changes_within
from cds_service.web.course.figure import Change, Figure, Window, plain
from cds_service.web.course.figure_lanes import drug_lanes, finding_lanes
from cds_service.web.course.figure_results import panel
from cds_service.web.course.figure_rules import stretches
from cds_service.web.course.legend import height, placed
from cds_service.web.course.picture import Picture, picture
from cds_service.web.course.rows import WIDTH
from cds_service.web.course.shapes import Text
from cds_service.web.course.view import View
from cds_service.web.course.words import CourseWords
from hooks.course import Course

_MARGIN, _LINE, _MOST_LETTERS = 20, 15, 200
_STATIC = Path(__file__).parent / "static"
_PALETTES = (Path(__file__).parents[1] / "static" / "pages.css", _STATIC / "course.css")


def figure(course: Course, words: CourseWords, view: View) -> Figure:
    """What is to be drawn of a course in this view."""
    window = Window(view.first(course.first, course.today), course.today)
    return Figure(
        window,
        changes_within(course, window, words),
        tuple(panel(series, window, words) for series in course.series),
        drug_lanes(course, window, words),
        finding_lanes(course, window, words),
        stretches(course, window, words),
    )


def drawing(course: Course, words: CourseWords, view: View, limits_at: str = "") -> Picture:
    """The picture of a course. `limits_at` is the address of the page on the limits, "" where there is none."""
    return picture(figure(course, words, view), view.shows, limits_at)


def file_of(drawn: Picture, says: Sequence[str]) -> str:
    """The picture as an SVG file with colours, these lines above it, legend and what changed below it."""
    lines = [part for line in says for part in _wrapped(line)]
    heading = [Text(0, 10 + _LINE * number, line, kind="" if number else "title") for number, line in enumerate(lines)]
    head = _LINE * len(lines) + 8
    listed = list(_listed(drawn.changes, head + drawn.height + 8 + height()))
    return render_template(
        "course/alone.svg",
        picture=drawn,
        heading=[*heading, *listed],
        head=head,
        legend=placed(WIDTH, head + drawn.height + 8),
        width=WIDTH + 2 * _MARGIN,
        height=head + drawn.height + height() + 8 + _LINE * len(listed) + 2 * _MARGIN,
        style=Markup(style()),  # noqa: S704  # our own style sheets
    )


def _listed(changes: Sequence[Change], top: float) -> Iterator[Text]:
    """What each number at the head of the picture means, oldest first."""
    said = [f"{change.number} on {change.on}: {plain('; '.join(change.what))}" for change in changes]
    lines = [part for line in ([TITLE, *said] if said else []) for part in _wrapped(line)]
    for number, line in enumerate(lines, start=1):
        yield Text(0, top + _LINE * number, line, kind="title" if number == 1 else "")


def _wrapped(line: str) -> list[str]:
    """A long line as several: SVG does not break lines."""
    return re.findall(rf".{{1,{_MOST_LETTERS}}}(?:\s|$)|\S{{{_MOST_LETTERS}}}", line)


@cache
def style() -> str:
    """The rules of the picture with the light colours in them: not every viewer knows variables."""
    palettes = "".join(path.read_text(encoding="utf-8") for path in _PALETTES)
    # The light colours stand first in each file.
    colours = dict(reversed(re.findall(r"--([\w-]+): ([^;]+);", palettes)))
    rules = (_STATIC / "picture.css").read_text(encoding="utf-8")
    return re.sub(r"var\(--([\w-]+)\)", lambda name: colours[name[1]], rules)
