"""The course as a file for a spreadsheet: all values and rows, whatever is shown on the page.

What may live here: rows of text as CSV. A cell that a spreadsheet would run as a formula is made text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from cds_service.spreadsheet import harmless
from cds_service.web.course.changes import changes
from cds_service.web.course.result_words import joined
from cds_service.web.course.unread import unread_changes
from cds_service.web.course.words import CourseWords
from hooks.course import PRODUCT, Course, FindingLane, MedicationPeriod, Series

HEADS = ("row", "day", "until", "value", "unit", "says", "how it came about", "known by")
Cells = tuple[str, ...]


def csv_of(course: Course, words: CourseWords, about: Iterable[tuple[str, str]]) -> bytes:
    """Everything of the course, oldest first within each row. `about` are lines on the reading as a whole.

    UTF-8 with a byte order mark: without it spreadsheets take another encoding.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(tuple(map(harmless, cells)) for cells in (*_about(about), *_rows(course, words)))
    return text.getvalue().encode("utf-8-sig")


def _about(about: Iterable[tuple[str, str]]) -> Iterator[Cells]:
    yield from (("about", "", "", "", "", what, says, "") for what, says in about)


def _rows(course: Course, words: CourseWords) -> Iterator[Cells]:
    for gap in course.gaps:
        yield "could not be read", "", "", "", "", words.gap(gap), "", ""
    yield from _changes(course, words)
    for series in course.series:
        yield from _results(series, words)
    for lane in course.drugs:
        yield from (_drug(period, lane.kind.name, words, words.drug(lane, period)[-1]) for period in lane.periods)
    yield from (_drug(period, "other prescription", words, "") for period in course.other_drugs)
    yield from (_finding(lane, words) for lane in course.findings)
    for record in course.unreadable:
        yield "could not be used", str(record.on or "undated"), "", "", "", record.what, record.reason, ""
    yield from _evaluations(course, words)


def _changes(course: Course, words: CourseWords) -> Iterator[Cells]:
    """The number is that of the picture."""
    if unread := unread_changes(course):
        yield "what changed", "", "", "", "", unread, "", ""
    for change in changes(course, words):
        yield "what changed", f"{change.on}", "", f"{change.number}", "", "; ".join(change.what), "", ""


def _results(series: Series, words: CourseWords) -> Iterator[Cells]:
    title, unit = words.title(series), words.unit(series)
    yield title, "", "", "", unit, f"limits today: {words.limits(series)}", "", ""
    for point in series.points:
        value = f"{point.comparator}{words.number(series, point.value)}"
        yield title, f"{point.on}", "", value, unit, words.side(series, point), words.origin(point), words.codes(point)
    for record in series.unreadable if series.key != PRODUCT else ():
        yield title, str(record.on or "undated"), "", "", "", "could not be used", record.reason, ""


def _drug(period: MedicationPeriod, kind: str, words: CourseWords, how: str) -> Cells:
    begin = str(period.start or "not recorded")
    until = str(period.last or "")
    says = joined((words.period(period), words.status(period)))
    return f"drug: {kind}", begin, until, period.medication.display, "", says, "", how


def _finding(lane: FindingLane, words: CourseWords) -> Cells:
    period = lane.period
    begin, until = str(period.known or "undated"), str(period.gone or "")
    says = joined((words.since(period), words.uncounted(lane)))
    return f"finding: {words.finding(lane)}", begin, until, period.then.text, "", says, "", words.how(lane)


def _evaluations(course: Course, words: CourseWords) -> Iterator[Cells]:
    if not course.evaluations:
        yield "what the rules say", "", "", "", "", "not told: what they need could not be read", "", ""
    for found in course.evaluations:
        day, why = found.on.isoformat(), joined((words.because(found), words.otherwise(found)))
        yield "what the rules say", day, "", "", "", words.level(found), why, words.dialysis(found)
        factors = "" if found.outside else words.factors(found.outcome)
        yield "risk points (heuristic)", day, "", words.points(found), "points", factors, "", ""
