"""What the tests against a real FHIR server share: the server itself, a session to talk to it, and its validator.

What may live here: fixtures, nothing that tests. Every test module of this folder carries the marker `real`.

- `CDS_TEST_HAPI_URL`: the base URL of a HAPI FHIR R4 server that already runs; else one is built and started.
- `CDS_REAL_REQUIRED=1`: a missing Java or Maven is a failure; else the tests are skipped with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from tests.real.hapi_server import missing_tools, running_hapi

FHIR_JSON = "application/fhir+json"


@pytest.fixture(scope="session")
def hapi() -> Iterator[str]:
    """The base URL of a real HAPI FHIR R4 server, without a slash at its end."""
    given = os.environ.get("CDS_TEST_HAPI_URL", "")
    if given:
        yield given.rstrip("/")
        return
    missing = missing_tools()
    if missing:
        reason = f"the HAPI FHIR server cannot be built, not on the PATH: {', '.join(missing)}"
        if os.environ.get("CDS_REAL_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_hapi() as base:
        yield base


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    """A plain session for FHIR JSON that knows no proxy."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Accept": FHIR_JSON, "Content-Type": FHIR_JSON})
        yield session


@pytest.fixture(scope="session")
def validate(hapi: str, http: requests.Session) -> Callable[[Mapping[str, Any]], list[str]]:
    """Ask the server's `$validate` about a resource: the texts of its errors, empty for valid R4.

    Codes of SNOMED CT, LOINC or RxNorm are not looked up: the server is offline and does not hold them.
    """

    def errors_of(resource: Mapping[str, Any]) -> list[str]:
        answer = http.post(f"{hapi}/{resource['resourceType']}/$validate", json=resource, timeout=120)
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome", answer.status_code
        return [
            f"{', '.join(issue.get('location', []))}: {issue.get('diagnostics', '')}"
            for issue in outcome["issue"]
            if issue["severity"] in {"error", "fatal"}
        ]

    return errors_of
