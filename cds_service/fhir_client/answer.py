"""One HTTP answer of a FHIR server: read within its limit, judged by its status, taken for JSON or for a failure.

What may live here: the judgement of a single answer, the same whichever way it came.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import orjson
import requests
import urllib3

from cds_service.fhir_client.bundles import REPORTED_ERROR, JsonObject, reports_error
from cds_service.fhir_client.terms import NOT_FHIR, TOO_LARGE, FhirError, PassingError, RefusedError

PAUSE_SECONDS = 0.05
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers that matter (names in lower case) and the body as it is meant."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_whole(response: requests.Response, max_bytes: int) -> Answer:
    """The answer, its body read only where the status is one that we use. FhirError when it is larger than allowed."""
    headers = {"retry-after": response.headers["Retry-After"]} if "Retry-After" in response.headers else {}
    body = _read_body(response, max_bytes) if response.status_code == 200 else b""
    return Answer(response.status_code, headers, body)


def decoded(answer: Answer, max_bytes: int) -> Answer:
    """The same without its Content-Encoding. FhirError or a urllib3 error when that cannot be done."""
    if "content-encoding" not in answer.headers:
        return answer
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(answer.body), answer.headers, preload_content=False)
    return Answer(answer.status, answer.headers, _read_body(response, max_bytes))


def resource_of(answer: Answer) -> JsonObject:
    """The resource that came with status 200. Raises FhirError, PassingError where another try may help."""
    if answer.status in (429, 503):
        raise PassingError(RefusedError(answer.status).reason, _pause_asked_for(answer))
    if answer.status != 200:
        raise RefusedError(answer.status)
    return fhir_json(answer.body)


def fhir_json(body: bytes) -> JsonObject:
    """The resource in this body. What the server calls it (Content-Type) proves nothing and is not looked at."""
    try:
        resource = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        resource = None
    return sound(resource)


def sound(resource: object) -> JsonObject:
    """This value when it is a resource and reports no error; else FhirError."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise FhirError(NOT_FHIR)
    if reports_error(resource):
        raise FhirError(REPORTED_ERROR)
    return cast(JsonObject, resource)


def _pause_asked_for(answer: Answer) -> float | None:
    """Retry-After in seconds. A calendar date there is not followed: our deadlines are shorter than its steps."""
    asked = answer.headers.get("retry-after")
    if asked is None:
        return PAUSE_SECONDS
    return float(asked) if re.fullmatch("[0-9]{1,9}", asked.strip()) else None


def _read_body(response: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise FhirError(TOO_LARGE)
    return bytes(body)
