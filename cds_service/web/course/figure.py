"""The course as plain data for the drawing: panels, lanes and tiers with positions, words and colours by name.

What may live here: what is drawn where. How it is drawn stands in `drawing.py`, wording in `words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from cds_service.web.course.tables import nothing_there, unread_records
from cds_service.web.course.words import FURTHER, NO_LEVEL, CourseWords, joined
from hooks.assessment import Tier
from hooks.cards import exact, visible
from hooks.chart import Analyte
from hooks.course import CALCIUM, PRODUCT, Band, Course, DrugLane, End, Evaluation, MedicationPeriod, Outcome, Series

Data = dict[str, Any]

TIERS = (Tier.NONE, Tier.ELEVATED_RISK, Tier.HIGH_RISK, Tier.POSSIBLE, Tier.SUSPECTED, Tier.CONFIRMED)
"""From the bottom of the lane to its top, above the row of the days to which the rules do not apply."""
OUTSIDE = "rules do not apply"
GRAVE = ("calciphylaxis", "calciphylaxis_provisional", "skin_necrosis", "gangrene", "sepsis", "bacteraemia")
BETWEEN = "\n"
"""Between the lines of one mark's words."""
LINE = 0.17
"""The height of a line of words as a part of a panel."""
_JOINERS = "\u200c\u200d"
_MOST_ROWS = 60
"""Lanes of drugs, and of findings, that are drawn; the tables hold all."""


def figure(course: Course, words: CourseWords) -> Data:
    """Everything to be drawn. Only numbers, ISO dates and texts: it goes to another process as JSON."""
    return {
        "first": course.first.isoformat(),
        "today": course.today.isoformat(),
        "panels": [_panel(series, course, words) for series in course.series],
        "drugs": _drugs(course, words),
        "findings": _findings(course, words),
        "evaluations": _evaluations(course, words),
        "steps": _steps(course),
        "tiers": [OUTSIDE, NO_LEVEL, *(tier.value for tier in TIERS[1:])],
    }


def _panel(series: Series, course: Course, words: CourseWords) -> Data:
    latest = series.points[-1] if series.points else None
    return {
        "key": series.key,
        "title": words.title(series),
        "unit": words.unit(series),
        "latest": f"{latest.comparator}{words.number(series, latest.value)} on {latest.on}" if latest else "",
        "note": "not all could be read" if latest and series.gaps else "",
        "empty": "" if latest else _empty(series),
        "domain": _domain(series),
        "points": [
            {
                "on": point.on.isoformat(),
                "value": point.value,
                "side": point.side.value,
                "run": run,
                "words": _lines(words.point(series, point)),
            }
            for point, run in zip(series.points, _runs(series), strict=True)
        ],
        "bands": [
            {"first": band.first.isoformat(), "last": band.last.isoformat(), "low": band.low, "high": band.high}
            for band in series.bands
            if band.low is not None
        ],
        "levels": _levels(series),
        "unread": [
            {"on": record.on.isoformat(), "words": words.unread(record)}
            for record in series.unreadable
            if record.on is not None and series.key != PRODUCT
        ],
    }


def _runs(series: Series) -> list[int]:
    """The number of the line on which each point lies: no line spans more days than a result counts."""
    runs: list[int] = []
    for number, point in enumerate(series.points):
        is_gap = number > 0 and (point.on - series.points[number - 1].on).days > series.usable
        runs.append((runs[-1] if runs else 0) + is_gap)
    return runs


def _empty(series: Series) -> str:
    """Nothing there, and could not be read, are not the same."""
    return "could not be read" if series.gaps or series.unreadable else "no results"


def _levels(series: Series) -> list[Data]:
    """The thresholds as lines, each with its words at its end."""
    found: list[Data] = []
    for band in series.bands:
        for kind, value in _kinds(band):
            if value is not None:
                found.append(
                    {
                        "first": band.first.isoformat(),
                        "last": band.last.isoformat(),
                        "value": value,
                        "kind": kind,
                        "words": f"{_level(series.key, kind)} {exact(value)}" if band is series.bands[-1] else "",
                    }
                )
    lowest, highest = _domain(series)
    return _apart([level for level in found if lowest <= level["value"] <= highest], (highest - lowest) * LINE)


def _kinds(band: Band) -> tuple[tuple[str, float | None], ...]:
    return ("low", band.low), ("high", band.high), ("further", band.further), ("scored", band.scored)


def _apart(levels: list[Data], least: float) -> list[Data]:
    """The levels with the height of their words: where two lie close together, the upper words move up."""
    under = float("-inf")
    for level in sorted(levels, key=lambda level: float(level["value"])):
        level["label"] = max(level["value"], under + least) if level["words"] else level["value"]
        under = level["label"] if level["words"] else under
    return levels


def _level(key: str, kind: str) -> str:
    if kind == "further":
        return FURTHER[key]
    if kind == "scored":
        return "moderate above" if key == CALCIUM else "scored low below"
    return {
        "low": "range from" if key == Analyte.INTACT_PTH else "low below",
        "high": "moderate above" if key == PRODUCT else "high above",
    }[kind]


def _domain(series: Series) -> tuple[float, float]:
    """The values to be shown: all points and the bounds of the range; a second level only when points come near it."""
    bounds = [limit for band in series.bands for limit in (band.low, band.high, band.scored) if limit is not None]
    values = [point.value for point in series.points]
    lowest, highest = min([*values, *bounds]), max([*values, *bounds])
    further = [band.further for band in series.bands if band.further is not None]
    if further and highest >= 0.85 * max(further):
        highest = max(highest, *further)
    room = (highest - lowest) * 0.12 or highest * 0.1
    return round(max(0.0, lowest - room), 4), round(highest + room, 4)


