"""The HTTP face: discovery, calling a service, feedback, health; our few errors as HTTP answers.

What may live here: thin views. What is decided lies below.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from cds_service.access import TrustedClient, caller
from cds_service.api.answering import checked, refused_for
from cds_service.api.call_span import with_span
from cds_service.api.feedback_body import parse_feedback
from cds_service.api.happened import Happened
from cds_service.api.health import Faults, add_health
from cds_service.api.keeping import Keeping
from cds_service.api.not_shown import NotShown, Told
from cds_service.api.request_body import sent_json
from cds_service.api.sampled import Sampled
from cds_service.api.services import SERVICES, Service, call
from cds_service.api.validation import InvalidField
from cds_service.clock import seconds_with_us
from cds_service.fhir_client import FhirClient
from cds_service.knowledge import Knowledge, Tenants
from cds_service.metrics import FEEDBACK
from cds_service.outcome import ServiceError, operation_outcome
from cds_service.storage import NoPlace, StoreError
from hooks.judgement import CannotJudge

log = logging.getLogger("cds_service")

SPECIFICATION = "3.0.0"
"""The CDS Hooks version that the services implement; calls of 1.x and 2.0 clients are served as well."""

RETRY_AFTER_SECONDS = "5"
"""When feedback that was not stored is worth sending again."""

COUNTS_AS_SHOWN_SECONDS = 1.0
"""The EHR may have gone on without an answer that took longer: nobody may go by it as shown."""

NOTHING_TO_TELL = Told()

USAGE = (
    "Needs read access to Patient, Condition, MedicationRequest, Medication, Observation and Procedure of the patient "
    "in context, by prefetch or by FHIR server; answers 412 when that is not enough to judge. MedicationStatement is "
    "optional: without it the cards say that the medication history could not be read."
)


def json_response(body: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def discovery(knowledge: Knowledge, told: Told = NOTHING_TO_TELL) -> dict[str, Any]:
    """The discovery document; the templates are the queries that the fallback fetch uses.

    A description says what of its service is not shown, as `told`: a service that is switched off is still listed.
    """
    return {
        "services": [
            {
                "id": service.ID,
                "hook": service.HOOK,
                "title": service.TITLE,
                "description": " ".join([service.DESCRIPTION, *told.about(service.ID).sentences]),
                "version": SPECIFICATION,
                "usageRequirements": USAGE,
                "prefetch": {query.key: query.template() for query in knowledge.queries_for(service.HOOK)},
            }
            for service in SERVICES
        ],
    }


def blueprint(
    tenants: Tenants,
    client: FhirClient,
    keeping: Keeping,
    clock: Callable[[], datetime],
    max_entries: int,
    not_shown: NotShown,
    faults: Sequence[Faults] = (),
) -> Blueprint:
    """The routes, wired to what they need. What the caller's tenant knows is asked once in a request.

    `faults` are those of parts that the health addresses would not know of otherwise.
    """
    routes = Blueprint("cds", __name__)
    services: dict[str, Service] = {service.ID: service for service in SERVICES}
    sampled = Sampled()
    feedback_log = Outage("feedback cannot be stored, clients are asked to send it again", "feedback is stored again")
    description = files("cds_service.api.schemas").joinpath("openapi.json").read_bytes()

    def known(service_id: str) -> Service:
        service = services.get(service_id)
        if service is None:
            raise ServiceError(404, "there is no service with this id", "id")
        return service

    @routes.get("/cds-services")
    def discover() -> Response:
        now, known_client = clock(), caller()
        tenant = known_client.tenant if known_client else None
        knowledge = tenants.of(tenant, now)
        # Whoever is not known may belong to any tenant.
        told = not_shown.to_tenant(tenant, knowledge, now) if tenant else not_shown.to_all(now)
        return json_response(discovery(knowledge, told))

    @routes.post("/cds-services/<service_id>")
    @with_span(services)
    def call_service(service_id: str) -> Response:
        service = known(service_id)
        started = time.perf_counter()
        hook_request = checked(sent_json(), service, max_entries)
        now, known_client = clock(), caller()
        issuer, tenant = names_of(known_client)
        knowledge = tenants.of(tenant or None, now)
        linked = knowledge if can_launch(known_client) else replace(knowledge, launch_url=None)
        linked = not_shown.in_force(linked, tenant)
        happened = Happened(service, hook_request, issuer, tenant, now, linked.version, keeping.pseudonyms)
        try:
            advice = call(service, hook_request, linked, client, now, keeping.repeating(happened))
        except CannotJudge as gap:
            keeping.record(partial(happened.refused, gap))
            raise refused_for(gap) from None
        is_sampled = advice.unmapped is not None and sampled.is_due(now)
        may_repeat = not linked.switches.repeat.looks_back
        counts = max(seconds_with_us(request.environ), time.perf_counter() - started) < COUNTS_AS_SHOWN_SECONDS
        events = partial(happened.answered, is_sampled=is_sampled, counts_as_shown=counts)
        is_kept = keeping.record(partial(events, advice), may_repeat=may_repeat)
        if not is_kept and advice.is_repeated and advice.unrepeated is not None:
            # What is held back and nowhere noted would be gone without a trace.
            advice = advice.unrepeated()
        spent = (time.perf_counter() - started) * 1000
        log.info(
            "%s answered %d cards, %d held back, in %.1f ms", service.ID, len(advice.cards), len(advice.held), spent
        )
        return json_response({"cards": advice.cards})

    @routes.post("/cds-services/<service_id>/feedback")
    def take_feedback(service_id: str) -> Response:
        service = known(service_id)
        now = clock()
        items = parse_feedback(sent_json(), now)
        issuer, tenant = names_of(caller())
        try:
            place = keeping.places.one()
            unknown = keeping.log.record_feedback(service.ID, items, now, issuer, tenant, place=place)
        except NoPlace:
            raise send_again("too much other feedback waits for the database; send this again later") from None
        except StoreError as error:
            feedback_log.fails(error)
            raise send_again("the feedback could not be stored; send it again later") from None
        feedback_log.works()
        for item in items:
            FEEDBACK.count(service.ID, item.outcome)
        if tenants.of(tenant or None, now).switches.repeat.looks_back:
            keeping.before.answer(service.ID, issuer, items, now)
        if unknown:
            # Another machine may hold them in its spool, and we cannot look there.
            message = f"stored; {len(unknown)} of {len(items)} cards are not known to this service, or not yet"
            return json_response(operation_outcome(404, message, "feedback.card", "warning"))
        return json_response({})

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(description, mimetype="application/json")

    add_health(routes, keeping, not_shown, tenants.record, clock, faults)
    return routes


def send_again(message: str) -> ServiceError:
    """Nothing was stored, and the client is told when to come back."""
    error = ServiceError(503, message)
    error.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return error


def names_of(client: TrustedClient | None) -> tuple[str, str]:
    """The issuer of a caller, and its organisation by our file of trusted clients; "" where it is not known."""
    return (client.issuer, client.tenant) if client else ("", "")


def can_launch(client: TrustedClient | None) -> bool:
    """May the caller's cards link to our SMART app? Where callers are known, the app has to be registered there."""
    return client is None or client.smart_client_id is not None or client.smart_open


