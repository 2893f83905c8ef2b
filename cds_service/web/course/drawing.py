"""Drawing the course: plain data in, SVG out, by Vega-Altair and vl-convert; run as its own process.

What may live here: marks, scales and layout. This file imports nothing of the project, and the libraries only when it
draws. It is started as its own process, because vl-convert stops every other thread of its process while it works.
Colours are names here, written as reserved colour values (`INKS`); the style sheet says what they look like in light
and dark.
Read: one line of JSON per drawing. Written: one line of JSON, {"svg": …} or {"failed": the kind of error}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]

INKS = {
    name: f"#{number:06x}"
    for number, name in enumerate(
        ("text", "faint", "line", "band", "series", "high", "low", "feeding", "helping", "neutral", "unsure", "narrow"),
        0xA0001,
    )
}
"""The reserved colour of each name."""

WIDTH, LEFT, RIGHT, PANEL, ROW = 1060, 196, 120, 78, 21
RULES = "What the rules say"
DAY = "utcyearmonthdate"


def draw(data: Data) -> str:
    """The whole course as one SVG, the panels under one another on one time axis."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(specification(data), allowed_base_urls=[], show_warnings=False))


def specification(data: Data) -> dict[str, Any]:
    """The Vega-Lite specification.

    Altair builds each layer. They are put together here as plain data, and without its checks against the schema:
    Altair copies and checks everything again at each step, which takes seconds.
    """
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        return _Drawing(data).specification()


