"""The EHR of the vignettes: asks the service, with prefetch or with a FHIR server behind it.

What may live here: requests as a CDS client makes them. What the answers must hold stands in the tests.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from cds_service.demo.fhir_search import search
from cds_service.demo.fhir_store import Store
from cds_service.demo.sandbox import Sandbox
from tests.vignettes.dialects import Dialect
from tests.vignettes.fhir_writer import PATIENT_ID, Record

Json = dict[str, Any]
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
_BASE = "http://ehr.example/fhir"


class Clock:
    """The clock that is passed to the service: it stands where a vignette puts it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

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
        store = Store(record.resources)
        prefetch: Json = {}
        for key, template in self.services[hook]["prefetch"].items():
            prefetch[key] = FAILED if key in unreadable else _resolved(template, store, dialect)
        return self._call(hook, record, {"prefetch": prefetch})

    def fetched(self, hook: str, record: Record) -> Answer:
        """Call without prefetch: the service has to ask the FHIR server."""
        store = self.sandbox.store
        for kind in {resource["resourceType"] for resource in record.resources} | {"Medication", "Procedure"}:
            for old in store.all(kind):
                store.delete(kind, old["id"])
        for resource in record.resources:
            store.put(resource["resourceType"], resource["id"], resource)
        return self._call(hook, record, {"fhirServer": self.sandbox.base})

    def _call(self, hook: str, record: Record, data: Json) -> Answer:
        context: Json = {"userId": "Practitioner/nephrologist", "patientId": PATIENT_ID}
        if hook != "patient-view":
            context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": draft} for draft in record.drafts]}
        if hook == "order-select":
            context["selections"] = record.selections
        body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **data}
        response = self.client.post(f"/cds-services/{self.services[hook]['id']}", json=body)
        return Answer(response.status_code, response.get_json())


def _resolved(template: str, store: Store, dialect: Dialect) -> Any:
    kind, _, query = template.replace("{{context.patientId}}", PATIENT_ID).partition("?")
    if "/" in kind:
        return store.read(*kind.split("/"))
    pairs = parse_qsl(query)
    if kind == "Observation" and not {"code", "category"} & {name for name, _ in pairs}:
        raise AssertionError("strict servers refuse an Observation search without code or category")
    found = search(store, _BASE, kind, pairs)
    return found if found.get("entry") else dialect.nothing
