"""Draft orders: which entries of `context.draftOrders` are to be judged.

What may live here: the choice of orders by type, status and selection. What they order is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_mappings.fhir_json import Json, as_object, as_objects, as_text, resource_key

NOT_ORDERED = frozenset({"stopped", "cancelled", "completed", "entered-in-error"})


def judged_orders(draft_orders: Mapping[str, Any], selections: Sequence[str] | None) -> tuple[Json, ...]:
    """The draft MedicationRequests to be judged, in their order.

    Left out: other resource types, orders that are stopped, cancelled, completed or entered in error, and orders *not*
    to give something. With `selections` (order-select) only those named there, as "MedicationRequest/id", as an
    absolute address, with a version, or by the entry's fullUrl; with None (order-sign) all.
    """
    wanted = None if selections is None else {_plain(selection) for selection in selections if as_text(selection)}
    return tuple(
        as_object(entry.get("resource"))
        for entry in as_objects(as_object(draft_orders).get("entry"))
        if _is_ordered(as_object(entry.get("resource"))) and (wanted is None or not wanted.isdisjoint(_names(entry)))
    )


def _is_ordered(order: Json) -> bool:
    return (
        order.get("resourceType") == "MedicationRequest"
        and as_text(order.get("status")).lower() not in NOT_ORDERED
        and order.get("doNotPerform") is not True
    )


def _names(entry: Json) -> set[str]:
    """Everything by which a selection may name the entry."""
    return {
        _plain(name) for name in (resource_key(as_object(entry.get("resource"))), as_text(entry.get("fullUrl"))) if name
    }


def _plain(reference: str) -> str:
    """ "Type/id" of a relative or absolute reference with or without version; anything else (urn:uuid:…) as it is."""
    parts = reference.strip().partition("/_history/")[0].rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 or reference.startswith("urn:") else f"MedicationRequest/{parts[0]}"
