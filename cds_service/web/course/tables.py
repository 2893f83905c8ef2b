"""The tables of the course: all that the picture shows, for those who cannot see it or want the numbers.

What may live here: rows of text. Wording stands in `words.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.web.course.changes import changes, undated
from cds_service.web.course.result_words import joined
from cds_service.web.course.unread import unread_changes, why_empty
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
    """One table. `empty` says why it has no rows, `limits` between which limits the values should lie.

    `note` is what the reader must know of rows that are not there.
    """

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[CourseRow, ...]
    empty: str = ""
    limits: str = ""
    note: str = ""


def tables(course: Course, words: CourseWords) -> tuple[CourseTable, ...]:
    """What changed, one table for each measure, then drugs, findings, evaluations; newest first."""
    return (
        _changes(course, words),
        *(_series(series, words) for series in course.series),
        _drugs(course, words),
        _others(course, words),
        _findings(course, words),
        _evaluations(course, words),
    )


def _changes(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow((change.on.isoformat(), f"{change.number}", "; ".join(change.what)))
        for change in reversed(changes(course, words))
    ]
    unread, no_day = unread_changes(course), undated(course)
    note = joined((unread if rows else "", f"not in this list, because no day is recorded: {no_day}" if no_day else ""))
    heads = ("Day", "Number", "What changed")
    empty = unread or "none on record in these two years"
    return CourseTable("changes", "What changed", heads, tuple(rows), empty, note=f"{note[:1].upper()}{note[1:]}")


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
    return CourseTable("drugs", "Drugs that the rules look at", heads, tuple(rows), why_empty(course, "medications"))


def _others(course: Course, words: CourseWords) -> CourseTable:
    rows = [
        CourseRow((period.medication.display, words.period(period), words.status(period)))
        for period in sorted(course.other_drugs, key=lambda period: str(period.start or ""), reverse=True)
    ]
    heads = ("Drug as recorded", "Taken", "Status")
    return CourseTable("other-drugs", "Other prescriptions", heads, tuple(rows), why_empty(course, "medications"))


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
    return CourseTable("findings", "Findings", heads, tuple(rows), why_empty(course, "conditions"))


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
