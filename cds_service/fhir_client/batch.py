"""Many look-ups in one request: the FHIR batch Bundle, what its answer holds, and which servers take none.

What may live here: the Bundle of a batch and the judgement of its entries. Whether a server is sent batches at all is a
setting, because servers differ: some do not take them, and some work through the entries one after another.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
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

REFUSED_FOR_SECONDS = 300.0
"""For how long a server that took no batch is asked singly."""
_MOST_REFUSING = 256
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


class RefusingServers:
    """The base URLs that took no batch lately: a few hundred, each for some minutes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def __contains__(self, base: str) -> bool:
        with self._lock:
            return self._until.get(base, 0.0) > self._clock()

    def __len__(self) -> int:
        return len(self._until)

    def add(self, base: str) -> None:
        """This server took no batch; when there are too many, the first that was added is forgotten."""
        with self._lock:
            self._until.pop(base, None)
            self._until[base] = self._clock() + REFUSED_FOR_SECONDS
            while len(self._until) > _MOST_REFUSING:
                del self._until[next(iter(self._until))]


def tells_of_the_server(failure: FhirError) -> bool:
    """Is this why the next batch would fail too? Not so with a token, a busy moment, or one patient's record."""
    passing = isinstance(failure, PassingError) or failure.reason in _OF_ONE_PATIENT
    return not passing and not (isinstance(failure, RefusedError) and failure.status == 401)