class _Drawing:
    """One drawing; imports Altair when it is made."""

    def __init__(self, data: Data) -> None:
        import altair

        self.alt: Any = altair
        self.data = data
        self.labels = ""
        self.datasets: dict[str, list[dict[str, Any]]] = {}

    def specification(self) -> dict[str, Any]:
        alt = self.alt
        parts = [self.panel(panel, top=number == 0) for number, panel in enumerate(self.data["panels"])]
        drugs, findings = self.data["drugs"], self.data["findings"]
        parts.append(self.drugs() if drugs["rows"] else self.empty_lane(drugs["title"], drugs["empty"]))
        parts.append(self.findings() if findings["rows"] else self.empty_lane(findings["title"], findings["empty"]))
        if self.data["evaluations"]:
            parts += [self.tiers(), self.points()]
        else:
            parts.append(self.empty_lane(RULES, "not told: what they need could not be read", dates="bottom"))
        axis = alt.AxisConfig(
            aria=False,
            domain=False,
            ticks=False,
            gridColor=INKS["line"],
            gridOpacity=0.5,
            labelColor=INKS["faint"],
            labelFontSize=12,
            labelPadding=6,
            title=None,
        )
        view = alt.ViewConfig(stroke=INKS["line"], fill=None)
        config = alt.Config(background="transparent", font="sans-serif", view=view, axis=axis)
        return {
            "$schema": alt.SCHEMA_URL,
            "vconcat": parts,
            "bounds": "flush",
            "spacing": 24,
            # Otherwise one colour scale would be made of all the panels' colours.
            "resolve": {"scale": dict.fromkeys(("color", "stroke", "shape"), "independent")},
            # Words have another width in the reader's fonts.
            "padding": {"left": 5, "top": 5, "bottom": 5, "right": 24},
            "config": config.to_dict(validate=False),
            "datasets": self.datasets,
        }

    # ------------------------------------------------------------------ shared
    def time(self, field: str) -> Any:
        """The time axis; `self.labels` is where the present panel carries its dates ("top", "bottom" or nowhere)."""
        alt = self.alt
        axis = alt.Axis(
            orient=self.labels or "bottom",
            labels=bool(self.labels),
            format="%b %Y",
            tickCount={"interval": "month", "step": 3},
            labelFlush=True,
        )
        return alt.X(
            f"{field}:T", scale=alt.Scale(type="utc", domain=[self.data["first"], self.data["today"]]), axis=axis
        )

    def values(self, rows: list[dict[str, Any]], name: str = "") -> Any:
        alt = self.alt
        key = f"rows{len(self.datasets)}"
        self.datasets[key] = rows
        chart = alt.Chart(alt.NamedData(key))
        return chart.properties(name=name) if name else chart

    def heading(self, title: str, under: str = "", latest: str = "", note: str = "") -> list[Any]:
        """The words to the left of a panel, and once more above its end for narrow screens."""
        lines = [
            (title, "text", 13, 10, "bold"),
            (under, "faint", 12, 27, "normal"),
            (latest, "text", 12, 44, "normal"),
            (note, "unsure", 12, 61, "bold"),
        ]
        left = [self.words(text, ink, size, y, weight, x=-LEFT) for text, ink, size, y, weight in lines if text]
        again = f"{title}, {under}" if under else title
        # The dates stand above the first panel.
        y = 10 if self.labels == "top" else -9
        return [*left, self.words(again, "narrow", 12, y, "bold", x=WIDTH - 4, align="right")]

    def words(self, text: str, ink: str, size: int, y: int, weight: str, *, x: int, align: str = "left") -> Any:
        alt = self.alt
        mark = {"align": align, "baseline": "middle", "fontSize": size, "fontWeight": weight, "aria": False}
        chart = self.values([{"text": text}]).mark_text(**mark, color=INKS[ink])
        return chart.encode(text=alt.Text("text:N"), x=alt.XValue(x), y=alt.YValue(y))

    def layered(self, layers: list[Any], height: int) -> dict[str, Any]:
        """Layers over one another, each without the parts that belong to the whole drawing."""
        units = [layer.to_dict(validate=False) for layer in layers]
        own = [{name: part for name, part in unit.items() if name not in ("$schema", "config")} for unit in units]
        return {"layer": own, "width": WIDTH, "height": height}

    # ------------------------------------------------------------------ results
    def panel(self, panel: Data, *, top: bool) -> Any:
        """One measure: the range as a band, thresholds as lines, values as points whose shape says where they lie."""
        alt = self.alt
        lowest, highest = panel["domain"]
        axis = alt.Axis(tickCount=3, grid=False)
        scale = alt.Scale(domain=[lowest, highest], nice=False, zero=False)

        def vertical(field: str) -> Any:
            return alt.Y(f"{field}:Q", scale=scale, axis=axis)

        self.labels = "top" if top else ""
        bands = [
            {
                **band,
                "low": lowest if band["low"] is None else band["low"],
                "high": highest if band["high"] is None else band["high"],
            }
            for band in panel["bands"]
        ]
        layers = (
            []
            if not bands
            else [
                self.values(bands)
                .mark_rect(color=INKS["band"], aria=False)
                .encode(x=self.time("first"), x2=alt.X2("last:T"), y=vertical("low"), y2=alt.Y2("high:Q")),
            ]
        )
        layers += [
            *self.levels(panel["levels"], vertical),
            *self.heading(panel["title"], panel["unit"], panel["latest"], panel["note"]),
        ]
        if panel["empty"]:
            layers.append(self.words(panel["empty"], "unsure", 13, PANEL // 2, "bold", x=WIDTH // 2, align="center"))
        if panel["points"]:
            base = self.values(panel["points"]).encode(x=self.time("on"), y=vertical("value"))
            lines = base.mark_line(color=INKS["series"], strokeWidth=1.2, aria=False)
            layers.append(lines.encode(detail=alt.Detail("run:N")))
            layers.append(self.shapes(panel, base))
        if panel["unread"]:
            layers.append(self.unread(panel))
        return self.layered(layers, PANEL)

    def shapes(self, panel: Data, base: Any) -> Any:
        alt = self.alt
        marks = {
            "low": ("triangle-down", "low"),
            "below the range, not scored": ("triangle-left", "series"),
            "in range": ("circle", "series"),
            "upper normal, scored": ("triangle-right", "series"),
            "high": ("triangle-up", "high"),
            "very high": ("diamond", "high"),
            "cannot tell": ("square", "unsure"),
        }
        sides = list(marks)
        shapes = [shape for shape, _ in marks.values()]
        inks = [INKS[ink] for _, ink in marks.values()]
        return (
            base.mark_point(filled=True, opacity=1, strokeWidth=1)
            .encode(
                shape=alt.Shape("side:N", scale=alt.Scale(domain=sides, range=shapes), legend=None),
                color=alt.Color("side:N", scale=alt.Scale(domain=sides, range=inks), legend=None),
                size=alt.condition("datum.side == 'in range'", alt.value(42), alt.value(80)),
                description=alt.Description("words:N"),
            )
            .properties(name=f"marks_{panel['key']}")
        )

    def levels(self, levels: list[dict[str, Any]], vertical: Callable[[str], Any]) -> list[Any]:
        """Thresholds as dashed lines, with their words to the right of the panel."""
        if not levels:
            return []
        alt = self.alt
        lines = self.values(levels).mark_rule(color=INKS["faint"], strokeDash=[4, 3], strokeWidth=1, aria=False)
        named = [level for level in levels if level["words"]]
        words = self.values(named).mark_text(
            align="left", baseline="middle", dx=6, color=INKS["faint"], fontSize=12, aria=False
        )
        return [
            lines.encode(x=self.time("first"), x2=alt.X2("last:T"), y=vertical("value")),
            words.encode(x=alt.XValue(WIDTH), y=vertical("label"), text=alt.Text("words:N")),
        ]

    def unread(self, panel: Data) -> Any:
        """A result that was received and could not be used: a cross at the bottom of its panel."""
        base = self.values(panel["unread"], f"marks_unread_{panel['key']}")
        return base.mark_point(shape="cross", angle=45, size=70, filled=True, opacity=1, color=INKS["unsure"]).encode(
            x=self.time("on"), y=self.alt.YValue(PANEL - 9), description=self.alt.Description("words:N")
        )

    # ------------------------------------------------------------------ lanes
    def rows(self, names: list[str]) -> Any:
        alt = self.alt
        axis = alt.Axis(
            labelColor=INKS["text"],
            labelAlign="left",
            labelPadding=LEFT,
            labelLimit=LEFT - 8,
            labelExpr="split(datum.label, '\u200b')[0]",
            grid=True,
        )
        return alt.Y("row:N", sort=names, scale=alt.Scale(domain=names, padding=0.2), axis=axis)

    def drugs(self) -> Any:
        """A bar for each prescription; where its beginning or end is not recorded, it is pale and says so in words."""
        alt = self.alt
        self.labels = ""
        names, bars = self.data["drugs"]["rows"], self.data["drugs"]["bars"]
        domain = ["feeding", "neutral", "helping"]
        scale = alt.Scale(domain=domain, range=[INKS[name] for name in domain])
        lanes = (
            self.values(bars, "marks_drugs")
            .mark_bar(cornerRadius=2, height={"band": 1}, strokeWidth=1)
            .encode(
                x=self.time("from"),
                x2=alt.X2("to:T"),
                y=self.rows(names),
                color=alt.Color("colour:N", legend=None, scale=scale),
                stroke=alt.Stroke("colour:N", legend=None, scale=scale),
                fillOpacity=alt.condition("datum.open", alt.value(0.15), alt.value(0.75)),
                strokeDash=alt.condition("datum.open", alt.value([3, 3]), alt.value([1, 0])),
                description=alt.Description("words:N"),
            )
        )
        notes = self.values([bar for bar in bars if bar["note"]]).mark_text(
            align="left", baseline="middle", dx=5, color=INKS["text"], fontSize=11, aria=False
        )
        return self.layered(
            [
                lanes,
                notes.encode(x=self.time("from"), y=self.rows(names), text=alt.Text("note:N")),
                *self.lane_title(self.data["drugs"]["title"]),
                self.row_names(names),
            ],
            ROW * len(names),
        )

    def row_names(self, names: list[str]) -> Any:
        """The names once more to the right, for narrow screens, where the left scrolls away."""
        alt = self.alt
        rows = [{"row": name, "text": name.partition("\u200b")[0]} for name in names]
        mark = self.values(rows).mark_text(
            align="left", baseline="middle", dx=6, fontSize=12, limit=RIGHT, color=INKS["narrow"], aria=False
        )
        return mark.encode(x=alt.XValue(WIDTH), y=self.rows(names), text=alt.Text("text:N"))

    def lane_title(self, text: str) -> list[Any]:
        """The words above a group of lanes."""
        return [self.words(text, "faint", 12, -11, "bold", x=-LEFT)]

    def empty_lane(self, title: str, why: str, *, dates: str = "") -> dict[str, Any]:
        """A group of lanes without any: why there is none; the axis goes on through it."""
        self.labels = dates
        ends = [{"on": self.data["first"]}, {"on": self.data["today"]}]
        axis = self.values(ends).mark_rule(opacity=0, aria=False).encode(x=self.time("on"))
        words = self.words(why, "unsure", 13, ROW // 2, "bold", x=WIDTH // 2, align="center")
        return self.layered([axis, words, *self.lane_title(title)], ROW)

    def findings(self) -> Any:
        """A mark where the finding was recorded, a thin bar as long as it was there, and the words of the record."""
        alt = self.alt
        names, marks = self.data["findings"]["rows"], self.data["findings"]["marks"]
        colour = alt.condition("datum.grave", alt.value(INKS["high"]), alt.value(INKS["neutral"]))
        base = self.values(marks).encode(y=self.rows(names))
        bars = (
            self.values(self.data["findings"]["bars"])
            .mark_rule(strokeWidth=3, aria=False)
            .encode(
                y=self.rows(names),
                x=self.time("on"),
                x2=alt.X2("to:T"),
                color=colour,
                opacity=alt.condition("datum.open || datum.pale", alt.value(0.25), alt.value(0.6)),
                strokeDash=alt.condition("datum.open", alt.value([3, 3]), alt.value([1, 0])),
            )
        )
        points = base.mark_point(shape="diamond", filled=True, size=110, opacity=1).encode(
            x=self.time("on"), color=colour, description=alt.Description("words:N")
        )
        layers = [bars, points.properties(name="marks_findings")]
        for right, align, shift in ((False, "left", 10), (True, "right", -10)):
            found = [mark for mark in marks if mark["right"] is right]
            if found:
                text = self.values(found).mark_text(
                    align=align, baseline="middle", dx=shift, dy=-1, fontSize=11, color=INKS["text"], aria=False
                )
                layers.append(text.encode(x=self.time("on"), y=self.rows(names), text=alt.Text("text:N")))
        layers += [*self.lane_title(self.data["findings"]["title"]), self.row_names(names)]
        return self.layered(layers, ROW * len(names))

    # ------------------------------------------------------------------ evaluations
    def tiers(self) -> Any:
        """The tier as steps; pale where it rests on what may or may not have been there."""
        alt = self.alt
        rows, names = self.data["evaluations"], self.data["tiers"]
        axis = alt.Axis(
            values=list(range(len(names))),
            labelExpr=f"{json.dumps(names)}[datum.value]",
            labelColor=INKS["text"],
            labelAlign="left",
            labelPadding=LEFT,
            grid=True,
        )
        scale = alt.Scale(domain=[-0.4, len(names) - 0.6], nice=False)

        def vertical(field: str) -> Any:
            return alt.Y(f"{field}:Q", scale=scale, axis=axis)

        unsure = [row for row in rows if row["tier"] != row["otherwise_tier"]]
        layers = [self.unsure(unsure, vertical, "tier")] if unsure else []
        unread = [{**row, "tier": row["tier"] - 0.4, "otherwise_tier": row["tier"] + 0.4} for row in rows]
        unread = [row for row in unread if row["tier_open"]]
        layers += [self.unsure(unread, vertical, "tier")] if unread else []
        if self.data["steps"]:
            line = self.steps(vertical, "tier").mark_line(strokeWidth=2, color=INKS["series"], aria=False)
            layers.append(line)
        steps = self.values(rows).encode(x=self.time("on"), y=vertical("tier"))
        colour = alt.condition("datum.grave", alt.value(INKS["high"]), alt.value(INKS["series"]))
        points = steps.mark_point(filled=True, size=46, opacity=1).encode(
            color=colour, description=alt.Description("words:N")
        )
        layers.append(points.properties(name="marks_evaluations"))
        named = self.values([{"tier": number, "text": name} for number, name in enumerate(names)]).mark_text(
            align="left", baseline="middle", dx=6, fontSize=12, limit=RIGHT, color=INKS["narrow"], aria=False
        )
        layers.append(named.encode(x=alt.XValue(WIDTH), y=vertical("tier"), text=alt.Text("text:N")))
        return self.layered([*layers, *self.lane_title(RULES)], 19 * len(names))

    def steps(self, vertical: Callable[[str], Any], field: str) -> Any:
        """The corners of a step line, one line for each run of days to which the rules apply."""
        return self.values(self.data["steps"]).encode(
            x=self.time("on"), y=vertical(field), detail=self.alt.Detail("run:N")
        )

    def unsure(self, rows: list[dict[str, Any]], vertical: Callable[[str], Any], field: str) -> Any:
        return (
            self.values(rows)
            .mark_rect(color=INKS["unsure"], opacity=0.22, aria=False)
            .encode(
                x=self.time("on"), x2=self.alt.X2("to:T"), y=vertical(field), y2=self.alt.Y2(f"otherwise_{field}:Q")
            )
        )

    def points(self) -> Any:
        """The risk points as steps."""
        alt = self.alt
        self.labels = "bottom"
        rows = self.data["evaluations"]
        most = max(4, *(max(row["points"], row["otherwise_points"]) for row in rows))
        scale = alt.Scale(domain=[0, most + 0.6], nice=False)

        def vertical(field: str) -> Any:
            axis = alt.Axis(tickCount=3, format="d", grid=False)
            return alt.Y(f"{field}:Q", scale=scale, axis=axis, stack=None)

        unsure = [row for row in rows if row["points"] != row["otherwise_points"]]
        layers = [self.unsure(unsure, vertical, "points")] if unsure else []
        unread = [{**row, "otherwise_points": most + 0.6} for row in rows if row["points_open"]]
        layers += [self.unsure(unread, vertical, "points")] if unread else []
        if self.data["steps"]:
            steps = self.steps(vertical, "points")
            layers.append(steps.mark_area(color=INKS["band"], aria=False))
            layers.append(steps.mark_line(strokeWidth=1.5, color=INKS["series"], aria=False))
        layers += self.heading("Risk points", "heuristic, not validated")
        return self.layered(layers, 54)


def main() -> None:
    """Answer each line of the standard input until it ends."""
    for line in sys.stdin:
        try:
            answer = {"svg": draw(json.loads(line))} if line.strip() else {"svg": ""}
        except Exception as error:  # any failure here leaves the page its tables
            answer = {"failed": type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
