"""Ending an active order of the FHIR server, and taking it up again.

What may live here: which actions of a suggestion end an order, the question that comes before, and the check that an
order still is as it was left. Drafts are nobody's order yet and need no question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.ehr_client import Ehr, EhrError, Resource, reference
from cds_service.web.ehr.orders import Done, title_of, write
from cds_service.web.ehr.state import Ended, State
from fhir_mappings.fhir_json import as_object, as_text

_OVER = frozenset({"stopped", "cancelled", "completed", "revoked", "on-hold", "ended", "entered-in-error"})
"""A status that an order has when it is no longer carried out."""


def ending(state: State, actions: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """The orders of the FHIR server that these actions end, as they would be written."""
    drafts = {reference(draft) for draft in state.drafts}
    resources = [as_object(action.get("resource")) for action in actions if action.get("type") == "update"]
    return [
        dict(one) for one in resources if one.get("status") in _OVER and _named(one) and reference(one) not in drafts
    ]


def question_of(orders: Sequence[Resource]) -> str:
    """What is asked before these orders are ended."""
    kind = "prescription" if all(order["resourceType"] == "MedicationRequest" for order in orders) else "order"
    names = " and of ".join(title_of(order) for order in orders)
    return f"End the active {kind}{'' if len(orders) == 1 else 's'} of {names}?"


class Before(NamedTuple):
    """Orders before they are ended: those that the FHIR server has as `active`, and those that could not be read."""

    active: list[Resource]
    unread: list[Resource]


def before_ending(ehr: Ehr, orders: Sequence[Resource]) -> Before:
    """The orders as the FHIR server has them; what could not be read is given back as it would be written."""
    found = [(order, _read(ehr, reference(order))) for order in orders]
    active = [present for _, present in found if present.get("status") == "active"]
    return Before(active, [order for order, present in found if not present])


def remember(state: State, before: Before, written: Sequence[Resource]) -> str:
    """Keep what is needed to take up again those orders that were active before and were written now.

    Returns the end of a sentence on what was ended and cannot be taken up again, or "".
    """
    for order in before.active:
        state.ended += [Ended(order, left) for left in written if reference(left) == reference(order)]
    now = {reference(left) for left in written}
    lost = [title_of(order) for order in before.unread if reference(order) in now]
    told = "could not be read before it was ended and cannot be taken up again here"
    return f"; the order of {' and that of '.join(lost)} {told}" if lost else ""


def take_up(ehr: Ehr, state: State, named: str) -> Done:
    """Write an ended order as it was before, if the FHIR server still has it as this page left it."""
    ended = state.ended_order(named)
    present = _read(ehr, named)
    if not present:
        return Done(f"{ended.what} could not be read on the FHIR server, so it was left alone")
    if not _is_as_left(present, ended.left):
        state.ended.remove(ended)
        status = as_text(present.get("status")) or "without a status"
        return Done(
            f"{ended.what} was changed on the FHIR server since (it is {status} now), so it was left alone", True
        )
    version = as_object(present.get("meta")).get("versionId")
    meta = {name: value for name, value in as_object(ended.before.get("meta")).items() if name != "versionId"}
    restored = {**ended.before, "meta": {**meta, "versionId": version} if version else meta}
    done = write(ehr, state, restored, "active again")
    if not done.fault:
        state.ended.remove(ended)
    return done


def _is_as_left(present: Mapping[str, Any], left: Mapping[str, Any]) -> bool:
    """By its version, where the server tells one; by its content otherwise."""
    if present.get("status") != left.get("status"):
        return False
    version = as_object(left.get("meta")).get("versionId")
    if version is not None:
        return bool(as_object(present.get("meta")).get("versionId") == version)
    return _without_meta(present) == _without_meta(left)


def _without_meta(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "meta"}


def _named(resource: Mapping[str, Any]) -> bool:
    return bool(as_text(resource.get("resourceType")) and as_text(resource.get("id")))


def _read(ehr: Ehr, named: str) -> Resource:
    try:
        found = ehr.read(named)
    except EhrError:
        return {}
    return found if _named(found) and reference(found) == named else {}
