"""The EHR of the vignettes: a record as the hook request of a client that resolves every prefetch template.

What may live here: requests as a CDS client makes them. What comes of them is for the player, or for a test.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from cds_service.stories.dialects import EMPTY, Dialect
from cds_service.stories.fhir_writer import Record
from cds_service.stories.subject import PATIENT_ID, Resource

Json = dict[str, Any]
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}

OF_ITS_OWN = {"dispenses": "MedicationDispense", "administrations": "MedicationAdministration"}
"""What this EHR sends along although nobody asked for it."""


def request_body(hook: str, record: Record, data: Json) -> Json:
    """The body of a call about the record; `data` are its prefetch and its FHIR server."""
    context: Json = {"userId": "Practitioner/nephrologist", "patientId": PATIENT_ID}
    if hook != "patient-view":
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "entry": [{"resource": draft} for draft in record.drafts],
        }
    if hook == "order-select":
        context["selections"] = record.selections
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **data}


def prefetched(
    templates: Mapping[str, str], record: Record, dialect: Dialect, unreadable: Collection[str] = ()
) -> dict[str, Any]:
    """What the templates, by their keys, find in the record. Look-ups that are `unreadable` have failed."""
    found = {
        key: FAILED if key in unreadable else _resolved(template, record.resources, dialect)
        for key, template in templates.items()
    }
    return found | unasked(record)


def unasked(record: Record) -> Json:
    """The Bundles that this EHR sends unasked, where they are not empty."""
    held = {
        key: [{"resource": resource} for resource in record.resources if resource["resourceType"] == kind]
        for key, kind in OF_ITS_OWN.items()
    }
    return {key: {**EMPTY, "total": len(found), "entry": found} for key, found in held.items() if found}


def _resolved(template: str, resources: list[Resource], dialect: Dialect) -> Any:
    """What a template finds, by the few search parameters that the service relies on: code and status."""
    kind, _, query = template.replace("{{context.patientId}}", PATIENT_ID).partition("?")
    if not query:
        return next(resource for resource in resources if kind == f"{resource['resourceType']}/{resource['id']}")
    asked = dict(parse_qsl(query))
    codes = set(asked["code"].split(",")) if "code" in asked else None
    found = [
        {"resource": resource}
        for resource in resources
        if resource["resourceType"] == kind
        and (dialect.careless or asked.get("status") in (None, resource.get("status")))
        and (codes is None or not codes.isdisjoint(_codes(resource)))
    ]
    return {**EMPTY, "total": len(found), "entry": found} if found else dialect.nothing


def _codes(resource: Resource) -> Iterator[str]:
    for coding in resource["code"].get("coding", ()):
        yield coding.get("code", "")
        yield f"{coding.get('system', '')}|{coding.get('code', '')}"
