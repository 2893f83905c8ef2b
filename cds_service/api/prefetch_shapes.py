"""Prefetched data in the wrappings that clients put around them: what was found, and whether it was found at all.

What may live here: taking off wrappings, and the wrappings that tell of a failed look-up. What cannot be understood is
a failure with its reason, never an empty answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from cds_service.fhir_client import OTHER_PATIENT, REPORTED_ERROR, FhirError, JsonObject, read_page, reports_error
from cds_service.json_text import TOO_LARGE
from fhir_mappings.fhir_json import id_of, is_same_id

NOTHING_INSIDE = "what was sent along holds neither the answer nor that there is none"
REFUSED = "what was sent along is the refusal of a FHIR server"
TOO_DEEP = "what was sent along is wrapped too deeply"

MOST_WRAPPINGS = 4
_ANSWERS = ("batch-response", "transaction-response")
_STATUS = re.compile(r"\s*([1-5][0-9]{2})(?![0-9])")


def entries_in(sent: object, wrappings: int = MOST_WRAPPINGS) -> int:
    """How many entries prefetched data or drafts bring, with what these contain and what is wrapped in them."""
    entries = sent.get("entry") if isinstance(sent, dict) and "entry" in sent else sent
    if isinstance(entries, list):
        return len(entries) + sum(_inside(entry, wrappings) for entry in entries)
    return _inside(sent, wrappings)


def _inside(entry: object, wrappings: int) -> int:
    resource = entry.get("resource", entry) if isinstance(entry, dict) else None
    if not isinstance(resource, dict):
        return 0
    contained = resource.get("contained")
    more = len(contained) if isinstance(contained, list) else 0
    if wrappings and ("entry" in resource or "resource" in resource):
        more += entries_in(resource, wrappings - 1)
    return more


def as_searchset(sent: object) -> object:
    """The searchset that was sent along in any wrapping; what is none is handed back for `read_page` to refuse.

    A single resource is a list of one, and a list of resources is what a search found.

    Raises:
        FhirError: a wrapping says that the look-up failed, or does not say what it brought.
    """
    found = unwrapped(sent)
    if isinstance(found, list) and found:
        return {"resourceType": "Bundle", "entry": [_entry(item) for item in found]}
    if isinstance(found, dict) and found.get("resourceType", "Bundle") not in ("Bundle", "OperationOutcome"):
        return {"resourceType": "Bundle", "entry": [{"resource": found}]}
    return found


def as_patient(sent: object, patient_id: str) -> object:
    """The Patient that was sent along, by itself or in a Bundle; what is none is handed back as it came.

    Raises:
        FhirError: as `as_searchset`; or the Bundle cannot be read, or holds several Patients and none is this one.
    """
    found = unwrapped(sent)
    if not isinstance(found, list) and not _is_bundle(found):
        return found
    problem, resources, *_ = read_page(as_searchset(found))
    if problem is not None:
        raise FhirError(problem)
    patients = [resource for resource in resources if resource.get("resourceType") == "Patient"]
    if len(patients) < 2:
        return patients[0] if patients else found
    ours = [patient for patient in patients if is_same_id(id_of(patient), patient_id)]
    if not ours:
        raise FhirError(OTHER_PATIENT)
    return ours[0]


def unwrapped(sent: object) -> object:
    """The resource, or the list of resources, that stands inside of all wrappings.

    Raises:
        FhirError: a wrapping says that the look-up failed, or there is nothing inside of it.
    """
    for _ in range(MOST_WRAPPINGS + 1):
        inside = _next_inside(sent)
        if inside is None:
            return sent
        sent = inside
    raise FhirError(TOO_DEEP)


def _next_inside(sent: object) -> object:
    """What a wrapping holds; None for what is not wrapped."""
    if _is_bundle(sent):
        return _out_of_bundle(sent)
    if isinstance(sent, list) and len(sent) == 1 and (_is_bundle(sent[0]) or _is_entry(sent[0])):
        return sent[0]
    return _content(sent) if _is_entry(sent) else None


def _out_of_bundle(bundle: Mapping[str, Any]) -> object:
    entries, is_answer = bundle.get("entry"), bundle.get("type") in _ANSWERS
    if not isinstance(entries, list) or not entries:
        if is_answer:
            raise FhirError(NOTHING_INSIDE)
        return None
    if bundle.get("type") != "searchset" or len(entries) == 1:
        for entry in entries:
            if isinstance(entry, dict) and (is_answer or "response" in entry):
                _content(entry)
    only = entries[0].get("resource") if len(entries) == 1 and isinstance(entries[0], dict) else None
    return only if _is_bundle(only) else None


def _content(entry: Mapping[str, Any]) -> JsonObject:
    """What an entry with a response, or of an answer to a batch, holds."""
    response, resource = entry.get("response"), entry.get("resource")
    response = response if isinstance(response, dict) else {}
    said = response.get("status")
    status = _STATUS.match(str(said))
    if status is not None and not status[1].startswith("2"):
        raise FhirError(REFUSED)
    if status is None and said is not None and (said == TOO_LARGE or not isinstance(said, str)):
        raise FhirError(NOTHING_INSIDE)
    if reports_error(response.get("outcome")) or reports_error(resource):
        raise FhirError(REPORTED_ERROR)
    if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
        raise FhirError(NOTHING_INSIDE)
    return resource


def _entry(item: Any) -> Any:
    """An item of a list as the entry of a Bundle; where it is an entry already, its response is judged."""
    if not isinstance(item, dict):
        return item
    return {**item, "resource": _content(item)} if _is_entry(item) else {"resource": item}


def _is_entry(value: object) -> TypeGuard[JsonObject]:
    """Is this the entry of a Bundle, without the Bundle?"""
    return isinstance(value, dict) and "resourceType" not in value and ("resource" in value or "response" in value)


def _is_bundle(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and value.get("resourceType") == "Bundle"
