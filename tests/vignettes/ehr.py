"""The EHR of the vignettes: asks the service, with prefetch or with a FHIR server behind it.

What may live here: requests as a CDS client makes them. What the answers must hold stands in the tests.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from cds_service.demo.sandbox import Sandbox
from tests.vignettes.dialects import EMPTY, Dialect
from tests.vignettes.fhir_writer import PATIENT_ID, Record

Json = dict[str, Any]
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}

OF_ITS_OWN = {"dispenses": "MedicationDispense", "administrations": "MedicationAdministration"}
"""What this EHR sends along although nobody asked for it."""

LEFT_OVER = {"Medication", "Procedure", "MedicationStatement", *OF_ITS_OWN.values()}
"""What an earlier story may have left on the server and not every story has."""


class Clock:
    """The clock that is passed to the service: it stands where a vignette puts it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Answer:
    """The status and body of one call."""

    status: int
    body: Json


@dataclass(frozen=True)
class Ehr:
    """One EHR against one service: the advertised services by hook, and the FHIR server for those who fetch."""

    client: FlaskClient
    services: Mapping[str, Json]
    sandbox: Sandbox

    def prefetched(self, hook: str, record: Record, dialect: Dialect, unreadable: tuple[str, ...] = ()) -> Answer:
        """Call with every advertised template resolved, and no FHIR server."""
        prefetch: Json = {}
        for key, template in self.services[hook]["prefetch"].items():
            prefetch[key] = FAILED if key in unreadable else _resolved(template, record.resources, dialect)
        return self._call(hook, record, {"prefetch": prefetch | _of_its_own(record)})

    def fetched(self, hook: str, record: Record) -> Answer:
        """Call without the prefetch that was asked for: the service has to ask the FHIR server."""
        store = self.sandbox.store
        for kind in {resource["resourceType"] for resource in record.resources} | LEFT_OVER:
            for old in store.all(kind):
                store.delete(kind, old["id"])
        for resource in record.resources:
            store.put(resource["resourceType"], resource["id"], resource)
        own = _of_its_own(record)
        return self._call(hook, record, {"fhirServer": self.sandbox.base, **({"prefetch": own} if own else {})})

    def _call(self, hook: str, record: Record, data: Json) -> Answer:
        context: Json = {"userId": "Practitioner/nephrologist", "patientId": PATIENT_ID}
        if hook != "patient-view":
            context["draftOrders"] = {
                "resourceType": "Bundle",
                "entry": [{"resource": draft} for draft in record.drafts],
            }
        if hook == "order-select":
            context["selections"] = record.selections
        body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **data}
        response = self.client.post(f"/cds-services/{self.services[hook]['id']}", json=body)
        return Answer(response.status_code, response.get_json())


def _of_its_own(record: Record) -> Json:
    """The Bundles that this EHR sends unasked, where they are not empty."""
    held = {
        key: [{"resource": resource} for resource in record.resources if resource["resourceType"] == kind]
        for key, kind in OF_ITS_OWN.items()
    }
    return {key: {**EMPTY, "total": len(found), "entry": found} for key, found in held.items() if found}


def _resolved(template: str, resources: list[Json], dialect: Dialect) -> Any:
    """What a template finds, by the few search parameters that the service may rely on."""
    kind, _, query = template.replace("{{context.patientId}}", PATIENT_ID).partition("?")
    if not query:
        return next(resource for resource in resources if kind == f"{resource['resourceType']}/{resource['id']}")
    asked = dict(parse_qsl(query))
    assert set(asked) <= {"patient", "code", "category", "status", "_sort", "_count"}, "few servers know more"
    assert asked["patient"] == PATIENT_ID
    assert kind != "Observation" or {"code", "category"} & set(asked), "strict servers refuse such a search"
    codes = set(asked["code"].split(",")) if "code" in asked else None
    found = [
        {"resource": resource}
        for resource in resources
        if resource["resourceType"] == kind
        and (dialect.careless or asked.get("status") in (None, resource.get("status")))
        and (codes is None or not codes.isdisjoint(_codes(resource)))
    ]
    return {**EMPTY, "total": len(found), "entry": found} if found else dialect.nothing


def _codes(resource: Json) -> Iterator[str]:
    for coding in resource["code"].get("coding", ()):
        yield coding.get("code", "")
        yield f"{coding.get('system', '')}|{coding.get('code', '')}"
