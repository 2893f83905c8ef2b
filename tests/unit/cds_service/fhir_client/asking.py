"""What the tests of the FHIR client share: an invented server and its answers, and asking it in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds_service.fhir_client import (
    FhirClient,
    FhirError,
    FhirServer,
    Limits,
    SearchResult,
)
from tests.fhir_stand_in import EHR
from tests.unit.cds_service.conftest import Connection, Loopback

ROOT = Path(__file__).parents[4]
BASE = EHR.base
HOST = EHR.origin.removeprefix("http://")
SERVER = FhirServer(BASE, "the-token")
PATIENT = {"resourceType": "Patient", "id": "1"}
SEARCH = "Observation?patient=1&_count=2"
SHORT = Limits(deadline_seconds=1.5, max_pages=4, max_bytes=200_000, pool_size=2)
Serve = Callable[..., Loopback]


def observation(number: int) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": str(number)}


def bundle(*numbers: int, next_page: str | None = None, **members: Any) -> dict[str, Any]:
    links = [{"relation": "next", "url": next_page}] if next_page is not None else []
    entries = [{"resource": observation(number)} for number in numbers]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **members}


def remark(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


def everyone(base: str) -> bool:
    return True


def answer_patient(connection: Connection) -> None:
    connection.answer(json.dumps(PATIENT).encode())


def read(client: FhirClient, server: FhirServer = SERVER, path: str = "Patient/1") -> dict[str, Any]:
    with client.talk(server, client.deadline()) as talk:
        return talk.answer(talk.read(path))


def search(client: FhirClient, server: FhirServer = SERVER, path: str = SEARCH, **how: Any) -> SearchResult:
    with client.talk(server, client.deadline()) as talk:
        return talk.answer(talk.search(path, **how))


def reason_of(action: Callable[..., object], *args: Any, **named: Any) -> str:
    with pytest.raises(FhirError) as failure:
        action(*args, **named)
    return failure.value.reason


def ids(result: SearchResult) -> list[str]:
    return [resource["id"] for resource in result.resources]
