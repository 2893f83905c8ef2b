"""One HTTP answer of a FHIR server: judged by its status, taken for JSON or for a failure.

What may live here: the judgement of a single answer, the same whichever way it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.fhir_client.bundles import REPORTED_ERROR, JsonObject, reports_error
from cds_service.fhir_client.terms import LATE, NOT_FHIR, Deadline, FhirError, PassingError, RefusedError
from cds_service.json_text import NotJson, read_json

PAUSE_SECONDS = 0.05
READ_PER_SECOND = 20_000_000
"""Bytes of JSON that are surely read in a second: a third of what a page of results takes on an ordinary machine.

While JSON is read the clock cannot be looked at, and the whole worker waits for it.
"""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer. `retry_after` is for how many seconds the server asks us to wait, or 0; the body is unpacked."""

    status: int
    retry_after: int
    body: bytes | bytearray
    content_type: str = ""


def judged_in_time(answer: HttpAnswer, deadline: Deadline) -> JsonObject | FhirError:
    """The same before this deadline: what is too large for the time that is left counts as late, and is not read."""
    if len(answer.body) > deadline.reading() * READ_PER_SECOND:
        return FhirError(LATE)
    found = judged(answer)
    return found if isinstance(found, FhirError) or deadline.reading() > 0 else FhirError(LATE)


def judged(answer: HttpAnswer) -> JsonObject | FhirError:
    """The resource that came with status 200, or why there is none: a PassingError where another try may help."""
    if answer.status in (429, 503):
        return PassingError(RefusedError(answer.status).reason, max(answer.retry_after, PAUSE_SECONDS))
    return fhir_json(answer.body, answer.content_type) if answer.status == 200 else RefusedError(answer.status)


def fhir_json(body: bytes | bytearray, content_type: str = "") -> JsonObject | FhirError:
    """The resource in this body. What the server calls it proves nothing: only the charset is looked at."""
    try:
        return sound(read_json(body, content_type))
    except NotJson:
        return FhirError(NOT_FHIR)


def sound(resource: object) -> JsonObject | FhirError:
    """This value when it is a resource and reports no error."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return FhirError(NOT_FHIR)
    return FhirError(REPORTED_ERROR) if reports_error(resource) else resource
