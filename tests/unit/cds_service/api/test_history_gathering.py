"""The medication history is collected from wherever it came, and nothing waits for it or rests on it."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.api.gather import NOT_SENT, Gatherer, gathering
from cds_service.api.hook_request import HookRequest
from cds_service.api.stopped_orders import with_stopped_orders
from cds_service.fhir_client import FhirClient, FhirServer
from fhir_mappings.queries import STOPPED_ORDERS, Query
from tests.fhir_stand_in import EHR, FhirStandIn

Json = dict[str, Any]
BASE = EHR.base
SERVER = FhirServer(BASE, "the-token")
MEDICATIONS = Query("medications", "active medications", "MedicationRequest", (("_count", "3"),))
STATEMENTS = Query("medication_statements", "history", "MedicationStatement", (("_count", "3"),), optional=True)
DRUG = {"resourceType": "Medication", "id": "a", "code": {"text": "warfarin"}}


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def entry(kind: str = "MedicationStatement", status: str = "active", **more: Any) -> Json:
    return {
        "resourceType": kind,
        "id": kind,
        "status": status,
        "medicationReference": {"reference": "Medication/a"},
    } | more


def gatherer(
    client: FhirClient, prefetch: Json, server: FhirServer | None = SERVER
) -> AbstractContextManager[Gatherer]:
    request = HookRequest("patient-view", "i", "p1", prefetch, server)
    return gathering(client, request, date(2026, 11, 22), ZoneInfo("UTC"), client.deadline())


def paths(mock: FhirStandIn) -> list[str]:
    return [call.url.removeprefix(f"{BASE}/").partition("?")[0] for call in mock.calls]


def test_what_statements_refer_to_is_read(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/MedicationStatement", json=bundle(entry()))
    mock.get(f"{BASE}/Medication/a", json=DRUG)
    with gatherer(client, {"medications": None}) as opened:
        collected = opened.collect([MEDICATIONS, STATEMENTS], ())
    assert collected.medications == {f"{BASE}/Medication/a": DRUG}
    assert collected.lost == frozenset()
    assert paths(mock) == ["MedicationStatement", "Medication/a"]


def test_what_an_entry_refers_to_and_cannot_be_had_is_lost(client: FhirClient, mock: FhirStandIn) -> None:
    with gatherer(client, {"medications": None, "medication_statements": bundle(entry())}) as opened:
        collected = opened.collect([MEDICATIONS, STATEMENTS], ())
    assert collected.lost == {"Medication/a"}


def test_what_came_beside_statements_is_not_read(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/MedicationStatement", json=bundle(entry(), DRUG))
    with gatherer(client, {"medications": None}) as opened:
        collected = opened.collect([MEDICATIONS, STATEMENTS], ())
    assert (collected.lost, paths(mock)) == (frozenset(), ["MedicationStatement"])


def test_entries_under_keys_of_the_client_s_own_are_kept_with_their_drugs(
    client: FhirClient, mock: FhirStandIn
) -> None:
    given = entry("MedicationAdministration", "completed")
    sent = {"medications": None, "medication_statements": None, "mine": bundle(given, DRUG), "other": None, "text": "x"}
    with gatherer(client, sent) as opened:
        collected = opened.collect([MEDICATIONS, STATEMENTS], ())
    assert (list(collected.history), collected.medications) == ([given], {"Medication/a": DRUG})
    assert (collected.lost, paths(mock)) == (frozenset(), [])


def test_an_entry_among_the_resources_that_were_asked_for_counts_as_well(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Medication/a", json=DRUG)
    order = {"resourceType": "MedicationRequest", "id": "1", "status": "active"}
    with gatherer(client, {"medications": bundle(order, entry("MedicationDispense", "completed"))}) as opened:
        collected = opened.collect([MEDICATIONS], ())
    assert (list(collected.history), collected.medications) == ([], {f"{BASE}/Medication/a": DRUG})


def test_without_a_server_what_was_not_sent_has_failed(client: FhirClient) -> None:
    with gatherer(client, {"medications": None}, None) as opened:
        _, statements = opened.collect([MEDICATIONS, STATEMENTS], ()).queries
    assert statements.failed == NOT_SENT


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_was_refused_is_not_asked_for_again_and_said_once_in_the_log(
    status: int, client: FhirClient, mock: FhirStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    mock.get(f"{BASE}/MedicationStatement", status=status)
    for _ in range(2):
        with gatherer(client, {"medications": None}) as opened:
            _, statements = opened.collect([MEDICATIONS, STATEMENTS], ()).queries
        assert statements.failed == f"the FHIR server answered {status}"
    assert paths(mock) == ["MedicationStatement"]
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert said == [f"the look-up of medication_statements failed: the FHIR server answered {status}"]


def test_what_failed_otherwise_is_asked_for_at_the_next_call(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/MedicationStatement", status=500)
    for _ in range(2):
        with gatherer(client, {"medications": None}) as opened:
            opened.collect([MEDICATIONS, STATEMENTS], ())
    assert paths(mock) == ["MedicationStatement"] * 2


def test_what_is_essential_is_asked_for_again_though_it_was_refused(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/MedicationRequest", status=403)
    for _ in range(2):
        with gatherer(client, {}) as opened:
            opened.collect([MEDICATIONS], ())
    assert paths(mock) == ["MedicationRequest"] * 2


def test_stopped_orders_are_read_with_their_drugs(client: FhirClient, mock: FhirStandIn) -> None:
    stopped = entry("MedicationRequest", "stopped")
    mock.get(f"{BASE}/MedicationRequest", json=bundle(stopped))
    mock.get(f"{BASE}/Medication/a", json=DRUG)
    with gatherer(client, {"medications": None}) as opened:
        collected = with_stopped_orders(opened, opened.collect([MEDICATIONS], ()))
    assert list(collected.resources("stopped_medications")) == [stopped]
    assert collected.medications == {f"{BASE}/Medication/a": DRUG}
    assert "status=stopped,cancelled" in mock.calls[0].url


def test_what_was_asked_for_is_not_counted_a_second_time_as_sent_unasked(client: FhirClient) -> None:
    with gatherer(client, {"medications": None, "medication_statements": bundle(entry())}, None) as opened:
        collected = opened.collect([MEDICATIONS, STATEMENTS], ())
    assert list(collected.history) == []
    assert list(collected.resources("medication_statements")) == [entry()]


def test_a_type_is_remembered_for_what_is_optional_only(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/MedicationRequest", status=403)
    with gatherer(client, {}) as opened:
        opened.collect([MEDICATIONS], ())
        opened.fetch(STOPPED_ORDERS)
        opened.collect([MEDICATIONS], ())
        opened.fetch(STOPPED_ORDERS)
    stopped = [call.url for call in mock.calls if "status=stopped" in call.url]
    assert len(stopped) == 1, "the stopped orders are not asked for a second time"
    assert len(mock.calls) == 1 + 2 + 1


@pytest.mark.parametrize(("status", "asked"), [(401, 2), (403, 2), (404, 1)])
def test_what_one_token_does_not_open_is_asked_for_with_another_one(
    status: int, asked: int, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.get(f"{BASE}/MedicationStatement", status=status)
    for token in ("one", "one", "another", "another"):
        with gatherer(client, {"medications": None}, FhirServer(BASE, token)) as opened:
            _, statements = opened.collect([MEDICATIONS, STATEMENTS], ()).queries
        assert statements.failed == f"the FHIR server answered {status}"
    assert paths(mock) == ["MedicationStatement"] * asked


def test_what_was_sent_along_is_kept_where_the_rest_of_it_was_refused_lately(
    client: FhirClient, mock: FhirStandIn
) -> None:
    mock.get(f"{BASE}/MedicationStatement", status=403)
    first_page = bundle(entry()) | {"total": 2}
    for _ in range(2):
        with gatherer(client, {"medications": None, "medication_statements": first_page}) as opened:
            _, statements = opened.collect([MEDICATIONS, STATEMENTS], ()).queries
        assert (list(statements.resources), statements.complete) == ([entry()], False)
    assert paths(mock).count("MedicationStatement") == 1
