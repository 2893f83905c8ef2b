"""Every query of ours, sent to a real FHIR server as the fallback fetch sends it.

What may live here: that the server understands each query. What the queries find is the business of the card tests.
"""

from __future__ import annotations

from datetime import date

import pytest
import requests

from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import Query, build_queries

pytestmark = pytest.mark.real

PATIENT = "cds-queries-patient"
ON = date(2026, 5, 21)
QUERIES = build_queries(default_vocabulary(), default_policy())


def test_there_are_queries_to_try() -> None:
    assert "Observation" in {query.resource_type for query in QUERIES}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
def test_the_query_is_understood(query: Query, hapi: str, http: requests.Session) -> None:
    http.put(
        f"{hapi}/Patient/{PATIENT}", json={"resourceType": "Patient", "id": PATIENT}, timeout=120
    ).raise_for_status()
    answer = http.get(f"{hapi}/{query.fetch_path(PATIENT, ON)}", timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] in {"Bundle", query.resource_type}
