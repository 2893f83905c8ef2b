"""The rows of the picture that show what is on record: results, drugs, findings.

What may live here: where a panel or a lane puts its shapes. What the rules say has its rows in `rule_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from cds_service.web.course.figure import Lane, Lanes, Limit, Panel, Period, Zone
from cds_service.web.course.scales import Days, Values
from cds_service.web.course.shapes import Bar, Line, Mark, Path, Shape, Text, outline, polyline, symbol
from hooks.cards import exact
from hooks.course import Side

LEFT, PLOT, RIGHT = 124, 946, 130
WIDTH = LEFT + PLOT + RIGHT
STRIP = 17
"""The height of the words above a row: no line runs through them."""
PANEL, DRUG, FINDING, EMPTY = 52, 17, 25, 18
_LETTER = 11
"""The least distance between the words of two limits."""
_MOST_LETTERS = 20
_MARKS = {
    Side.LOW: ("down", "low"),
    Side.BELOW: ("left", "series"),
    Side.IN_RANGE: ("circle", "series"),
    Side.MODERATE: ("right", "moderate"),
    Side.HIGH: ("up", "high"),
    Side.VERY_HIGH: ("diamond", "high"),
    Side.UNDECIDED: ("square", "unsure"),
}
"""The symbol and the ink of each side."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: shapes for the eye, marks for everybody, and words that stay in sight when the picture is scrolled.

    `pinned` stands at the left edge, `scale` beside the values. `usable` is for how many days a mark of one day holds,
    0 where marks say themselves how long; `before` is the newest mark before the days that are drawn. `none` are the
    words for a day without a mark, `doubt` those for what could not be read on any day.
    """

    key: str
    title: str
    top: float
    bottom: float
    shapes: tuple[Shape, ...]
    marks: tuple[Mark, ...]
    pinned: tuple[Shape, ...]
    scale: tuple[Text, ...] = ()
    usable: int = 0
    before: Mark | None = None
    none: str = "none on record"
    doubt: str = ""


def panel_row(panel: Panel, days: Days, top: float, href: str = "") -> Row:
    """One measure: the range as a band, limits as lines, values as marks whose symbol says where they lie."""
    head = top + STRIP
    values = Values(*panel.domain, head, PANEL)
    shapes: list[Shape] = [_zone(zone, days, values) for zone in panel.zones]
    shapes += [*grid(days, head, head + PANEL), *_limits(panel.limits, days, values, href)]
    for _, run in groupby(panel.dots, key=lambda dot: dot.run):
        shapes.append(Path(polyline([(days.x(dot.on), values.y(dot.value)) for dot in run]), "series", "line"))
    if panel.empty:
        shapes.append(Text(LEFT + PLOT / 2, head + PANEL / 2 + 4, panel.empty, "unsure", "middle", "note"))
    title = Text(0, top + 12, panel.title, kind="title", more=_after(panel))
    ticks = [Text(LEFT - 6, values.y(tick) + 4, exact(tick), "faint", "end") for tick in values.ticks()]
    before = None if panel.before is None else Mark("", "series", panel.before.words, panel.before.on)
    return Row(
        panel.key,
        panel.title,
        head,
        head + PANEL,
        tuple(shapes),
        _panel_marks(panel, days, values),
        (title,),
        tuple(ticks),
        panel.usable,
        before,
        "could not be read" if panel.unread else "no usable result",
        panel.note,
    )


def _zone(zone: Zone, days: Days, values: Values) -> Bar:
    """The range of some days; without an upper limit it reaches to the end of the axis."""
    x, top = days.x(zone.first), values.y(values.highest if zone.high is None else zone.high)
    return Bar(x, top, days.x(zone.last) - x, values.y(zone.low) - top, "band")


def named(y: float, name: str) -> Iterator[Shape]:
    """The name of a lane, on a plate: when the picture is scrolled, it stands on what is drawn there."""
    words = name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"
    yield Bar(0, y - 10, min(LEFT - 6, 8 + 6.2 * len(words)), 13, "ground", "plate")
    yield Text(0, y, words)


def _after(panel: Panel) -> tuple[tuple[str, str], ...]:
    parts = ((panel.unit, "faint"), (panel.latest, "text"), (panel.note, "unsure"))
    return tuple((f"  {words}", ink) for words, ink in parts if words)


def _panel_marks(panel: Panel, days: Days, values: Values) -> tuple[Mark, ...]:
    dots = [
        Mark(
            symbol(name, days.x(dot.on), values.y(dot.value), 3.4 if name == "circle" else 4.6), ink, dot.words, dot.on
        )
        for dot in panel.dots
        for name, ink in [_MARKS[dot.side]]
    ]
    middle = values.top + PANEL / 2
    crosses = [
        Mark(symbol("cross", days.x(found.on), middle, 4), "unsure", found.words, found.on, kind="cross")
        for found in panel.unusable
    ]
    return tuple(sorted([*dots, *crosses], key=lambda mark: mark.on))


def grid(days: Days, top: float, bottom: float) -> Iterator[Shape]:
    """The frame of a row, a line at each date of the axis, and one at each day that is marked."""
    yield from marked(days, top, bottom)
    for day in days.ticks():
        yield Line(days.x(day), top, days.x(day), bottom, "line", "grid")
    yield Line(LEFT, bottom, LEFT + PLOT, bottom, "line", "grid")
    yield Line(LEFT, top, LEFT, bottom, "line", "grid")


def marked(days: Days, top: float, bottom: float) -> Iterator[Path]:
    """The lines of the marked days in one path: there are as many as a record has days with changes."""
    if days.marked:
        d = "".join(f"M{days.x(day):.1f},{top:.1f}V{bottom:.1f}" for day in days.marked)
        yield Path(d, "change", "change")


def _limits(limits: tuple[Limit, ...], days: Days, values: Values, href: str) -> Iterator[Shape]:
    """Each limit with its words at its end; where two lie close together, the words of the upper one move up."""
    under = float("inf")
    for limit in sorted(limits, key=lambda limit: limit.value):
        y = values.y(limit.value)
        yield Line(days.x(limit.first), y, days.x(limit.last), y, "limit", f"limit-{limit.kind}")
        if limit.words:
            under = min(y + 4, under - _LETTER)
            yield Text(LEFT + PLOT + 5, under, limit.words, "faint", href=href)
        if limit.change:
            # Below its line where there is room: above, it could run into the words over the row.
            foot = y + 11 if y + 12 < values.top + PANEL else y - 3
            yield Text(days.x(limit.first) + 4, foot, limit.change, "faint", kind="halo")


def drug_row(lanes: Lanes, days: Days, top: float) -> Row:
    """The drugs, a bar for each period."""
    head, height = top + STRIP, DRUG * len(lanes.lanes) or EMPTY
    shapes: list[Shape] = [*grid(days, head, head + height), *_empty(lanes, head)]
    marks: list[Mark] = []
    pinned: list[Shape] = [_title(lanes, top)]
    for number, lane in enumerate(lanes.lanes):
        y = head + DRUG * number
        pinned += named(y + 12, lane.name)
        for period in lane.periods:
            marks.append(_bar(period, lane, days, y + 3, DRUG - 6))
            if period.note:
                shapes.append(_note(period, days, y + 12))
    return _lanes_row("drugs", lanes, head, height, (shapes, marks, pinned))


def _note(period: Period, days: Days, y: float) -> Text:
    """Words on a bar: from its beginning, or before it where they would leave the picture."""
    if days.x(period.begin) > LEFT + 0.8 * PLOT:
        return Text(days.x(period.begin) - 4, y, period.note, anchor="end", kind="small halo")
    return Text(days.x(period.begin) + 5, y, period.note, kind="small")


Parts = tuple[list[Shape], list[Mark], list[Shape]]
"""What is drawn, what can be reached, what stays in sight."""


def _lanes_row(key: str, lanes: Lanes, head: float, height: float, parts: Parts) -> Row:
    shapes, marks, pinned = parts
    none = "could not be read" if lanes.empty == "could not be read" else "none on record"
    doubt = lanes.unread or ("" if lanes.lanes or none == lanes.empty else lanes.empty)
    return Row(
        key, lanes.title, head, head + height, tuple(shapes), tuple(marks), tuple(pinned), none=none, doubt=doubt
    )


def _bar(period: Period, lane: Lane, days: Days, y: float, height: float) -> Mark:
    x = days.x(period.begin)
    d = outline(x, y, max(2.0, days.x(period.until) - x), height)
    return Mark(d, lane.ink, period.words, period.begin, period.until, "open" if period.open else "bar")


def finding_row(lanes: Lanes, days: Days, top: float) -> Row:
    """The findings: the words above, a symbol where it was recorded, a bar as long as it was there."""
    head, height = top + STRIP, FINDING * len(lanes.lanes) or EMPTY
    shapes: list[Shape] = [*_empty(lanes, head)]
    marks: list[Mark] = []
    pinned: list[Shape] = [_title(lanes, top)]
    for number, lane in enumerate(lanes.lanes):
        y = head + FINDING * number
        shapes += grid(days, y + 14, y + FINDING)
        pinned.append(Text(0, y + 10, lane.name, kind="halo", more=((f" “{lane.text}”", "faint"),)))
        for bar in lane.periods:
            x, kind = days.x(bar.begin), "dashed" if bar.open else "pale" if bar.pale else ""
            shapes.append(Bar(x, y + 17, days.x(bar.until) - x, 3, lane.ink, kind))
        if lane.spot is not None:
            until = max((bar.until for bar in lane.periods), default=None)
            d = symbol("diamond", days.x(lane.spot), y + 18.5, 5.5)
            is_open = any(bar.open for bar in lane.periods)
            marks.append(Mark(d, lane.ink, lane.words, lane.spot, until, "open" if is_open else ""))
    return _lanes_row("findings", lanes, head, height, (shapes, marks, pinned))


def _empty(lanes: Lanes, head: float) -> Iterator[Shape]:
    if lanes.empty:
        yield Text(LEFT + PLOT / 2, head + 13, lanes.empty, "unsure", "middle", "note")


def _title(lanes: Lanes, top: float) -> Text:
    after = ((lanes.unread, "unsure"), (lanes.more, "faint"))
    more = tuple((f"  {words}", ink) for words, ink in after if words)
    return Text(0, top + 12, lanes.title, kind="title", more=more)
