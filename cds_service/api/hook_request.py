"""The request body of a hook as a frozen value.

What may live here: the shape of a CDS Hooks request. The access token stays out of every repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.api.prefetch_shapes import entries_in
from cds_service.api.validation import REQUEST, InvalidField, check, without_nulls
from cds_service.fhir_client import FhirServer
from fhir_mappings.drafts import drafts_in, naming
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
    user_id: str = ""


MOST_DRAFTS = 1_000
"""So many drafts, and selections of them, are judged in one call. Nobody signs more at once; each can be a line and a
suggestion of the answer, some 300 bytes.
"""


DRAFTS_ARE = "entries of draftOrders and what order sets contain"


class TooMany(Exception):
    """A request brings more of something than one call may; `field` names where, the text says of what."""

    def __init__(self, what: str, field: str) -> None:
        super().__init__(f"more than {what}")
        self.field = field


def _as_meant(body: object) -> object:
    """The body without its members that are null, and without an authorization that holds no token.

    Many libraries write null for what they have not. In `prefetch` null has a meaning, and stays.
    """
    if not isinstance(body, dict):
        return body
    meant = {**without_nulls(body)}
    context = without_nulls(meant.get("context"))
    if isinstance(context, dict) and "draftOrders" in context:
        context = {**context, "draftOrders": without_nulls(context["draftOrders"])}
    if "context" in meant:
        meant["context"] = context
    authorization = meant.get("fhirAuthorization")
    if isinstance(authorization, dict) and authorization.get("access_token") in (None, ""):
        del meant["fhirAuthorization"]
    return meant


def parse_hook_request(body: object, hook: str, max_entries: int = 50_000) -> HookRequest:
    """The body of a call to a service of this hook.

    Raises:
        InvalidField: naming the field that is missing, of the wrong type, or meant for another hook.
        TooMany: drafts or selections, or resources in the Bundles, contained ones among them.
    """
    meant = _as_meant(body)
    check(meant, REQUEST)
    request: Mapping[str, Any] = meant  # type: ignore[assignment]  # the schema has just shown that it is an object
    if request["hook"] != hook:
        raise InvalidField("hook", f"must be {hook} at this service")
    context = request["context"]
    prefetch = request.get("prefetch", {})
    if sum(map(entries_in, (*prefetch.values(), context.get("draftOrders")))) > max_entries:
        raise TooMany(f"{max_entries} Bundle entries", "prefetch")
    _check_drafts(hook, context)
    authorization, server = request.get("fhirAuthorization", {}), request.get("fhirServer")
    return HookRequest(
        hook=hook,
        hook_instance=request["hookInstance"],
        patient_id=without_urn(context["patientId"]),
        prefetch=prefetch,
        server=FhirServer(server, authorization.get("access_token")) if server else None,
        user_id=context["userId"],
        draft_orders=context.get("draftOrders", {}),
        selections=_selections(context) if hook == "order-select" else None,
    )


def _check_drafts(hook: str, context: Mapping[str, Any]) -> None:
    if hook != "patient-view" and drafts_in(context["draftOrders"]) > MOST_DRAFTS:
        raise TooMany(f"{MOST_DRAFTS} drafts ({DRAFTS_ARE})", "context.draftOrders")
    if hook == "order-select" and len(context["selections"]) > MOST_DRAFTS:
        raise TooMany(f"{MOST_DRAFTS} selections", "context.selections")


def _selections(context: Mapping[str, Any]) -> tuple[str, ...]:
    """What was selected. A number is taken for the id of a draft, if there is such a draft."""
    selections = context["selections"]
    odd = {place: str(selection) for place, selection in enumerate(selections) if not isinstance(selection, str)}
    names_draft = naming(context["draftOrders"]) if odd else bool
    for place, selection in odd.items():
        if not names_draft(selection):
            raise InvalidField(f"context.selections[{place}]", "must name a draft, such as MedicationRequest/123")
    return tuple(map(str, selections))
