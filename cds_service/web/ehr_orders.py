"""What becomes of orders on the EHR page: in the drafts, which only the browser holds, and on the FHIR server.

What may live here: the actions of suggestions and the writing of signed orders. Each says in the state what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.ehr import Ehr, Resource, reference
from cds_service.exchange import Exchange
from cds_service.web.ehr_cards import table, text
from cds_service.web.ehr_chart import order_row
from cds_service.web.ehr_drugs import new_draft_id
from cds_service.web.ehr_state import ORDER, State

_SIGNED_AS = {"Task": "requested", "Appointment": "proposed"}
"""The status of a signed order where it is not "active"."""


def do_action(ehr: Ehr, state: State, action: Mapping[str, Any]) -> bool:
    """One action of a suggestion: on the drafts where it speaks of one, else on the FHIR server.

    True when the FHIR server has changed.
    """
    kind, resource = action.get("type"), dict(table(action.get("resource")))
    if kind == "create" and text(resource.get("resourceType")):
        state.drafts.append({**resource, "id": new_draft_id()})
        state.judged = None
    elif kind == "delete":
        _delete(state, text(action.get("resourceId")))
    elif kind == "update" and text(resource.get("resourceType")) and text(resource.get("id")):
        return _update(ehr, state, resource)
    else:
        state.say("an action of the suggestion is not understood here and was left out", well=False)
    return False


def sign_draft(ehr: Ehr, state: State, draft: Resource, now: str) -> bool:
    """Create the order on the FHIR server, no longer a draft; True when the server took it."""
    kind = draft["resourceType"]
    signed = {name: value for name, value in draft.items() if name != "id"}
    signed["status"] = _SIGNED_AS.get(kind, "active")
    if kind != "Appointment":
        signed["authoredOn"] = now
    written = _write(ehr, state, signed, "signed")
    if written:
        state.drafts.remove(draft)
    return written


def draft_of(state: State, id_: str | None) -> Resource | None:
    """The draft with this id."""
    return next((draft for draft in state.drafts if draft["id"] == id_), None)


def forget(state: State, draft: Resource) -> None:
    """Take a draft out."""
    state.drafts.remove(draft)
    state.judged = None
    if state.picked == draft["id"]:
        state.picked = None


def drop_picked(state: State) -> None:
    """The search box no longer means its draft, so neither that draft nor the answer to it stays."""
    draft = draft_of(state, state.picked)
    if draft is not None:
        forget(state, draft)
        state.replace(ORDER, [])


def is_same_order(one: Resource, other: Resource) -> bool:
    """Do two drafts order the same?"""
    apart = ("id", "authoredOn")
    return {k: v for k, v in one.items() if k not in apart} == {k: v for k, v in other.items() if k not in apart}


def title_of(resource: Mapping[str, Any]) -> str:
    """An order in a word or two."""
    return order_row(resource).what


def fault_of(sent: Exchange) -> str:
    """Why a request was not taken."""
    return f"{sent.status}: {sent.diagnostics}" if sent.status else sent.diagnostics


def _delete(state: State, named: str) -> None:
    draft = next((one for one in state.drafts if named in (one["id"], reference(one))), None)
    if draft is None:
        state.say(f"{named or 'an order'} is no draft here, so nothing was removed", well=False)
    else:
        forget(state, draft)


def _update(ehr: Ehr, state: State, resource: Resource) -> bool:
    for number, draft in enumerate(state.drafts):
        if reference(draft) == reference(resource):
            state.drafts[number], state.judged = resource, None
            return False
    return _write(ehr, state, resource, f"now {text(resource.get('status')) or 'changed'}")


def _write(ehr: Ehr, state: State, resource: Resource, done: str) -> bool:
    sent = ehr.write(resource)
    if sent.ok:
        state.say(f"{title_of(resource)}: {done} (FHIR server: {sent.status}, {sent.milliseconds:.0f} ms)")
    else:
        state.say(f"{title_of(resource)}: the FHIR server did not take it ({fault_of(sent)})", well=False)
    return sent.ok
