"""The patient's course: two years of results, drugs, skin findings and what the rules would have said.

What may live here: the routes and the answer. Fetching, drawing, words and tables have their own modules.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date, timedelta

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from cds_service.fhir_client import FhirError, FhirServer
from cds_service.web.context import PageContext
from cds_service.web.course.drawer import NotDrawnError, the_drawer
from cds_service.web.course.fetch import fetch_history
from cds_service.web.course.figure import figure
from cds_service.web.course.svg import page_svg
from cds_service.web.course.tables import tables
from cds_service.web.course.words import CourseWords
from cds_service.web.guard import guard
from cds_service.web.page import page, problem
from fhir_mappings.course import LOOK_BACK_DAYS
from fhir_mappings.fhir_json import FHIR_ID, as_text
from fhir_mappings.patients import patient_name
from hooks.course import Course, build_course

log = logging.getLogger("cds_service")

ESSENTIAL = ("patient", "conditions", "medications")
"""Without these no tier can be told; without the patient there is no page."""
MOST_PATIENTS = 200
NOT_READ = "The course cannot be shown"


def course_answer(
    context: PageContext, server: FhirServer, patient_id: str, *, framed_by: Collection[str] = ()
) -> Response:
    """The page with the course of one patient, or a page that says what could not be read; never raises for FHIR.

    `framed_by` are the origins that may show the page in a frame.
    """
    if not FHIR_ID.fullmatch(patient_id):
        return problem(404, NOT_READ, "This is not the id of a patient.", framed_by=framed_by)
    the_drawer().warm()
    today = context.clock().astimezone(context.knowledge.zone).date()
    fetched = fetch_history(context.client, server, patient_id, today, context.knowledge)
    history = fetched.history
    gap = history.chart.gap("patient")
    if gap is not None:
        what = f"{gap.what[0].upper()}{gap.what[1:]} could not be read: {gap.reason}."
        return problem(502, NOT_READ, what, framed_by=framed_by)
    policy = context.knowledge.policy
    course = build_course(history, today - timedelta(days=LOOK_BACK_DAYS), today, policy)
    words = CourseWords(policy.wording, today)
    drawing, not_drawn = _drawing(course, words)
    return page(
        "course/page.html",
        framed_by=framed_by,
        name=fetched.name,
        born=history.chart.born,
        sex=history.chart.sex,
        course=course,
        words=words,
        latest=course.evaluations[-1] if course.evaluations else None,
        missing=_missing(course, words),
        unreadable=_counted([words.unread(record) for record in course.unreadable]),
        drawing=drawing,
        not_drawn=not_drawn,
        tables=tables(course, words),
    )


def _drawing(course: Course, words: CourseWords) -> tuple[Markup | None, str]:
    """The picture, or why there is none; the tables stand beneath either."""
    try:
        drawn = the_drawer().draw(figure(course, words))
        return page_svg(drawn, _title(course.first, course.today), DESCRIPTION), ""
    except NotDrawnError as reason:
        log.warning("a course was not drawn: %s", reason)
        return None, str(reason)


DESCRIPTION = "The tables below the picture say the same."


def _title(first: date, today: date) -> str:
    return f"Course from {first} to {today}: results, drugs, findings and what the rules say, on one time axis"


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


def course_page(context: PageContext) -> Blueprint:
    """The routes under /course, which read from CDS_PAGES_FHIR_SERVER."""
    course = Blueprint("course", __name__)
    guard(course)
    server = FhirServer(context.settings.pages_fhir_server or "")

    @course.get("/course")
    def pick() -> Response:
        wanted = request.args.get("patient", "").strip()
        if wanted:
            if not FHIR_ID.fullmatch(wanted):
                return problem(404, NOT_READ, "This is not the id of a patient.")
            return Response(status=303, headers={"Location": url_for("course.show", patient_id=wanted)})
        return _patients(context, server)

    @course.get("/course/<patient_id>")
    def show(patient_id: str) -> Response:
        return course_answer(context, server, patient_id)

    return course


def _patients(context: PageContext, server: FhirServer) -> Response:
    """A list of patients to pick from, the first page that the FHIR server sends."""
    found, failed = [], ""
    try:
        with context.client.talk(server, context.client.deadline()) as talk:
            result = talk.answer(talk.search(f"Patient?_count={MOST_PATIENTS}", past=lambda _: True))
        found = [patient for patient in result.resources if patient.get("resourceType") == "Patient"]
    except FhirError as error:
        failed = error.reason
    people = sorted(
        (patient_name(patient), as_text(patient.get("id")), as_text(patient.get("birthDate")))
        for patient in found
        if FHIR_ID.fullmatch(as_text(patient.get("id")))
    )
    return page("course/patients.html", people=people, failed=failed)
