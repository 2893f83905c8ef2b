"""One HTTP answer of a FHIR server: judged by its status, taken for JSON or for a failure.

What may live here: the judgement of a single answer, the same whichever way it came.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from cds_service.fhir_client.bundles import REPORTED_ERROR, JsonObject, reports_error
from cds_service.fhir_client.terms import NOT_FHIR, FhirError, PassingError, RefusedError

PAUSE_SECONDS = 0.05
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status, for how many seconds Retry-After asks us to wait (0 where it does not) and the body, unpacked."""

    status: int
    retry_after: int
    body: bytes | bytearray


def judged(answer: HttpAnswer) -> JsonObject | FhirError:
    """The resource that came with status 200, or why there is none: a PassingError where another try may help."""
    if answer.status in (429, 503):
        return PassingError(RefusedError(answer.status).reason, max(answer.retry_after, PAUSE_SECONDS))
    return fhir_json(answer.body) if answer.status == 200 else RefusedError(answer.status)


def fhir_json(body: bytes | bytearray) -> JsonObject | FhirError:
    """The resource in this body. What the server calls it (Content-Type) proves nothing and is not looked at."""
    try:
        resource = orjson.loads(body.removeprefix(_BYTE_ORDER_MARK) if body.startswith(_BYTE_ORDER_MARK) else body)
    except orjson.JSONDecodeError:
        return FhirError(NOT_FHIR)
    return sound(resource)


def sound(resource: object) -> JsonObject | FhirError:
    """This value when it is a resource and reports no error."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return FhirError(NOT_FHIR)
    return FhirError(REPORTED_ERROR) if reports_error(resource) else resource
