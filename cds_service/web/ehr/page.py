"""The EHR page: a small EHR in the browser that plays a CDS Hooks client against any service and any FHIR server.

What may live here: the routes, and reading the form into deeds. The server keeps no state between two requests.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from cds_service.drug_orders import ROUTES, Catalogue, load_catalogue
from cds_service.ehr_client import Ehr, EhrError
from cds_service.web.cards import OwnApp, as_json, quiet
from cds_service.web.context import PageContext
from cds_service.web.curl import around_json
from cds_service.web.ehr.actions import Clinician
from cds_service.web.ehr.cards import judged_drugs, not_asked, shown_cards
from cds_service.web.ehr.chart import read_chart
from cds_service.web.ehr.explaining import Explainer
from cds_service.web.ehr.kept import dump, load
from cds_service.web.ehr.patients import patients_page
from cds_service.web.ehr.permalinks import BadLink, permalink, read_link
from cds_service.web.ehr.person import PatientHeading, person_without_name, read_person
from cds_service.web.ehr.rows import order_row
from cds_service.web.ehr.signing import sign_words, waiting_cards
from cds_service.web.ehr.state import CHART, ORDER, BadState, ServiceAnswer, State
from cds_service.web.guard import guard
from cds_service.web.page import page, problem
from fhir_mappings.packaged import default_reasons

log = logging.getLogger("cds_service")

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_MOST_TYPED = 200
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - recognised here, not bound


def ehr_page(context: PageContext) -> Blueprint:
    """The routes under /ehr."""
    routes = Blueprint("ehr", __name__)
    catalogue, explainer = load_catalogue(), _explainer(context)
    guard(routes)

    @routes.errorhandler(BadState)
    def bad_state(_: BadState) -> Response:
        return problem(400, "This click cannot be understood", "The page is out of date. Open the chart again.")

    @routes.errorhandler(BadLink)
    def bad_link(error: BadLink) -> Response:
        return problem(400, "This address cannot be followed", f"{error} Nothing was asked.")

    @routes.errorhandler(EhrError)
    def no_server(error: EhrError) -> Response:
        if error.status in (404, 410):
            return problem(404, "No such patient", "The FHIR server does not know this patient.")
        said = f"answered with status {error.status}" if error.status else "did not answer"
        said = "answered with something that cannot be read" if error.status == 200 else said
        return problem(502, "The FHIR server cannot be read", f"The FHIR server {said}.")

    @routes.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return problem(error.code or 500, error.name, "The page does not answer such a request.")

    @routes.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The message could carry patient data and stays out.
        log.error("unexpected %s on the EHR page", type(error).__name__)
        return problem(500, "The page failed", "The fault has been logged. Open the chart again.")

    @routes.get("/ehr")
    def opened() -> Response:
        patient_id = request.args.get("patient", "")
        if not patient_id:
            return searched()
        state, wanted = State(), read_link(request.args, catalogue)
        clinician = _clinician(context, catalogue, patient_id, state, explainer)
        clinician.open_with(state, wanted)
        person = read_person(clinician.ehr, patient_id, _today(context))
        return _chart_page(context, clinician, state, person, chart=True)

    @routes.route("/ehr/patients", methods=["GET", "POST"])
    def searched() -> Response:
        return _patients(context, request.values.get("name", "").strip()[:_MOST_TYPED])

    @routes.get("/ehr/drugs")
    def drugs() -> Response:
        """For the script of the drug field: the drugs that a text may mean, the likeliest first."""
        found = catalogue.matching(request.args.get("name", "")[:_MOST_TYPED])
        return jsonify(drugs=[drug.name for drug in found])

    @routes.post("/ehr")
    def acted() -> Response:
        state = load(request.form.get("state", ""))
        clinician = _clinician(context, catalogue, request.args.get("patient", ""), state, explainer)
        changed = _act(clinician, state, request.form)
        is_part = "X-Ehr-Part" in request.headers
        person = _person_after_deed(context, clinician)
        return _chart_page(context, clinician, state, person, chart=changed or not is_part)

    return routes


def _act(clinician: Clinician, state: State, form: Mapping[str, str]) -> bool:
    """Do what the pressed button says ("accept:card:suggestion"); True when the chart has changed."""
    asked, state.question = state.question, None
    deed, _, rest = form.get("do", "").partition(":")
    first, _, second = rest.partition(":")
    route, dose = form.get("route", ""), form.get("dose", "").strip()[:_MOST_TYPED]
    typed = _typed()
    match deed:
        case "call":
            state.send_prefetch, state.offer_server = "prefetch" in form, "server" in form
            return _asking(clinician, state).open_chart(state)
        case "pick" if rest or typed:
            return clinician.pick(state, rest or typed, route, dose)
        case "pick":
            state.say("type the name of a drug first", well=False)
            return False
        case "remove":
            return clinician.remove(state, rest)
        case "accept":
            return clinician.accept(state, first, second)
        case "confirm" if asked and (asked.card, asked.suggestion) == (first, second):
            return clinician.accept(state, first, second, confirmed=True)
        case "decline":
            return False
        case "restart":
            return clinician.restart(state, rest)
        case "override":
            comment = form.get(f"comment:{first}", "").strip()
            return clinician.override(state, first, form.get(f"reason:{first}", ""), comment)
        case "sign":
            return clinician.sign(state)
    raise BadState("there is no such button")


def _explainer(context: PageContext) -> Explainer | None:
    """None where another service is called: what moves it is not ours to say."""
    settings, knowledge = context.settings, context.knowledge
    if settings.pages_service is not None:
        return None
    reasons = default_reasons(knowledge.policy, settings.locale)
    in_force = partial(context.in_force, reasons)
    return Explainer(in_force, context.client, context.clock, settings.max_entries)


def _clinician(
    context: PageContext, catalogue: Catalogue, patient_id: str, state: State, explainer: Explainer | None
) -> Clinician:
    if not _ID.fullmatch(patient_id) or not patient_id.strip("."):
        raise EhrError("no patient id", 404)
    settings = context.settings
    ehr = Ehr(
        settings.pages_service or _this_service(),
        settings.pages_fhir_server or "",
        send_prefetch=state.send_prefetch,
        offer_server=state.offer_server,
    )
    return Clinician(ehr, patient_id, catalogue, context.clock, explainer)


def _asking(clinician: Clinician, state: State) -> Clinician:
    """The same clinician, whose client calls as the form has just said."""
    ehr = Ehr(clinician.ehr.cds, clinician.ehr.fhir, None, state.send_prefetch, state.offer_server)
    return replace(clinician, ehr=ehr)


def _this_service() -> str:
    """The address that this server listens at: not what the browser used, which may be mapped or made up."""
    host = request.environ.get("SERVER_NAME", "127.0.0.1")
    name = _EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{request.environ.get('SERVER_PORT', '80')}"


def _patients(context: PageContext, name: str) -> Response:
    ehr = Ehr("", context.settings.pages_fhir_server or "")
    about = request.args.get("about", "").strip()[:_MOST_TYPED]
    return patients_page(ehr, name, about, context.clock().date())


def _today(context: PageContext) -> date:
    return context.clock().astimezone(context.knowledge.zone).date()


def _person_after_deed(context: PageContext, clinician: Clinician) -> PatientHeading:
    """Never an error: what was done is done, and the page has to say so and keep the state that can undo it."""
    try:
        return read_person(clinician.ehr, clinician.patient_id, _today(context))
    except EhrError:
        return person_without_name(clinician.patient_id)


def _chart_page(
    context: PageContext, clinician: Clinician, state: State, person: PatientHeading, *, chart: bool
) -> Response:
    ehr, typed = clinician.ehr, _still_typed(clinician)
    launch_url = context.knowledge.launch_url
    own = OwnApp(launch_url, clinician.patient_id) if launch_url else None
    return page(
        "ehr/page.html",
        title="Chart",
        person=person,
        who=f"{person.name}, {'born ' + person.born if person.born else 'no date of birth'}",
        chart=read_chart(ehr, person, context.knowledge, _today(context)) if chart else None,
        state=state,
        state_json=quiet(dump(state)),
        fhir=ehr.fhir,
        cds=ehr.cds,
        chart_answers=state.at(CHART),
        order_answers=state.at(ORDER),
        typed=typed,
        route=request.form.get("route", "") if typed else "",
        dose=request.form.get("dose", "") if typed else "",
        routes=ROUTES,
        matches=clinician.catalogue.matching(typed) if _is_undecided(clinician) else [],
        shown_cards=lambda answer: shown_cards(answer, ehr.fhir, own),
        titles_of=lambda answer: ", ".join(order_row(draft).what for draft in judged_drugs(answer)),
        not_asked_in=lambda answer: [order_row(draft).what for draft in not_asked(answer, state.drafts)],
        names_unknown_in=lambda answer: _unknown_names(clinician.catalogue, answer),
        read_at=context.clock().astimezone(context.knowledge.zone).strftime("%Y-%m-%d %H:%M %Z"),
        sign_words=sign_words(state),
        link=permalink(clinician.patient_id, state, clinician.catalogue),
        waiting=waiting_cards(state),
        as_json=as_json,
        around_json=around_json,
        order_row=order_row,
    )


def _unknown_names(catalogue: Catalogue, answer: ServiceAnswer) -> list[str]:
    """The drugs that an answer on orders is about and that the list does not hold; none for patient-view."""
    if answer.hook not in ("order-select", "order-sign"):
        return []
    known = {drug.name for drug in catalogue}
    drugs = [draft for draft in judged_drugs(answer) if draft.get("resourceType") == "MedicationRequest"]
    return [row.what for row in map(order_row, drugs) if not row.code and row.what not in known]


def _typed() -> str:
    return request.form.get("drug", "").strip()[:_MOST_TYPED]


def _is_undecided(clinician: Clinician) -> bool:
    """Was a name to be ordered that means several drugs?"""
    return request.form.get("do") == "pick" and len(clinician.catalogue.matching(_typed())) > 1


def _still_typed(clinician: Clinician) -> str:
    """What stays in the search box: the text, until it has been ordered."""
    is_pick = request.form.get("do", "").partition(":")[0] == "pick"
    return "" if is_pick and not _is_undecided(clinician) else _typed()
