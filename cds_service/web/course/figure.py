"""The figure: what is to be drawn of a course, in the units of the page, before it has a place.

What may live here: the types of the figure, and how a record's words are written in it. Results are filled in by
`figure_results`, drugs and findings by `figure_lanes`, what changed by `changes`, what the rules say by `figure_rules`;
`drawn` brings them together, and where each is drawn is decided in `picture`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hooks.cards import visible
from hooks.course import Side

BETWEEN = "\n"
"""Between the lines of one mark's words."""
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Window:
    """The days that are drawn."""

    first: date
    today: date

    def clipped(self, day: date) -> date:
        """The day, or the nearer end of the window."""
        return min(max(day, self.first), self.today)


@dataclass(frozen=True, slots=True)
class Dot:
    """A result. No line joins dots of different runs."""

    on: date
    value: float
    side: Side
    run: int
    words: str


@dataclass(frozen=True, slots=True)
class Zone:
    """The range between two limits; None reaches to the end of the axis."""

    first: date
    last: date
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the rules from `first` to `last`. `words` stand at its end, `change` where it changed."""

    first: date
    last: date
    value: float
    kind: str
    words: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A result that was received and could not be used."""

    on: date
    words: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure. `empty` says why there is no dot, `note` that not all was read; `domain` is what the axis spans.

    `usable` is for how many days a result counts, `before` the newest one before the days that are drawn. `unread`:
    nothing is there, and something could not be read.
    """

    key: str
    title: str
    unit: str
    latest: str
    note: str
    empty: str
    domain: tuple[float, float]
    usable: int
    dots: tuple[Dot, ...]
    zones: tuple[Zone, ...]
    limits: tuple[Limit, ...]
    unusable: tuple[Unusable, ...]
    before: Dot | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time of a drug or a finding, up to the day before `until`. `open`: an end is not recorded.

    `pale`: the rules do not count it. `note` stands on the bar.
    """

    begin: date
    until: date
    open: bool = False
    pale: bool = False
    note: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One drug or one finding. `text` is what the record calls a finding, `spot` the day on which it was recorded."""

    name: str
    ink: str
    periods: tuple[Period, ...]
    text: str = ""
    spot: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Lanes:
    """A group of lanes; `empty` says why there is none, `unread` what could not be read, `more` what is not drawn."""

    title: str
    lanes: tuple[Lane, ...]
    empty: str
    unread: str
    more: str


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which something changed, and what; `number` counts them from the oldest of the whole course."""

    number: int
    on: date
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """The days with changes; `empty` says why there is none, `unread` what could not be read of them."""

    days: tuple[Change, ...]
    empty: str
    unread: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the rules say from `begin` to `end`. `level` counts from the bottom of LEVELS.

    `otherwise_…` hold with what may also have been there; `level_open` and `points_open`: not all could be read.
    """

    begin: date
    end: date
    level: int
    points: int
    otherwise_level: int
    otherwise_points: int
    outside: bool
    grave: bool
    level_open: bool
    points_open: bool
    words: str
    points_words: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything to be drawn."""

    window: Window
    changes: Changes
    panels: tuple[Panel, ...]
    drugs: Lanes
    findings: Lanes
    stretches: tuple[Stretch, ...]


def plain(text: str) -> str:
    """A record's words as a reader sees them, without what SVG cannot hold."""
    return "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in visible(text))


def lines(parts: list[str]) -> str:
    """The words of one mark, a line for each part that says something."""
    return BETWEEN.join(plain(part) for part in parts if part)


def shortened(text: str, most: int) -> str:
    """A record's words cut to so many letters; the tables hold them whole."""
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)
