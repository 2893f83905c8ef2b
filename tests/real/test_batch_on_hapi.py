"""A batch of all our queries on a real FHIR server brings what the single requests bring.

What may live here: the two ways of asking, side by side. What the cards say is tested in `test_cards_on_hapi`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
import requests

from cds_service.api.gather import gathering
from cds_service.api.hook_request import HookRequest
from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.fhir_client.connections import Connections, OnReceived
from cds_service.fhir_client.transfer import Request
from cds_service.fhir_client.unpacking import Allowance
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import build_queries

pytestmark = pytest.mark.real

Json = dict[str, Any]
PATIENT = "cds-batch-patient"
ON = date(2026, 5, 21)
QUERIES = build_queries(default_vocabulary(), default_policy())
CALCIUM = {"coding": [{"system": "http://loinc.org", "code": "17861-6"}]}


def observation(number: int) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"cds-batch-calcium-{number}",
        "status": "final",
        "code": CALCIUM,
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": f"2026-05-{number % 20 + 1:02}T08:{number // 20:02}:00Z",
        "valueQuantity": {"value": 9.1, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }


@pytest.fixture(scope="module", autouse=True)
def record(hapi: str, http: requests.Session) -> None:
    """A patient with more calcium results than one page holds."""
    resources = [{"resourceType": "Patient", "id": PATIENT}, *map(observation, range(130))]
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    transaction = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    http.post(hapi, json=transaction, timeout=240).raise_for_status()


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """The body of every request in the order in which it went out, "" for one without."""
    seen: list[str] = []
    start = Connections.start

    def noted(self: Connections, request: Request, allowance: Allowance, on_received: OnReceived) -> None:
        seen.append((request.body or b"").decode())
        start(self, request, allowance, on_received)

    with patch.object(Connections, "start", noted):
        yield seen


def ask(hapi: str, batch: bool) -> dict[str, list[str]]:
    """The ids that each query brings; all must have been read whole."""
    client = FhirClient(Limits(deadline_seconds=60), lambda base: True, takes_batches=lambda base: batch)
    request = HookRequest("patient-view", "i", PATIENT, {}, FhirServer(hapi))
    with gathering(client, request, ON, ZoneInfo("UTC"), client.deadline()) as gatherer:
        found = gatherer.collect(QUERIES, ()).queries
    client.close()
    assert [(one.query.key, one.failed) for one in found if one.failed or not one.complete] == []
    return {one.query.key: sorted(resource["id"] for resource in one.resources) for one in found}


def test_a_batch_brings_what_the_single_requests_bring(hapi: str, sent: list[str]) -> None:
    singly = ask(hapi, batch=False)
    assert not any(sent)
    assert len(singly["calcium"]) == 130
    assert singly["patient"] == [PATIENT]
    sent.clear()
    assert ask(hapi, batch=True) == singly
    # One batch, and then the further pages of calcium results.
    assert '"batch"' in sent[0]
    assert 1 <= len(sent[1:]) < len(QUERIES)
    assert not any(sent[1:])
