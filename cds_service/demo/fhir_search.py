"""The sandbox's search: which resources match, in what order, which page of them.

What may live here: the FHIR search parameters that this project and the pages it serves ask with, over plain JSON.
Parameters that are not known are ignored, as FHIR allows. No HTTP, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from cds_service.demo.fhir_dates import ANY_TIME, Span, date_matches, element_span
from cds_service.demo.fhir_store import SandboxError, SandboxStore
from cds_service.demo.patients import Resource

Query = Sequence[tuple[str, str]]
"""Search parameters in the order of the address; a repeated name means that all must hold."""

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000

_TOKENS: dict[str, tuple[str, ...]] = {
    "_tag": ("meta.tag",),
    "code": ("code", "medicationCodeableConcept"),
    "category": ("category",),
    "status": ("status",),
    "intent": ("intent",),
    "clinical-status": ("clinicalStatus",),
    "verification-status": ("verificationStatus",),
    "identifier": ("identifier",),
    "gender": ("gender",),
}
_DATES: dict[str, tuple[str, ...]] = {
    "Observation": ("effectiveDateTime", "effectiveInstant", "effectivePeriod"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "Condition": ("recordedDate", "onsetDateTime"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod"),
    "MedicationDispense": ("whenHandedOver",),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
}
_DATE_PARAMETERS = ("date", "recorded-date", "authoredon", "effective", "effective-time", "whenhandedover")


def search(store: SandboxStore, base: str, kind: str, query: Query) -> Resource:
    """A searchset Bundle: one page of the matches, what was asked to be included, and the link to the next page.

    SandboxError 400 when a date, `_count` or the offset of a page cannot be read.
    """
    _check_dates(query)
    found = [resource for resource in store.all(kind) if _matches(resource, kind, query)]
    for key in reversed([key for name, value in query if name == "_sort" for key in value.split(",")]):
        found = _sorted(found, kind, key)
    given = dict(query)
    size = min(_number(given.get("_count"), DEFAULT_PAGE), LARGEST_PAGE)
    offset = _number(given.get("_offset"), 0)
    page = found[offset : offset + size]
    links = [{"relation": "self", "url": _address(base, kind, query)}]
    if size and offset + size < len(found):
        rest = [pair for pair in query if pair[0] not in ("_offset", "_count")]
        rest += [("_count", str(size)), ("_offset", str(offset + size))]
        links.append({"relation": "next", "url": _address(base, kind, rest)})
    entries = [_entry(base, resource, "match") for resource in page]
    entries += [_entry(base, resource, "include") for resource in _included(store, page, query)]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
    return {**bundle, "entry": entries} if entries else bundle


def _matches(resource: Resource, kind: str, query: Query) -> bool:
    return all(_meets(resource, kind, name, value) for name, value in query)


def _meets(resource: Resource, kind: str, name: str, value: str) -> bool:
    if name == "_id":
        return resource["id"] in value.split(",")
    if name in ("patient", "subject"):
        return any(_same_patient(resource, wanted) for wanted in value.split(","))
    if name in _TOKENS:
        held = [token for path in _TOKENS[name] for token in _tokens(_at(resource, path))]
        return any(_token_matches(token, wanted) for wanted in value.split(",") for token in held)
    if name in _DATE_PARAMETERS and kind in _DATES:
        return _date_meets(resource, kind, value)
    if name == "name":
        return any(_named(resource, wanted) for wanted in value.lower().split(","))
    return True


def _same_patient(resource: Resource, wanted: str) -> bool:
    reference = str(_at(resource, "subject.reference") or _at(resource, "patient.reference") or "")
    # absolute addresses and bare ids mean the same patient as "Patient/1"
    return reference.rpartition("Patient/")[2] == wanted.rpartition("Patient/")[2] != ""


def _at(resource: Resource, path: str) -> Any:
    value: Any = resource
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _tokens(value: Any) -> Iterator[tuple[str, str]]:
    """The (system, code) pairs of a code, Coding, Identifier, CodeableConcept or a list of them."""
    if isinstance(value, list):
        for item in value:
            yield from _tokens(item)
    elif isinstance(value, dict):
        yield from _tokens(value.get("coding"))
        code = value.get("code", value.get("value"))
        if isinstance(code, str):
            yield str(value.get("system", "")), code
    elif isinstance(value, str):
        yield "", value


def _token_matches(held: tuple[str, str], wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    return (not bar or held[0] == system) and (held[1] == code or (bool(bar) and not code))


def _span(resource: Resource, kind: str) -> Span | None:
    return next((span for name in _DATES.get(kind, ()) if (span := element_span(resource.get(name)))), None)


def _date_meets(resource: Resource, kind: str, value: str) -> bool:
    span = _span(resource, kind)
    return span is not None and any(date_matches(span, wanted) for wanted in value.split(","))


def _check_dates(query: Query) -> None:
    try:
        for name, value in query:
            if name in _DATE_PARAMETERS:
                for wanted in value.split(","):
                    date_matches(ANY_TIME, wanted)
    except (ValueError, OverflowError) as error:
        raise SandboxError(400, "value", "a date in the search cannot be read") from error


def _named(resource: Resource, wanted: str) -> bool:
    names = [name for name in resource.get("name") or () if isinstance(name, dict)]
    parts = [part for name in names for part in (*(name.get("given") or ()), name.get("family"), name.get("text"))]
    return any(str(part).lower().startswith(wanted) for part in parts if part)


def _sorted(found: list[Resource], kind: str, key: str) -> list[Resource]:
    """By `key` ("date", "-date", "_id" …), stable; what has no such date stands last either way."""
    name, descending = key.removeprefix("-"), key.startswith("-")
    if name == "_id":
        return sorted(found, key=lambda resource: str(resource["id"]), reverse=descending)
    if name not in _DATE_PARAMETERS:
        return found
    dated = [(span, resource) for resource in found if (span := _span(resource, kind))]
    undated = [resource for resource in found if _span(resource, kind) is None]
    dated.sort(key=lambda pair: pair[0][0], reverse=descending)
    return [resource for _, resource in dated] + undated


def _included(store: SandboxStore, page: list[Resource], query: Query) -> list[Resource]:
    if ("_include", "MedicationRequest:medication") not in query:
        return []
    references = [str((_at(resource, "medicationReference.reference")) or "") for resource in page]
    ids = dict.fromkeys(reference.removeprefix("Medication/") for reference in references)
    return [found for id_ in ids if (found := store.get("Medication", id_))]


def _number(value: str | None, default: int) -> int:
    if value is None:
        return default
    if not value.isascii() or not value.isdigit():
        raise SandboxError(400, "value", "a page size or offset is not a number")
    return int(value)


def _address(base: str, kind: str, query: Query) -> str:
    return f"{base}/{kind}?{urlencode(query)}" if query else f"{base}/{kind}"


def _entry(base: str, resource: Resource, mode: str) -> dict[str, Any]:
    address = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": address, "resource": resource, "search": {"mode": mode}}
