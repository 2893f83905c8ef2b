"""The few shapes of which the picture is made.

What may live here: values with coordinates in units of the picture, an ink by name, and words. No dates, no results.
The style sheet `picture.css` says what an ink looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; `kind` names how it is drawn: "grid", "limit"."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `kind` is "", "pale" or "dashed"."""

    x: float
    y: float
    width: float
    height: float
    ink: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A line through several corners, or an area where `filled`."""

    d: str
    ink: str
    kind: str = ""
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a point; `anchor` is "start", "middle" or "end", `y` the foot of the letters.

    `more` are words that follow, each with its ink. `href` leads to where the words are explained.
    """

    x: float
    y: float
    words: str
    ink: str = "text"
    anchor: str = "start"
    kind: str = ""
    more: tuple[tuple[str, str], ...] = ()
    href: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A shape that can be pointed at and reached by keyboard. `words` has a line for each thing that is known of it.

    It stands for what was so from `on` to the day before `until`, or on the day `on` alone where that is None.
    """

    d: str
    ink: str
    words: str
    on: date
    until: date | None = None
    kind: str = ""


Shape = Line | Bar | Path | Text


def polyline(corners: list[tuple[float, float]]) -> str:
    """The path through these corners."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def outline(x: float, y: float, width: float, height: float) -> str:
    """The path around a rectangle."""
    return f"M{x:.1f},{y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z"


_SYMBOLS = {
    "circle": "m-{0},0a{0},{0} 0 1 0 {1},0a{0},{0} 0 1 0 -{1},0z",
    "up": "m0,-{0}l{0},{1}h-{1}z",
    "down": "m0,{0}l{0},-{1}h-{1}z",
    "left": "m-{0},0l{1},-{0}v{1}z",
    "right": "m{0},0l-{1},-{0}v{1}z",
    "diamond": "m0,-{0}l{0},{0}l-{0},{0}l-{0},-{0}z",
    "square": "m-{0},-{0}h{1}v{1}h-{1}z",
    "cross": "m-{0},-{0}l{1},{1}m0,-{1}l-{1},{1}",
}
"""Each symbol as a path from its middle; {0} is half its size, {1} the whole."""


def symbol(name: str, x: float, y: float, half: float) -> str:
    """The path of a symbol around a point."""
    return f"M{x:.1f},{y:.1f}" + _SYMBOLS[name].format(f"{half:g}", f"{2 * half:g}")
