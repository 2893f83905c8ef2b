"""Drafts and selections in the context of an order hook: the drugs that were named, and what came along.

What may live here: putting drafts together. Which of them are judged is decided by the service.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cds_service.drug_orders import Catalogue, draft_order
from cds_service.tryout.records import Entry
from fhir_mappings.fhir_json import as_object, as_objects, as_text, id_of, status_word
from fhir_mappings.references import name_of

Context = dict[str, Any]
_NO_ORDERS = "patient-view"


def drafts_for(names: Iterable[str], patient_id: str, catalogue: Catalogue, now: datetime) -> list[Entry]:
    """A draft for each drug name; a name that the catalogue does not have is ordered by its text."""
    authored = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return [Entry(draft_order(patient_id, catalogue.ordered(name), authored=authored)) for name in names]


def is_draft(entry: Entry) -> bool:
    """May this serve as a draft at an order hook?"""
    return entry.kind == "MedicationRequest" and status_word(entry.resource) == "draft"


def named(draft: Entry) -> Entry:
    """The draft with an id, by which a selection can name it."""
    own = id_of(draft.resource) or name_of(draft.full_url).identifier or str(uuid.uuid4())
    return draft._replace(resource={**draft.resource, "id": own})


def with_drafts(
    context: Mapping[str, Any], hook: str, drafts: Sequence[Entry], beside: Sequence[Entry] = ()
) -> Context:
    """The context of an order hook with these drafts added, and selected at order-select.

    Where nothing says what was selected, all drafts were. A context that cannot be understood stays as it is, so that
    the service can name what is wrong with it.
    """
    sent = context.get("draftOrders")
    entries = as_object(sent).get("entry", [])
    if not (sent is None or isinstance(sent, dict)) or not (entries is None or isinstance(entries, list)):
        return dict(context)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", **as_object(sent)}
    bundle["entry"] = [*(entries or ()), *(_entry(one) for one in (*drafts, *beside))]
    made = {**context, "draftOrders": bundle}
    if hook != "order-select":
        return {name: value for name, value in made.items() if name != "selections"}
    selected = context.get("selections")
    if selected is None:
        selected = [] if drafts else [_reference(entry) for entry in as_objects(entries)]
    if isinstance(selected, list):
        made["selections"] = [*selected, *(f"{one.kind}/{id_of(one.resource)}" for one in drafts)]
    return made


def not_judged(hook: str, waiting: int, drugs: Sequence[str]) -> Iterator[str]:
    """In words, which drafts that came along and which drugs that were named this hook does not look at."""
    if hook != _NO_ORDERS:
        return
    advice = f"not judged at {hook}; choose order-select or order-sign."
    if waiting:
        came = "1 draft order came along and is" if waiting == 1 else f"{waiting} draft orders came along and are"
        yield f"{came} {advice}"
    if drugs:
        yield f"What was named to be ordered is {advice}"


def orders_in(context: Mapping[str, Any]) -> int:
    """How many orders of drugs the context of a request holds, as far as it can be read."""
    entries = as_objects(as_object(context.get("draftOrders")).get("entry"))
    resources = (as_object(entry.get("resource", entry)) for entry in entries)
    return sum(resource.get("resourceType") == "MedicationRequest" for resource in resources)


def has_drafts(context: Mapping[str, Any]) -> bool:
    """Did drafts of any kind come along, or something in their place that the service will refuse?"""
    sent = context.get("draftOrders")
    return sent is not None and (not isinstance(sent, dict) or bool(sent.get("entry")))


def _entry(draft: Entry) -> dict[str, Any]:
    return {"fullUrl": draft.full_url, "resource": draft.resource} if draft.full_url else {"resource": draft.resource}


def _reference(entry: Mapping[str, Any]) -> str:
    resource = as_object(entry.get("resource", entry))
    return f"{as_text(resource.get('resourceType'))}/{id_of(resource)}"
