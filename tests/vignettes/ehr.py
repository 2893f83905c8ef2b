"""The EHR of the vignettes: asks the service, with prefetch or with a FHIR server behind it.

What may live here: requests as a CDS client makes them. What the answers must hold stands in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from cds_service.demo.sandbox import Sandbox
from cds_service.stories.dialects import Dialect
from cds_service.stories.fhir_writer import Record
from cds_service.stories.prefetch import OF_ITS_OWN, prefetched, request_body, unasked

Json = dict[str, Any]
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
        templates = self.services[hook]["prefetch"]
        check_templates(templates.values())
        return self._call(hook, record, {"prefetch": prefetched(templates, record, dialect, unreadable)})

    def fetched(self, hook: str, record: Record) -> Answer:
        """Call without the prefetch that was asked for: the service has to ask the FHIR server."""
        store = self.sandbox.store
        for kind in {resource["resourceType"] for resource in record.resources} | LEFT_OVER:
            for old in store.all(kind):
                store.delete(kind, old["id"])
        for resource in record.resources:
            store.put(resource["resourceType"], resource["id"], resource)
        own = unasked(record)
        return self._call(hook, record, {"fhirServer": self.sandbox.base, **({"prefetch": own} if own else {})})

    def _call(self, hook: str, record: Record, data: Json) -> Answer:
        body = request_body(hook, record, data)
        response = self.client.post(f"/cds-services/{self.services[hook]['id']}", json=body)
        return Answer(response.status_code, response.get_json())


def check_templates(templates: Iterable[str]) -> None:
    """Each asks by the few search parameters that every server knows."""
    for template in templates:
        kind, _, query = template.partition("?")
        asked = dict(parse_qsl(query))
        assert set(asked) <= {"patient", "code", "category", "status", "_sort", "_count"}, "few servers know more"
        assert not query or asked["patient"] == "{{context.patientId}}"
        assert kind != "Observation" or {"code", "category"} & set(asked), "strict servers refuse such a search"
