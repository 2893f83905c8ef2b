"""The answer with a course: as a page, as a table for a spreadsheet, as a picture.

What may live here: what the page and the files say around the course: who, when, from where, and what was not read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property

from flask import Response

from cds_service.fhir_client import FhirServer
from cds_service.web.context import PageContext
from cds_service.web.course.download import csv_of
from cds_service.web.course.drawn import drawing, file_of
from cds_service.web.course.fetch import Fetched
from cds_service.web.course.legend import LEGEND
from cds_service.web.course.picture import row_titles
from cds_service.web.course.tables import tables
from cds_service.web.course.units import Units
from cds_service.web.course.view import RANGES, SYSTEMS, View
from cds_service.web.course.words import CourseWords
from cds_service.web.page import page
from fhir_mappings.course import LOOK_BACK_DAYS
from hooks.course import Course, build_course

ESSENTIAL = ("patient", "conditions", "medications")
"""Without these no tier can be told; without the patient there is no page."""
LIMITS_TOPIC = "cua-risk-elevated"
"""The topic of the reasons whose page lists the limits that count for the risk points."""


class Answer:
    """One course in one view."""

    def __init__(self, context: PageContext, server: FhirServer, fetched: Fetched, now: datetime, view: View) -> None:
        knowledge, today = context.knowledge, now.date()
        self._server, self._fetched, self._now, self._view = server, fetched, now, view
        self.course = build_course(fetched.history, today - timedelta(days=LOOK_BACK_DAYS), today, knowledge.policy)
        self.words = CourseWords(Units(knowledge.policy.wording, knowledge.vocabulary.labs, view.units), today)

    def page(self, framed_by: Collection[str], kept: Mapping[str, str]) -> Response:
        """The page; its links keep these parameters."""
        course, words = self.course, self.words
        chart = self._fetched.history.chart
        return page(
            "course/page.html",
            framed_by=framed_by,
            name=self._fetched.name,
            born=chart.born,
            age=_age(chart.born, course.today) if chart.born else None,
            sex=chart.sex,
            course=course,
            words=words,
            read_at=self._read_at,
            server=self._server.base,
            latest=course.evaluations[-1] if course.evaluations else None,
            missing=self._missing,
            unreadable=self._unusable,
            limits_topic=LIMITS_TOPIC,
            drawing=lambda limits_at: drawing(course, words, self._view, limits_at),
            legend=LEGEND,
            view=self._view,
            kept=kept,
            ranges=RANGES,
            systems=SYSTEMS,
            titles=row_titles(course, words),
            hidden=self._hidden,
            tables=tables(course, words),
        )

    def table(self) -> Response:
        """All values and rows as CSV."""
        about = [("read", self._read_at), ("FHIR server", self._server.base), ("days", self._days)]
        return self._file(csv_of(self.course, self.words, about), "csv", "text/csv; charset=utf-8")

    def picture(self) -> Response:
        """The picture with its legend as SVG."""
        drawn = drawing(self.course, self.words, self._view)
        unread = [*self._missing, *self._unusable]
        says = [
            f"{self._days}; read {self._read_at} from {self._server.base}",
            f"Not shown here: {', '.join(self._hidden)}" if self._hidden else "",
            f"Not everything could be read: {'; '.join(unread)}" if unread else "",
        ]
        return self._file(file_of(drawn, [line for line in says if line]).encode(), "svg", "image/svg+xml")

    def _file(self, content: bytes, ending: str, mimetype: str) -> Response:
        response = Response(content, content_type=mimetype)
        # The name of a file is seen by many: it names the day and no patient.
        response.headers["Content-Disposition"] = f'attachment; filename="course-{self.course.today}.{ending}"'
        return response

    @property
    def _read_at(self) -> str:
        return f"{self._now:%Y-%m-%d %H:%M} {self._now.tzname()}"

    @property
    def _days(self) -> str:
        shown = self._view.first(self.course.first, self.course.today)
        return f"Course from {shown} to {self.course.today}"

    @property
    def _hidden(self) -> list[str]:
        titles = row_titles(self.course, self.words)
        return [title for key, title in titles.items() if not self._view.shows(key)]

    @cached_property
    def _missing(self) -> list[str]:
        return _missing(self.course, self.words)

    @cached_property
    def _unusable(self) -> list[str]:
        return _counted([self.words.unread(record) for record in self.course.unreadable])


def _age(born: date, on: date) -> int:
    """In whole years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _missing(course: Course, words: CourseWords) -> list[str]:
    """What could not be read at all, or only in part."""
    found = [words.gap(gap) for gap in course.gaps]
    if course.unread_drugs:
        count = course.unread_drugs
        found.append(f"{count} {'prescription refers' if count == 1 else 'prescriptions refer'} to a drug not read")
    if any(gap.query in ESSENTIAL for gap in course.gaps):
        found.append("Without these the rules cannot say anything: there is no risk level and no points below")
    return found


def _counted(lines: list[str]) -> list[str]:
    """Each line once, with how often it came."""
    return [line if lines.count(line) == 1 else f"{line} ({lines.count(line)} times)" for line in dict.fromkeys(lines)]