def _drugs(course: Course, words: CourseWords) -> Data:
    lanes = course.drugs[:_MOST_ROWS]
    rows = [lane.drug if _only(lane, course) else f"{lane.drug}, {lane.kind.name}" for lane in lanes]
    bars = [
        _bar(course, period, rows[number], lane.kind.role.value, words.drug(lane, period))
        for number, lane in enumerate(lanes)
        for period in lane.periods
    ]
    title = _lane_title("Drugs", unread_records(course, "medications") if rows else "", len(course.drugs) - len(rows))
    return {"title": title, "rows": rows, "bars": bars, "empty": "" if rows else nothing_there(course, "medications")}


def _lane_title(title: str, unread: str, more: int) -> str:
    return joined((title, unread, f"{more} more in the table" if more else ""), ", ")


def _only(lane: DrugLane, course: Course) -> bool:
    return sum(other.drug == lane.drug for other in course.drugs) == 1


def _bar(course: Course, period: MedicationPeriod, row: str, colour: str, lines: list[str]) -> Data:
    """From its first day on; to today where it goes on. An unknown beginning or end is marked as such."""
    start = max(period.start, course.first) if period.start else course.first
    ends = period.last + timedelta(days=1) if period.last else course.today
    return {
        "row": row,
        "from": start.isoformat(),
        "to": max(min(ends, course.today), start + timedelta(days=1)).isoformat(),
        "colour": colour,
        "open": period.end is End.UNKNOWN or period.start is None,
        "note": joined(
            (
                "beginning not recorded" if period.start is None else "",
                (period.end_from or f"end not recorded ({period.status})") if period.end is End.UNKNOWN else "",
            )
        ),
        "words": _lines(lines),
    }


def _findings(course: Course, words: CourseWords) -> Data:
    lanes = course.findings[-_MOST_ROWS:]
    rows, marks, bars = [], [], []
    for number, lane in enumerate(lanes):
        name = words.finding(lane)
        rows.append(f"{name}\u200b{number}")
        period = lane.period
        on = max(period.known, course.first) if period.known else course.first
        over = max(period.gone or course.today, on)
        shared = {"row": rows[-1], "grave": lane.concept in GRAVE}
        shared["open"] = period.end is End.UNKNOWN or period.known is None
        pale = min(max(lane.uncounted.after, on), over) if lane.uncounted else over
        bars += [
            {**shared, "on": begin.isoformat(), "to": end.isoformat(), "pale": begin == pale != over}
            for begin, end in ((on, pale), (pale, over))
            if begin < end
        ]
        marks.append(
            {
                **shared,
                "on": on.isoformat(),
                "right": _is_late(on, course),
                "text": _short(lane.period.then.text),
                "words": _lines(words.finding_lines(lane)),
            }
        )
    title = _lane_title(
        "Findings", unread_records(course, "conditions") if rows else "", len(course.findings) - len(rows)
    )
    empty = "" if rows else nothing_there(course, "conditions")
    return {"title": title, "rows": rows, "marks": marks, "bars": bars, "empty": empty}


def _is_late(on: date, course: Course) -> bool:
    """In the last part of the picture: words stand to the left of the mark there."""
    return (on - course.first).days > 0.6 * (course.today - course.first).days


def _short(text: str, most: int = 48) -> str:
    text = _plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _lines(lines: Iterable[str]) -> str:
    return BETWEEN.join(_plain(line) for line in lines if line)


def _plain(text: str) -> str:
    """A record's words as a reader sees them, without what SVG cannot hold."""
    return "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in visible(text))


def _evaluations(course: Course, words: CourseWords) -> list[Data]:
    return [
        {
            "on": evaluation.on.isoformat(),
            "to": end.isoformat(),
            "tier": _height(evaluation.outcome, outside=evaluation.outside),
            "points": evaluation.outcome.points,
            "otherwise_tier": _otherwise(evaluation),
            "otherwise_points": (evaluation.otherwise or evaluation.outcome).points,
            "grave": evaluation.outcome.tier in (Tier.SUSPECTED, Tier.CONFIRMED),
            "tier_open": evaluation.tier_open,
            "points_open": evaluation.incomplete and not evaluation.outside,
            "words": _lines(words.evaluation(evaluation)),
        }
        for evaluation, end in _stretches(course)
    ]


def _stretches(course: Course) -> list[tuple[Evaluation, date]]:
    """Each evaluation with the day until which it holds."""
    ends = [*(evaluation.on for evaluation in course.evaluations), course.today][1:]
    return list(zip(course.evaluations, ends, strict=True))


def _steps(course: Course) -> list[Data]:
    """The corners of the step lines; each `run` is its own line: where the rules do not apply there is a gap."""
    found: list[Data] = []
    run = 0
    for evaluation, end in _stretches(course):
        if evaluation.outside:
            run += 1
            continue
        values = {"tier": _height(evaluation.outcome, outside=False), "points": evaluation.outcome.points, "run": run}
        found += [{"on": day.isoformat(), **values} for day in (evaluation.on, end)]
    return found


def _otherwise(evaluation: Evaluation) -> int:
    if evaluation.otherwise is None:
        return _height(evaluation.outcome, outside=evaluation.outside)
    return _height(evaluation.otherwise, outside=evaluation.otherwise.outside)


def _height(outcome: Outcome, *, outside: bool) -> int:
    return 0 if outside else 1 + TIERS.index(outcome.tier)
