"""Habits of asking: the shapes of prefetch, members of a request, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.contract.records import Json, failure
from tests.field.held import without
from tests.field.quirks.kinds import Wire, of_body, of_wire, of_wrapping


@of_body(spelling=True)
def drafts_in_a_bundle_without_a_type(body: Json) -> Json:
    """The public sandbox leaves Bundle.type out (cds-hooks/docs#517)."""
    if "draftOrders" in body["context"]:
        del body["context"]["draftOrders"]["type"]
    return body


@of_body(spelling=True)
def drafts_without_the_entry_around_them(body: Json) -> Json:
    """Orders stand in `entry` as they are (hand-written clients; cds-hooks/docs#517)."""
    orders = body["context"].get("draftOrders")
    if orders and not any("fullUrl" in one for one in orders["entry"]):
        orders["entry"] = [one["resource"] for one in orders["entry"]]
    return body


def _bundles(body: Json, change: Callable[[Json], Any]) -> Json:
    """The body with every Bundle of the prefetch changed."""

    def new(value: Any) -> Any:
        return change(value) if isinstance(value, dict) and value.get("resourceType") == "Bundle" else value

    return {**body, "prefetch": {key: new(value) for key, value in body.get("prefetch", {}).items()}}


@of_body(spelling=True)
def searches_as_a_collection(body: Json) -> Json:
    """Clients that gather by reads build a collection (cds-hooks/docs#103)."""
    return _bundles(body, lambda bundle: {**without(bundle, "link", "total"), "type": "collection"})


@of_body(spelling=True)
def searches_without_total(body: Json) -> Json:
    """`total` is optional (FHIR R4, Bundle.total)."""
    return _bundles(body, lambda bundle: without(bundle, "total"))


@of_body(spelling=True)
def totals_in_quotes(body: Json) -> Json:
    """Numbers written as text (medplum and others, by hand-written serialisers)."""
    return _bundles(body, lambda bundle: {**bundle, "total": str(bundle["total"])} if "total" in bundle else bundle)


@of_body(spelling=True)
def a_warning_beside_the_matches(body: Json) -> Json:
    """An OperationOutcome of severity warning stands among the entries (microsoft/fhir-server#2208)."""
    return _bundles(body, lambda bundle: {**bundle, "entry": [*_entries(bundle), _remark("warning")]})


@of_body(spelling=True)
def a_warning_in_capitals(body: Json) -> Json:
    """The severity as "Warning" (microsoft/fhir-server#2208, .NET enum names)."""
    return _bundles(body, lambda bundle: {**bundle, "entry": [*_entries(bundle), _remark("Warning")]})


@of_body(spelling=True)
def totals_that_count_the_remarks(body: Json) -> Json:
    """`total` counts an outcome entry (hapifhir/hapi-fhir#7153)."""

    def counted(bundle: Json) -> Json:
        entries = [*_entries(bundle), _remark("information")]
        return {**bundle, "total": len(entries), "entry": entries}

    return _bundles(body, counted)


def _entries(bundle: Json) -> list[Json]:
    return bundle.get("entry") or []


def _remark(severity: str) -> Json:
    return {"resource": failure(severity), "search": {"mode": "outcome"}}


@of_wrapping(spelling=True)
def searches_in_a_batch_response(body: Json) -> Json:
    """The searchset lies in the batch-response that brought it (cds-hooks/docs#103)."""

    def wrapped(bundle: Json) -> Json:
        answer = {"response": {"status": "200 OK"}, "resource": bundle}
        return {"resourceType": "Bundle", "type": "batch-response", "entry": [answer]}

    return _bundles(body, wrapped)


@of_wrapping(spelling=True)
def answers_beside_their_status(body: Json) -> Json:
    """{response, resource}, as in the first drafts of the standard (cerner/cds-services-tutorial#13)."""
    answers = body.get("prefetch", {}).items()
    wrapped = {key: {"response": {"status": "200 OK"}, "resource": value} for key, value in answers}
    return {**body, "prefetch": wrapped}


@of_wrapping(spelling=True)
def one_match_without_its_bundle(body: Json) -> Json:
    """Where one resource matched it comes as it is (hand-written clients; cds-hooks/docs#157)."""

    def alone(bundle: Json) -> Json:
        entries = _entries(bundle)
        found: Json = entries[0].get("resource", entries[0]) if len(entries) == 1 else bundle
        return found

    return _bundles(body, alone)


@of_body(spelling=True)
def nothing_found_as_null(body: Json) -> Json:
    """Searches without a match are null (medplum packages/core, cds.ts; CDS Hooks, Prefetch)."""
    return _bundles(body, lambda bundle: bundle if _entries(bundle) else None)


@of_body(spelling=True)
def entries_shuffled(body: Json) -> Json:
    """`_sort` is not honoured (AWS FHIR Works; microsoft/fhir-server#620)."""
    return _bundles(
        body, lambda bundle: {**bundle, "entry": _entries(bundle)[::-1][1::2] + _entries(bundle)[::-1][::2]}
    )


@of_body(spelling=True)
def entries_twice(body: Json) -> Json:
    """The same entry on two pages (hapifhir/hapi-fhir#5237; LinuxForHealth/FHIR#440)."""
    return _bundles(body, lambda bundle: {**bundle, "entry": [*_entries(bundle), *_entries(bundle)]})


@of_body(spelling=True)
def entries_without_address_and_mode(body: Json) -> Json:
    """Neither fullUrl nor search.mode (OpenEMR, OpenMRS)."""
    kept = ("fullUrl", "search")
    return _bundles(body, lambda bundle: {**bundle, "entry": [_bare(one, kept) for one in _entries(bundle)]})


@of_body(spelling=True)
def resources_without_the_entry_around_them(body: Json) -> Json:
    """Resources stand in `entry` as they are (hand-written clients; cds-hooks/docs#517)."""
    return _bundles(body, lambda bundle: {**bundle, "entry": [_alone(one) for one in _entries(bundle)]})


def _alone(found: Json) -> Any:
    """The resource of an entry, unless the address of the entry is what others refer to."""
    return found if str(found.get("fullUrl")).startswith("urn:") else found["resource"]


def _bare(found: Json, members: tuple[str, ...]) -> Json:
    return found if (found.get("search") or {}).get("mode") in ("include", "outcome") else without(found, *members)


@of_body(spelling=True)
def included_resources_of_other_types(body: Json) -> Json:
    """Provenance and Organization come along (US Core, _revinclude:Provenance)."""
    others = [
        {"resource": {"resourceType": kind, "id": "x"}, "search": {"mode": "include"}}
        for kind in ("Provenance", "Organization", "DiagnosticReport")
    ]
    return _bundles(body, lambda bundle: {**bundle, "entry": [*_entries(bundle), *others]})


@of_body(spelling=True)
def nulls_in_bundles(body: Json) -> Json:
    """Members without a value are written as null (serialisers of .NET and Java)."""
    nulls = {"id": None, "meta": None, "timestamp": None, "signature": None}
    return _bundles(body, lambda bundle: {**bundle, **nulls, "entry": _entries(bundle) or None})


@of_body(spelling=True)
def optional_members_as_null(body: Json) -> Json:
    """Optional members of the request are null (HL7-DaVinci/CRD#292)."""
    context = {"encounterId": None, **body["context"]}
    return {"fhirServer": None, "fhirAuthorization": None, "extension": None, **body, "context": context}


@of_body(spelling=True)
def members_that_nobody_knows(body: Json) -> Json:
    """Members and extensions of the vendor's own (Epic's extensions of CDS Hooks)."""
    own = {"extension": {"com.vendor.x": {"a": [1]}}, "user": "x", "redirect": "y", "source": {"label": "EHR"}}
    return {**own, **body, "context": {"encounterId": "enc-1", "vendor": [], **body["context"]}}


@of_body(spelling=True)
def keys_that_were_not_advertised(body: Json) -> Json:
    """Prefetch of other services comes along (HL7-DaVinci/crd-request-generator)."""
    return {**body, "prefetch": {"coverage": {"resourceType": "Bundle"}, "own": None, **body.get("prefetch", {})}}


@of_wire(spelling=True)
def a_byte_order_mark(wire: Wire) -> Wire:
    """A mark before the JSON (hapifhir/hapi-fhir#266; FHIR/GoFSH#150)."""
    return b"\xef\xbb\xbf" + wire[0], wire[1]


@of_wire(spelling=True)
def the_media_type_of_fhir(wire: Wire) -> Wire:
    """application/fhir+json on a request (cds-hooks/legacy-sandbox#9)."""
    return wire[0], {**wire[1], "Content-Type": "application/fhir+json"}


@of_wire(spelling=True)
def a_charset_in_capitals(wire: Wire) -> Wire:
    """application/json; charset=UTF-8 (Java clients)."""
    return wire[0], {**wire[1], "Content-Type": "Application/JSON; charset=UTF-8"}


@of_wire(spelling=True)
def letters_as_they_are_and_blanks(wire: Wire) -> Wire:
    """Indented, and without escapes for letters of other languages (any pretty printer)."""
    text = json.dumps(json.loads(wire[0]), indent=4, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass"), wire[1]
