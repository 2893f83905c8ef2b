"""The request body of a hook as a frozen value.

What may live here: the shape of a CDS Hooks request. The access token stays out of every repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.api.validation import REQUEST, InvalidField, check
from cds_service.fhir_client import FhirServer
from fhir_mappings.fhir_json import without_urn


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call of a service. `selections` is None at hooks without selections; `server` None without a FHIR server."""

    hook: str
    hook_instance: str
    patient_id: str
    prefetch: Mapping[str, Any] = field(repr=False)
    server: FhirServer | None
    draft_orders: Mapping[str, Any] = field(default_factory=dict, repr=False)
    selections: tuple[str, ...] | None = None


class TooManyEntries(Exception):
    """The Bundles of a request hold more entries than the limit."""


def _entries(bundle: object) -> int:
    """How many resources a Bundle brings: its entries, and what these contain."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    return len(entries) + sum(map(_contained, entries)) if isinstance(entries, list) else 0


def _contained(entry: object) -> int:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    contained = resource.get("contained") if isinstance(resource, dict) else None
    return len(contained) if isinstance(contained, list) else 0


def parse_hook_request(body: object, hook: str, max_entries: int = 50_000) -> HookRequest:
    """The body of a call to a service of this hook.

    Raises:
        InvalidField: naming the field that is missing, of the wrong type, or meant for another hook.
        TooManyEntries: the Bundles hold more resources than one request may bring, contained ones among them.
    """
    check(body, REQUEST)
    request: Mapping[str, Any] = body  # type: ignore[assignment]  # the schema has just shown that it is an object
    if request["hook"] != hook:
        raise InvalidField("hook", f"must be {hook} at this service")
    context = request["context"]
    bundles = [*(request.get("prefetch") or {}).values(), context.get("draftOrders")]
    if sum(map(_entries, bundles)) > max_entries:
        raise TooManyEntries
    authorization = request.get("fhirAuthorization") or {}
    server = request.get("fhirServer")
    selections = context.get("selections") if hook == "order-select" else None
    return HookRequest(
        hook=hook,
        hook_instance=request["hookInstance"],
        patient_id=without_urn(context["patientId"]),
        prefetch=request.get("prefetch") or {},
        server=FhirServer(server, authorization.get("access_token")) if server else None,
        draft_orders=context.get("draftOrders") or {},
        selections=tuple(map(str, selections)) if selections is not None else None,
    )
