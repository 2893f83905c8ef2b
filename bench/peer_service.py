"""`python -m bench.peer_service READER PORT`: the same kind of service built with HealthChain, under uvicorn.

What may live here: HealthChain's part of it, in two ways: `typed` reads the prefetch with HealthChain's own readers
(every resource a validated model), `plain` walks the JSON by hand. Runs in .venv-peer; imports nothing of the service.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

# None of these is installed where mypy runs.
import uvicorn  # type: ignore[import-not-found]
from healthchain.fhir import (  # type: ignore[import-not-found]
    convert_prefetch_to_fhir_objects,
    get_coded_entries,
    get_medications,
    prefetch_to_bundle,
)
from healthchain.gateway import CDSHooksService, HealthChainAPI  # type: ignore[import-not-found]
from healthchain.models import CDSRequest, CDSResponse  # type: ignore[import-not-found]

from bench.peer_cards import cards
from bench.peer_rule import Row, row

Json = dict[str, Any]
Facts = tuple[list[Row], list[tuple[Row, Json]], list[Row]]
"""Results; prescriptions as rows and as received; conditions."""
SERVICE_ID = "bench-peer"
GC_THRESHOLDS = "BENCH_GC_THRESHOLDS"


def typed(prefetch: Mapping[str, Any]) -> Facts:
    """By HealthChain's readers, as its documentation has it."""
    received = {resource["id"]: resource for resource in _resources(prefetch, "MedicationRequest")}
    sent = {key: value for key, value in prefetch.items() if value is not None}
    bundles = [value for value in convert_prefetch_to_fhir_objects(sent).values() if type(value).__name__ == "Bundle"]
    results = [_row_of(entry) for bundle in bundles for entry in get_coded_entries(bundle, "Observation", "final")]
    drugs = [
        (_row_of(entry), received[entry.resource_id])
        for bundle in bundles
        for entry in get_medications(bundle, status="active")
    ]
    conditions = [_row_of(entry) for bundle in bundles for entry in get_coded_entries(bundle, "Condition", "active")]
    return results, drugs, conditions


def _row_of(entry: Any) -> Row:
    day = date.fromisoformat(entry.authored_on[:10])
    return Row(entry.code or "", entry.display or "", entry.status or "", day, entry.value, entry.unit)


def plain(prefetch: Mapping[str, Any]) -> Facts:
    """By hand from the JSON, nothing validated: the least that can be done with HealthChain."""
    results = [
        row(
            observation["code"],
            observation["status"],
            observation["effectiveDateTime"],
            observation.get("valueQuantity"),
        )
        for observation in _resources(prefetch, "Observation")
    ]
    drugs = [
        (row(request["medicationCodeableConcept"], request["status"], request["authoredOn"]), request)
        for request in _resources(prefetch, "MedicationRequest")
    ]
    conditions = [
        row(condition["code"], condition["clinicalStatus"]["coding"][0]["code"], condition["recordedDate"])
        for condition in _resources(prefetch, "Condition")
    ]
    return results, drugs, conditions


def _resources(prefetch: Mapping[str, Any], kind: str) -> Iterator[Json]:
    for entry in prefetch_to_bundle(prefetch)["entry"]:
        if entry["resource"]["resourceType"] == kind:
            yield entry["resource"]


READERS: Mapping[str, Callable[[Mapping[str, Any]], Facts]] = {"typed": typed, "plain": plain}


def create_peer(read: Callable[[Mapping[str, Any]], Facts]) -> Any:
    """The application, as `healthchain new --template cds-hooks` lays it out."""
    app, service = HealthChainAPI(title="Bench peer"), CDSHooksService()

    def patient_view(request: CDSRequest) -> CDSResponse:
        facts = read(request.prefetch or {})
        return CDSResponse(cards=cards(*facts, request.context.patientId, datetime.now(UTC).date()))

    service.hook("patient-view", id=SERVICE_ID)(patient_view)
    app.register_service(service)
    return app


def main(reader: str, port: int) -> None:
    """Serve with one worker, start-up objects hidden from the garbage collector, thresholds as given."""
    app = create_peer(READERS[reader])
    gc.collect()
    gc.freeze()
    gc.set_threshold(*map(int, os.environ[GC_THRESHOLDS].split(",")))
    uvicorn.run(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
