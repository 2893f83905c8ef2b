"""A patient's resources, as the entries of a Bundle, as a hook request.

What may live here: one function. Which search a resource answers is decided in `cds_service/tryout/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cds_service.tryout import Entry, Records, prefetch_of, with_drafts
from fhir_mappings.queries import Query

Json = dict[str, Any]

_INSTANCE = "00000000-0000-4000-8000-000000000000"


def request_of(
    hook: str, patient_id: str, entries: Sequence[Json], queries: Iterable[Query], draft: Json | None = None
) -> Json:
    """The request of an EHR that sends everything it has along; at an order hook with this draft.

    Nothing is chosen by code or status: what an odd code means is for the service to find out.
    """
    records = Records(tuple(Entry(entry["resource"], entry.get("fullUrl", "")) for entry in entries))
    context: Json = {"userId": "Practitioner/policy-work", "patientId": patient_id}
    if draft:
        context = with_drafts(context, hook, [Entry(draft)])
    prefetch = prefetch_of(records, tuple(queries))
    return {"hook": hook, "hookInstance": _INSTANCE, "context": context, "prefetch": prefetch}
