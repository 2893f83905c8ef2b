"""Many look-ups in one request: the FHIR batch Bundle, what its answer holds, and whether the server takes any.

What may live here: the Bundle of a batch and the judgement of its entries. Whether a server is sent batches at all is a
setting, because servers differ: some do not take them, and some work through the entries one after another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from cds_service.fhir_client.answer import PAUSE_SECONDS, sound
from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.terms import (
    LATE,
    NOT_FHIR,
    OTHER_PATIENT,
    OTHER_RESOURCE,
    OTHER_RESOURCES,
    OTHER_SEARCH,
    TOO_LARGE,
    FhirError,
    PassingError,
    RefusedError,
)

_OF_ONE_PATIENT = frozenset({LATE, TOO_LARGE, OTHER_PATIENT, OTHER_RESOURCE, OTHER_RESOURCES, OTHER_SEARCH})
_STATUS = re.compile(r"([1-5][0-9]{2})(?:\s.*)?", re.DOTALL)


def batch_of(paths: Sequence[str]) -> bytes:
    """The Bundle that asks for these addresses, relative to the base."""
    entries = [{"request": {"method": "GET", "url": path.lstrip("/")}} for path in paths]
    return orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})


def answers_in(bundle: JsonObject, count: int) -> list[JsonObject | FhirError] | None:
    """What each entry brings, by position; None when this is no answer to a batch of this size."""
    entries = bundle.get("entry")
    if bundle["resourceType"] != "Bundle" or bundle.get("type") != "batch-response" or not isinstance(entries, list):
        return None
    return [_judged(entry) for entry in entries] if len(entries) == count else None


def _judged(entry: Any) -> JsonObject | FhirError:
    """One entry, judged as the single answer would be."""
    response = entry.get("response") if isinstance(entry, dict) else None
    said = response.get("status") if isinstance(response, dict) else None
    match = _STATUS.fullmatch(said.strip()) if isinstance(said, str) else None
    if match is None:
        return FhirError(NOT_FHIR)
    status = int(match[1])
    if status in (429, 503):
        return PassingError(RefusedError(status).reason, PAUSE_SECONDS)
    if status != 200:
        return RefusedError(status)
    return sound(entry.get("resource"))


def tells_of_the_server(failure: FhirError) -> bool:
    """Is this why the next batch would fail too? Not so with a token, a busy moment, or one patient's record."""
    passing = isinstance(failure, PassingError) or failure.reason in _OF_ONE_PATIENT
    return not passing and not (isinstance(failure, RefusedError) and failure.status == 401)
