"""The patient's course: two years of results, drugs, skin findings and what the rules would have said.

What may live here: the routes, and the pages that say why there is no course. The answer with one is in `answer`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import Blueprint, Response, request, url_for

from cds_service.fhir_client import FhirError, FhirServer
from cds_service.web.context import PageContext
from cds_service.web.course.answer import Answer
from cds_service.web.course.fetch import fetch_history
from cds_service.web.course.view import ViewError, read_view
from cds_service.web.guard import guard
from cds_service.web.page import page, problem
from cds_service.web.stories import story_line
from fhir_mappings.fhir_json import FHIR_ID, as_text
from fhir_mappings.patients import patient_name

MOST_PATIENTS = 200
NOT_READ = "The course cannot be shown"
NO_PATIENT = "No such patient"


def course_answer(
    context: PageContext,
    server: FhirServer,
    patient_id: str,
    *,
    framed_by: Collection[str] = (),
    kept: Mapping[str, str] | None = None,
) -> Response:
    """The course of one patient as page or file, or a page that says what could not be read; never raises for FHIR.

    `framed_by` are the origins that may show the page in a frame, `kept` the parameters of the address that are not of
    the view and stay in its links.
    """
    if not FHIR_ID.fullmatch(patient_id):
        return problem(404, NO_PATIENT, "This is not the id of a patient.", framed_by=framed_by)
    try:
        view = read_view(request.args)
    except ViewError as error:
        return problem(400, NOT_READ, f"A part of the address is not known. {error}", framed_by=framed_by)
    now = context.clock().astimezone(context.knowledge.zone)
    fetched = fetch_history(context.client, server, patient_id, now.date(), context.knowledge)
    gap = fetched.history.chart.gap("patient")
    if fetched.is_unknown:
        return problem(404, NO_PATIENT, "The FHIR server has no patient with this id.", framed_by=framed_by)
    if gap is not None:
        what = f"{gap.what[0].upper()}{gap.what[1:]} could not be read: {gap.reason}. Nothing was judged."
        return problem(502, NOT_READ, what, framed_by=framed_by)
    answer = Answer(context, server, fetched, now, view)
    forms = {"csv": answer.table, "svg": answer.picture}
    return forms[view.form]() if view.form else answer.page(framed_by, kept or {})


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
                return course_answer(context.known_to(None), server, wanted)
            return Response(status=303, headers={"Location": url_for("course.show", patient_id=wanted)})
        return _patients(context, server)

    @course.get("/course/<patient_id>")
    def show(patient_id: str) -> Response:
        return course_answer(context.known_to(None), server, patient_id)

    return course


def _patients(context: PageContext, server: FhirServer) -> Response:
    """A list of patients to pick from, the first page that the FHIR server sends."""
    found, failed, cut = [], "", False

    def enough(_: object) -> bool:
        # Asked only where there is more than the first page.
        nonlocal cut
        cut = True
        return True

    try:
        with context.client.talk(server, context.client.deadline()) as talk:
            result = talk.answer(talk.search(f"Patient?_count={MOST_PATIENTS}", past=enough))
        found = [patient for patient in result.resources if patient.get("resourceType") == "Patient"]
    except FhirError as error:
        failed = error.reason
    people = sorted(
        (patient_name(patient), as_text(patient.get("id")), as_text(patient.get("birthDate")), story_line(patient))
        for patient in found
        if FHIR_ID.fullmatch(as_text(patient.get("id")))
    )
    return page("course/patients.html", people=people, failed=failed, more=cut)
