"""The course as plain data for the drawing: panels, lanes and tiers with positions, words and colours by name.

What may live here: what is drawn where. How it is drawn stands in `course_drawing.py`, wording in `course_words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from cds_service.web.course_words import FURTHER, NO_LEVEL, Words, class_name, joined
from hooks.assessment import Tier
from hooks.course import Course, DrugLane
from hooks.course_record import End, MedicationPeriod
from hooks.course_series import PRODUCT, Series
from hooks.facts import exact

Data = dict[str, Any]

TIERS = (Tier.NONE, Tier.ELEVATED_RISK, Tier.HIGH_RISK, Tier.POSSIBLE, Tier.SUSPECTED, Tier.CONFIRMED)
"""From the bottom of the lane to its top; a child has no tier and lies at the bottom."""
GRAVE = ("calciphylaxis", "calciphylaxis_provisional", "skin_necrosis", "gangrene", "sepsis", "bacteraemia")
FEEDING = ("vitamin_k_antagonist", "calcium_product", "active_vitamin_d", "nutritional_vitamin_d")
HELPING = ("sodium_thiosulfate", "alternative_anticoagulant", "non_calcium_binder", "calcimimetic")
BETWEEN = "\n"
"""Between the lines of one mark's words."""
_MOST_ROWS = 60
"""Lanes of drugs, and of findings, that are drawn; the tables hold all."""


def figure(course: Course, words: Words) -> Data:
    """Everything to be drawn. Only numbers, ISO dates and texts: it goes to another process as JSON."""
    return {
        "first": course.first.isoformat(),
        "today": course.today.isoformat(),
        "panels": [_panel(series, course, words) for series in course.series],
        "drugs": _drugs(course, words),
        "findings": _findings(course, words),
        "evaluations": _evaluations(course, words),
        "tiers": [NO_LEVEL, *(tier.value for tier in TIERS[1:])],
    }


def _panel(series: Series, course: Course, words: Words) -> Data:
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
                "words": _lines(words.point(series, point)),
            }
            for point in series.points
        ],
        "bands": [
            {"first": band.first.isoformat(), "last": band.last.isoformat(), "low": band.low, "high": band.high}
            for band in series.bands
        ],
        "levels": _levels(series),
        "unread": [
            {"on": one.on.isoformat(), "words": words.unread(one)}
            for one in series.unreadable
            if one.on is not None and series.key != PRODUCT
        ],
    }


def _empty(series: Series) -> str:
    """Nothing there, and could not be read, are not the same."""
    return "could not be read" if series.gaps or series.unreadable else "no results"


def _levels(series: Series) -> list[Data]:
    """The thresholds as lines, each with its words at its end."""
    found: list[Data] = []
    for band in series.bands:
        for kind, value in (("low", band.low), ("high", band.high), ("further", band.further)):
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
    return [level for level in found if lowest <= level["value"] <= highest]


def _level(key: str, kind: str) -> str:
    if kind == "further":
        return FURTHER[key]
    return {"low": "low below", "high": "moderate above" if key == PRODUCT else "high above"}[kind]


def _domain(series: Series) -> tuple[float, float]:
    """The values to be shown: all points and the bounds of the range; a second level only when points come near it."""
    bounds = [limit for band in series.bands for limit in (band.low, band.high) if limit is not None]
    values = [point.value for point in series.points]
    lowest, highest = min([*values, *bounds]), max([*values, *bounds])
    further = [band.further for band in series.bands if band.further is not None]
    if further and highest >= 0.85 * max(further):
        highest = max(highest, *further)
    room = (highest - lowest) * 0.12 or highest * 0.1
    return round(max(0.0, lowest - room), 4), round(highest + room, 4)


def _drugs(course: Course, words: Words) -> Data:
    lanes = course.drugs[:_MOST_ROWS]
    rows = [lane.drug if _only(lane, course) else f"{lane.drug}, {class_name(lane.drug_class)}" for lane in lanes]
    bars = [
        _bar(course, period, rows[number], _colour(lane.drug_class), words.drug(lane, period))
        for number, lane in enumerate(lanes)
        for period in lane.periods
    ]
    return {"rows": rows, "bars": bars}


def _only(lane: DrugLane, course: Course) -> bool:
    return sum(other.drug == lane.drug for other in course.drugs) == 1


def _colour(drug_class: str) -> str:
    return "feeding" if drug_class in FEEDING else "helping" if drug_class in HELPING else "neutral"


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
                f"end not recorded ({period.status})" if period.end is End.UNKNOWN else "",
            )
        ),
        "words": _lines(lines),
    }


def _findings(course: Course, words: Words) -> Data:
    lanes = course.findings[-_MOST_ROWS:]
    rows, marks = [], []
    for number, lane in enumerate(lanes):
        name = words.finding(lane)
        rows.append(f"{name}\u200b{number}")
        period = lane.period
        on = max(period.known, course.first) if period.known else course.first
        over = period.gone or course.today
        marks.append(
            {
                "row": rows[-1],
                "on": on.isoformat(),
                "to": max(over, on).isoformat(),
                "open": period.end is End.UNKNOWN or period.known is None,
                "grave": lane.concept in GRAVE,
                "right": _is_late(on, course),
                "text": _short(lane.period.then.text),
                "words": _lines(words.finding_lines(lane)),
            }
        )
    return {"rows": rows, "marks": marks}


def _is_late(on: date, course: Course) -> bool:
    """In the last part of the picture: words stand to the left of the mark there."""
    return (on - course.first).days > 0.6 * (course.today - course.first).days


def _short(text: str, most: int = 48) -> str:
    text = _plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _lines(lines: Iterable[str]) -> str:
    return BETWEEN.join(_plain(line) for line in lines if line)


def _plain(text: str) -> str:
    """A record's words without what SVG cannot hold: control characters and the like."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _evaluations(course: Course, words: Words) -> list[Data]:
    ends = [*(evaluation.on for evaluation in course.evaluations), course.today][1:]
    return [
        {
            "on": evaluation.on.isoformat(),
            "to": end.isoformat(),
            "tier": _height(evaluation.outcome.tier),
            "points": evaluation.outcome.points,
            "otherwise_tier": _height((evaluation.otherwise or evaluation.outcome).tier),
            "otherwise_points": (evaluation.otherwise or evaluation.outcome).points,
            "words": _lines(words.evaluation(evaluation)),
        }
        for evaluation, end in zip(course.evaluations, ends, strict=True)
    ]


def _height(tier: Tier) -> int:
    return TIERS.index(tier) if tier in TIERS else 0