class Outage:
    """Something that fails for a while: that is said once, and once that it works again."""

    def __init__(self, fault: str, again: str) -> None:
        self._fault, self._again = fault, again
        self._is_told = False

    def fails(self, error: StoreError) -> None:
        """It has just failed."""
        if not self._is_told:
            self._is_told = True
            log.error("%s: %s", self._fault, error)

    def works(self) -> None:
        """It has just worked."""
        if self._is_told:
            self._is_told = False
            log.warning("%s", self._again)


def register_errors(app: Flask) -> None:
    """Every error as an OperationOutcome, without trace or data."""

    @app.errorhandler(ServiceError)
    def service_error(error: ServiceError) -> Response:
        log.info("answered %d: %s", error.status, error.logged)
        response = json_response(operation_outcome(error.status, error.message, error.field), error.status)
        response.headers.update(error.headers)
        return response

    @app.errorhandler(InvalidField)
    def invalid_field(error: InvalidField) -> Response:
        return json_response(operation_outcome(400, str(error), error.path), 400)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        # Of the rate, what is said is our own; of all else it is the library's, and may repeat what was sent.
        message = error.description if isinstance(error, TooManyRequests) else None
        response = json_response(operation_outcome(status, message or error.name.lower()), status)
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The type and place help to find the fault; the message could carry patient data and stays out.
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
        log.error("unexpected %s at %s", type(error).__name__, place)
        return json_response(operation_outcome(500, "the service failed; the fault has been logged"), 500)
