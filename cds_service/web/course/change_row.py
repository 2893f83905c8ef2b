"""The row at the head of the picture that numbers the changes; their lines go through all rows below.

What may live here: the marks of changes and their labels. What a change is stands in `changes`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.web.course.figure import Change, Changes, lines
from cds_service.web.course.rows import LEFT, PLOT, STRIP, Row, marked
from cds_service.web.course.scales import Days
from cds_service.web.course.shapes import Line, Mark, Shape, Text, symbol

TITLE = "What changed"
_ABOUT = "numbers as in the list below"
_HEIGHT, _MARK, _HALF = 22, 16, 4
_LETTER, _GAP = 9, 4
"""The width of a digit as large as it is on paper, and the least distance between two labels."""


def change_row(changes: Changes, days: Days, top: float) -> Row:
    """A mark for each day with changes, under its number; where numbers would touch, they are one label: 3–5."""
    head = top + STRIP
    bottom = head + _HEIGHT
    shapes: list[Shape] = [Line(LEFT, bottom, LEFT + PLOT, bottom, "line", "grid")]
    shapes += marked(days, head + _MARK, bottom)
    shapes += [Text(x, head + 9, words, anchor="middle") for x, words in labels(changes.days, days)]
    if changes.empty:
        shapes.append(Text(LEFT + PLOT / 2, head + 13, changes.empty, "unsure", "middle", "note"))
    marks = [
        Mark(symbol("down", days.x(change.on), head + _MARK, _HALF), "change", _words(change), change.on)
        for change in changes.days
    ]
    after = ((changes.unread if changes.days else "", "unsure"), (_ABOUT, "faint"))
    title = Text(0, top + 12, TITLE, kind="title", more=tuple((f"  {words}", ink) for words, ink in after if words))
    # A day without a change needs no words, a day of which not all was read does.
    return Row("changes", TITLE, head, bottom, tuple(shapes), tuple(marks), (title,), none="", doubt=changes.unread)


def labels(changes: tuple[Change, ...], days: Days) -> Iterator[tuple[float, str]]:
    """The numbers with their middles, from left to right; neighbours whose numbers would touch share one label."""
    groups: list[list[Change]] = []
    for change in changes:
        groups.append([change])
        while len(groups) > 1 and _begin(groups[-1], days) - _end(groups[-2], days) < _GAP:
            later = groups.pop()
            groups[-1] += later
    for group in groups:
        yield _middle(group, days), _label(group)


def _label(group: list[Change]) -> str:
    first, last = group[0].number, group[-1].number
    return f"{first}" if first == last else f"{first}–{last}"


def _middle(group: list[Change], days: Days) -> float:
    return (days.x(group[0].on) + days.x(group[-1].on)) / 2


def _begin(group: list[Change], days: Days) -> float:
    return _middle(group, days) - _LETTER * len(_label(group)) / 2


def _end(group: list[Change], days: Days) -> float:
    return _middle(group, days) + _LETTER * len(_label(group)) / 2


def _words(change: Change) -> str:
    said = "; ".join(change.what)
    return lines([f"{said[0].upper()}{said[1:]}", f"{change.on} (number {change.number} of what changed)"])
