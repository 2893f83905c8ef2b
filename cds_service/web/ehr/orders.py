"""What becomes of orders on the EHR page: in the drafts, which only the browser holds, and on the FHIR server.

What may live here: the actions of suggestions, and what drafts are. Signing is in `signing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.drug_orders import new_draft_id
from cds_service.ehr_client import Ehr, Exchange, Resource, reference
from cds_service.web.ehr.rows import order_row
from cds_service.web.ehr.state import State
from fhir_mappings.fhir_json import as_object, as_text

_CHANGED_MEANWHILE = (409, 412)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an action, or of several: `fault` is "" where all was done.

    `server` says that the FHIR server has changed or, with a fault, that it may have; `written` is what it has now.
    """

    fault: str = ""
    server: bool = False
    written: tuple[Resource, ...] = ()


def do_actions(ehr: Ehr, state: State, actions: Sequence[Mapping[str, Any]]) -> Done:
    """The actions of a suggestion, up to the first that fails; then the drafts are as they were before.

    What the FHIR server took before cannot be taken back, so the fault names it, and what was not done.
    """
    before = list(state.drafts)
    written: dict[int, Resource] = {}
    for number, action in enumerate(actions):
        done = do_action(ehr, state, action)
        if done.fault:
            state.drafts = before
            left = [action for place, action in enumerate(actions) if place not in written]
            told = _told([actions[place] for place in written], left, unsure=done.server)
            return Done(f"{done.fault}. {told}", bool(written) or done.server, tuple(written.values()))
        if done.server:
            written[number] = done.written[0]
    return Done("", bool(written), tuple(written.values()))


def do_action(ehr: Ehr, state: State, action: Mapping[str, Any]) -> Done:
    """One action of a suggestion: on the drafts where it speaks of a draft, else on the FHIR server."""
    kind, resource = action.get("type"), dict(as_object(action.get("resource")))
    if kind == "create" and as_text(resource.get("resourceType")):
        state.drafts.append({**resource, "id": new_draft_id()})
        state.judged = None
        return Done()
    if kind == "delete":
        return _delete(state, as_text(action.get("resourceId")))
    if kind == "update" and as_text(resource.get("resourceType")) and as_text(resource.get("id")):
        return _update(ehr, state, resource)
    return Done("an action of the suggestion is not understood here")


def write(ehr: Ehr, state: State, resource: Resource, done: str) -> Done:
    """Write an order to the FHIR server and, when that went well, say what it is now."""
    sent = ehr.write(resource)
    state.note(sent)
    if sent.ok:
        state.say(f"{title_of(resource)}: {done}")
        return Done(server=True, written=(_as_written(resource, sent.body),))
    if not sent.status:
        return Done(f"{title_of(resource)}: the FHIR server {fault_of(sent)}, so it may or may not have taken it", True)
    meanwhile = ", as it was changed there meanwhile" if sent.status in _CHANGED_MEANWHILE else ""
    return Done(f"{title_of(resource)}: the FHIR server did not take it{meanwhile} ({fault_of(sent)})")


def _as_written(resource: Resource, answered: Any) -> Resource:
    """What the server says it has now; where it does not say, what was sent, without the version that it replaced."""
    if isinstance(answered, dict) and answered.get("resourceType") == resource["resourceType"]:
        return answered
    return {name: value for name, value in resource.items() if name != "meta"}


def draft_of(state: State, id_: str) -> Resource | None:
    """The draft with this id."""
    return next((draft for draft in state.drafts if draft["id"] == id_), None)


def forget(state: State, draft: Resource) -> None:
    """Take a draft out."""
    state.drafts.remove(draft)
    state.judged = None


def title_of(resource: Mapping[str, Any]) -> str:
    """An order in a word or two."""
    return order_row(resource).what


def fault_of(sent: Exchange) -> str:
    """Why a request was not taken."""
    return f"{sent.status}: {sent.diagnostics}" if sent.status else sent.diagnostics


def _told(written: Sequence[Mapping[str, Any]], left: Sequence[Mapping[str, Any]], *, unsure: bool) -> str:
    """What stands after a failure."""
    if len(written) + len(left) > 1:
        done = "; ".join(map(_name_of, written)) or "nothing"
        return f"Done: {done}. Not done: {'; '.join(map(_name_of, left))}. The drafts are as before"
    return "Read the order again before going on" if unsure else "The order is unchanged"


def _name_of(action: Mapping[str, Any]) -> str:
    resource = as_object(action.get("resource"))
    named = title_of(resource) if resource else as_text(action.get("resourceId"))
    return as_text(action.get("description")) or f"{as_text(action.get('type'))} {named}".strip() or "an action"


def _delete(state: State, named: str) -> Done:
    draft = next((order for order in state.drafts if named in (order["id"], reference(order))), None)
    if draft is None:
        return Done(f"{named or 'an order'} is no draft here, so nothing was removed")
    forget(state, draft)
    return Done()


def _update(ehr: Ehr, state: State, resource: Resource) -> Done:
    for number, draft in enumerate(state.drafts):
        if reference(draft) == reference(resource):
            state.drafts[number], state.judged = resource, None
            return Done()
    return write(ehr, state, resource, f"now {as_text(resource.get('status')) or 'changed'}")
