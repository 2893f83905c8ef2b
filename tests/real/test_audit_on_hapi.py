"""What is exported for an audit, checked by a real FHIR server: it takes every kind of event, and finds it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from cds_service.reports import as_audit_event
from tests.unit.cds_service.reports.test_audit_event import ALL

pytestmark = pytest.mark.real

EVENTS = [json.loads(as_audit_event(event, "https://cds.example").model_dump_json()) for event in ALL]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["subtype"][1]["code"])
def test_every_kind_is_valid(event: Mapping[str, Any], validate: Callable[[Mapping[str, Any]], list[str]]) -> None:
    assert validate(event) == []


def test_an_event_that_is_sent_twice_is_there_once(hapi: str, http: requests.Session) -> None:
    for event in [*EVENTS, *EVENTS]:
        sent = http.put(f"{hapi}/AuditEvent/{event['id']}", json=event, timeout=60)
        assert sent.status_code in (200, 201), sent.text
    found = http.get(f"{hapi}/AuditEvent", params={"subtype": "card-issued", "outcome": "0"}, timeout=60).json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [EVENTS[0]["id"]]
    for event in EVENTS:
        http.delete(f"{hapi}/AuditEvent/{event['id']}", timeout=60)
