"""What the symbols and colours of the picture mean: one list for the page and for the downloaded picture.

What may live here: samples of shapes, each with its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cds_service.web.course.shapes import Bar, Line, Mark, Shape, Text, outline, symbol

COLUMNS, ROW, WORDS = 4, 15, 21
"""In the downloaded picture: columns, the height of an entry, and where its words begin."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample of 16 by 16 units and what it means."""

    sample: Shape | Mark
    words: str


def _mark(name: str, ink: str, half: float = 5, kind: str = "") -> Mark:
    return Mark(symbol(name, 8, 8, half), ink, "", date.min, kind=kind)


LEGEND = (
    Entry(_mark("circle", "series", 4), "not beyond a limit"),
    Entry(_mark("down", "low"), "low"),
    Entry(_mark("left", "series"), "below the range"),
    Entry(_mark("right", "moderate"), "moderate"),
    Entry(_mark("up", "high"), "high"),
    Entry(_mark("diamond", "high", 6), "very high; grave finding"),
    Entry(_mark("square", "unsure"), "a comparator leaves it open"),
    Entry(_mark("cross", "unsure", kind="cross"), "received, not usable"),
    Entry(Bar(1, 3, 14, 10, "band"), "range of the rules"),
    Entry(Bar(1, 4, 14, 8, "feeding"), "drug that feeds calciphylaxis"),
    Entry(Bar(1, 4, 14, 8, "helping"), "treatment or alternative"),
    Entry(Bar(1, 4, 14, 8, "neutral"), "another drug the rules look at"),
    Entry(Mark(outline(1.5, 4.5, 13, 7), "neutral", "", date.min, kind="open"), "beginning or end not recorded"),
    Entry(Bar(1, 7, 14, 3, "neutral", "pale"), "finding that the rules no longer count"),
    Entry(Bar(1, 3, 14, 10, "outside", "pale"), "the rules do not apply"),
    Entry(Bar(1, 3, 14, 10, "unsure", "shade"), "if what is open or unread counted"),
    Entry(Line(1, 8, 15, 8, "unsure", "step-level-open"), "cannot be told: at least this"),
    Entry(Line(8, 0, 8, 16, "change", "change"), "day on which something changed"),
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its place in the downloaded picture."""

    x: float
    y: float
    sample: Shape | Mark
    words: Text


def placed(width: float, top: float) -> list[Placed]:
    """All entries in columns below `top`."""
    step = width / COLUMNS
    return [
        Placed(step * (number % COLUMNS), top + ROW * (number // COLUMNS), entry.sample, Text(WORDS, 12, entry.words))
        for number, entry in enumerate(LEGEND)
    ]


def height() -> float:
    """The height of all entries in columns."""
    return ROW * -(-len(LEGEND) // COLUMNS)
