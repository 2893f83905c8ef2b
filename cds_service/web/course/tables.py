"""The tables of the course: all that the picture shows, for those who cannot see it or want the numbers.

What may live here: rows of text. Wording stands in `words.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.web.course.result_words import joined
from cds_service.web.course.words import CourseWords
from hooks.chart import Unreadable
from hooks.course import PRODUCT, Course, Point, Series, Side


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One row: its cells, and how it is to be marked ("high", "moderate", "low", "unsure" or "")."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class CourseTable:
    """One table. `empty` says why it has no rows, `limits` between which limits the values should lie."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[CourseRow, ...]
    empty: str = ""
    limits: str = ""


def tables(course: Course, words: CourseWords) -> tuple[CourseTable, ...]:
    """One table for each measure, then drugs, findings, evaluations; newest first."""
    return (
        *(_series(series, words) for series in course.series),
        _drugs(course, words),
        _others(course, words),
        _findings(course, words),
        _evaluations(course, words),
    )


def _series(series: Series, words: CourseWords) -> CourseTable:
    rows: list[tuple[str, CourseRow]] = [
        (
            point.on.isoformat(),
            CourseRow(
                (
                    point.on.isoformat(),
                    words.value(series, point),
                    words.side(series, point),
                    words.origin(point),
                    words.codes(point),
                ),
                _mark(point),
            ),
        )
        for point in series.points
    ]
    if series.key != PRODUCT:
        rows += [(record.on.isoformat() if record.on else "", _unreadable(record)) for record in series.unreadable]
    rows.sort(key=lambda pair: pair[0], reverse=True)
    title = f"{words.title(series)} ({words.unit(series)})"
    empty = joined((*map(words.gap, series.gaps), *map(words.unread, series.unreadable)))
    empty = empty or "no results in these two years"
    heads = ("Day", "Value", "Against the limits", "How it came about", "Known by")
    shown = tuple(row for _, row in rows)
    return CourseTable(f"series-{series.key}", title, heads, shown, empty, words.limits(series))


def _mark(point: Point) -> str:
    if point.side in (Side.HIGH, Side.VERY_HIGH):
        return "high"
    marks = {Side.LOW: "low", Side.MODERATE: "moderate", Side.UNDECIDED: "unsure"}
    return marks.get(point.side, "")


def _unreadable(record: Unreadable) -> CourseRow:
    return CourseRow(
        (record.on.isoformat() if record.on else "undated", "could not be used", "", record.reason, ""), "unsure"
    )


def _drugs(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow(
            (
                period.medication.display,
                lane.kind.name,
                words.period(period),
                words.status(period),
                words.drug(lane, period)[-1],
            ),
            "unsure" if "not recorded" in words.period(period) else "",
        )
        for lane in course.drugs
        for period in reversed(lane.periods)
    ]
    heads = ("Drug as recorded", "Class", "Taken", "Status", "Known by")
    return CourseTable("drugs", "Drugs that the rules look at", heads, tuple(rows), _why(course, "medications"))


def _others(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow((period.medication.display, words.period(period), words.status(period)))
        for period in sorted(course.other_drugs, key=lambda period: str(period.start or ""), reverse=True)
    ]
    heads = ("Drug as recorded", "Taken", "Status")
    return CourseTable("other-drugs", "Other prescriptions", heads, tuple(rows), _why(course, "medications"))


def _findings(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow(
            (
                words.finding(lane),
                lane.period.then.text,
                joined((words.since(lane.period), words.uncounted(lane))),
                words.how(lane),
            )
        )
        for lane in reversed(course.findings)
    ]
    heads = ("Finding", "As recorded", "When", "Known by")
    return CourseTable("findings", "Findings", heads, tuple(rows), _why(course, "conditions"))


def _evaluations(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow(
            (
                found.on.isoformat(),
                words.said(found),
                words.dialysis(found),
                words.because(found),
                joined(("" if found.outside else words.factors(found.outcome), words.otherwise(found))),
            ),
            "unsure" if found.otherwise or found.incomplete else "",
        )
        for found in reversed(course.evaluations)
    ]
    heads = ("Day", "What the rules say", "Dialysis", "Because", "Factors with their points")
    empty = "" if rows else "not told: what they need could not be read"
    return CourseTable("evaluations", "Risk level and points by the rules", heads, tuple(rows), empty)


def _why(course: Course, query: str) -> str:
    """Why there is nothing: nothing on record, or nothing that could be read."""
    gaps = [gap for gap in course.gaps if gap.query == query]
    unread = unread_records(course, query)
    if gaps or unread:
        return joined((*map(CourseWords.gap, gaps), f"{unread}; no other on record" if unread and not gaps else unread))
    return "none on record in these two years"


def unread_records(course: Course, query: str) -> str:
    """'2 prescriptions whose drug could not be read' for "medications"; the entries for "conditions"; "" for none."""
    if query == "medications":
        named = sum(record.what == "medication" for record in course.unreadable)
        count, singular, plural = max(named, course.unread_drugs), "prescription", "prescriptions"
        why = "whose drug could not be read"
    else:
        count, singular, plural = sum(record.what == "condition" for record in course.unreadable), "entry", "entries"
        why = "that could not be read"
    return f"{count} {singular if count == 1 else plural} {why}" if count else ""


def nothing_there(course: Course, query: str) -> str:
    """The same in few words, for the picture."""
    if any(gap.query == query for gap in course.gaps):
        return "could not be read"
    return unread_records(course, query) or "none on record"
