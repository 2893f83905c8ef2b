"""The span of one call of a service.

What may live here: what a trace tells of a call as a whole: service, hook, status, request id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from flask import Response, request
from werkzeug.exceptions import HTTPException

from cds_service.api.services import Service
from cds_service.api.validation import InvalidField
from cds_service.logs import current_request_id
from cds_service.outcome import ServiceError
from cds_service.tracing import SERVER, is_on, span

_STATUS = "http.response.status_code"
View = Callable[[str], Response]


def with_span(services: Mapping[str, Service]) -> Callable[[View], View]:
    """Let each call of one of these services, by its id, be a span. What is asked for in vain has none."""

    def traced(view: View) -> View:
        @wraps(view)
        def call(service_id: str) -> Response:
            service = services.get(service_id)
            return view(service_id) if service is None or not is_on() else _in_span(view, service)

        return call

    return traced


def _in_span(view: View, service: Service) -> Response:
    told = {"cds.service": service.ID, "cds.hook": service.HOOK, "cds.request_id": current_request_id()}
    with span("call", told, kind=SERVER, traceparent=request.headers.get("Traceparent", "")) as made:
        try:
            answer = view(service.ID)
        except Exception as error:
            status = status_of(error)
            made.set(_STATUS, status)
            if status >= 500:
                made.failed(type(error).__name__)
            raise
        made.set(_STATUS, answer.status_code)
        return answer


def status_of(error: Exception) -> int:
    """With which status this is answered."""
    if isinstance(error, ServiceError):
        return error.status
    if isinstance(error, InvalidField):
        return 400
    return (error.code or 500) if isinstance(error, HTTPException) else 500
