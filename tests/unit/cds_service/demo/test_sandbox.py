"""The sandbox over real HTTP: what a client on this machine sees."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.sandbox import Sandbox

HARD_SKIN = "cds-demo-hard-skin-on-warfarin"
VALVE = "cds-demo-mechanical-mitral-valve"


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def ids(answer: requests.Response) -> list[str]:
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


def test_metadata_says_fhir_r4_in_a_valid_capability_statement(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.get(f"{sandbox.base}/metadata")
    assert answer.headers["Content-Type"].startswith("application/fhir+json")
    assert CapabilityStatement.model_validate_json(answer.text).fhirVersion == "4.0.1"


def test_every_patient_can_be_read(
    sandbox: Sandbox, http: requests.Session, patients: tuple[SyntheticPatient, ...]
) -> None:
    for patient in patients:
        assert http.get(f"{sandbox.base}/Patient/{patient.patient_id}").json()["id"] == patient.patient_id


def test_a_search_finds_one_patients_newest_phosphate_first(
    sandbox: Sandbox, http: requests.Session, now: datetime
) -> None:
    query = {"patient": HARD_SKIN, "code": "http://loinc.org|2777-1,14879-1", "_sort": "-date", "date": "ge2025-12-02"}
    answer = http.get(f"{sandbox.base}/Observation", params=query)
    values = [entry["resource"]["valueQuantity"]["value"] for entry in answer.json()["entry"]]
    assert values == [6.4, 6.1, 5.8]
    assert get_fhir_model_class("Bundle").model_validate_json(answer.text) is not None


def test_search_by_post_gives_the_same_as_by_get(sandbox: Sandbox, http: requests.Session) -> None:
    query = {"patient": VALVE, "status": "active", "_include": "MedicationRequest:medication"}
    got = http.get(f"{sandbox.base}/MedicationRequest", params=query)
    posted = http.post(f"{sandbox.base}/MedicationRequest/_search", data=query)
    assert got.json() == posted.json()
    assert f"{VALVE}-med-1" in ids(got)


def test_next_links_lead_through_all_pages(sandbox: Sandbox, http: requests.Session) -> None:
    query: dict[str, str] | None = {"patient": HARD_SKIN, "_count": "7"}
    url, seen = f"{sandbox.base}/Observation", list[str]()
    while url:
        answer = http.get(url, params=query)
        seen, query = seen + ids(answer), None
        url = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), "")
    assert len(seen) == len(set(seen)) > 14


def test_a_resource_can_be_put_read_changed_and_deleted(empty_sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{empty_sandbox.base}/Patient/p"
    first = http.put(url, json={"resourceType": "Patient", "id": "p"})
    second = http.put(url, json={"resourceType": "Patient", "id": "p", "active": True})
    assert (first.status_code, first.headers["Location"], second.status_code) == (201, url, 200)
    assert http.get(url).json()["active"] is True
    assert http.delete(url).status_code == 204
    assert http.get(url).status_code == 410
    assert http.delete(url).status_code == 204


def test_a_posted_resource_gets_an_address(empty_sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{empty_sandbox.base}/Patient", json={"resourceType": "Patient"})
    assert answer.status_code == 201
    assert http.get(answer.headers["Location"]).json() == answer.json()


def test_a_transaction_is_answered_entry_by_entry(empty_sandbox: Sandbox, http: requests.Session) -> None:
    entry = {"resource": {"resourceType": "Patient", "id": "p"}, "request": {"method": "PUT", "url": "Patient/p"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = http.post(empty_sandbox.base, json=bundle).json()
    assert answer["type"] == "transaction-response"
    assert answer["entry"][0]["response"]["status"] == "201 Created"


def batch(*entries: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def get(url: object, method: str = "GET") -> dict[str, Any]:
    return {"request": {"method": method, "url": url}}


def test_a_batch_is_answered_entry_by_entry_as_single_requests_are(sandbox: Sandbox, http: requests.Session) -> None:
    addresses = [f"Patient/{VALVE}", f"/MedicationRequest?patient={VALVE}&status=active", "Patient/nobody"]
    answer = http.post(sandbox.base, json=batch(*map(get, addresses)))
    assert Bundle.model_validate_json(answer.text).type == "batch-response"
    patient, orders, nobody = answer.json()["entry"]
    assert patient["resource"] == http.get(f"{sandbox.base}/Patient/{VALVE}").json()
    assert orders["resource"] == http.get(f"{sandbox.base}{addresses[1]}").json()
    assert [one["response"]["status"] for one in (patient, orders, nobody)] == ["200 OK", "200 OK", "404"]
    assert nobody["response"]["outcome"]["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("entry", [get("Patient/p", "DELETE"), get(None), {"request": 7}, {}, "x", None])
def test_an_entry_of_a_batch_that_is_no_get_is_refused_by_itself(
    entry: object, empty_sandbox: Sandbox, http: requests.Session
) -> None:
    http.put(f"{empty_sandbox.base}/Patient/p", json={"resourceType": "Patient", "id": "p"})
    answers = http.post(empty_sandbox.base, json=batch(entry, get("Patient/p"))).json()["entry"]
    assert [answer["response"]["status"] for answer in answers] == ["400", "200 OK"]


@pytest.mark.parametrize("body", [batch() | {"entry": {}}, batch() | {"resourceType": "Patient"}])
def test_a_batch_that_is_no_bundle_is_refused(
    body: dict[str, Any], empty_sandbox: Sandbox, http: requests.Session
) -> None:
    assert http.post(empty_sandbox.base, json=body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Patient/nobody", b"", 404),
        ("GET", "/Patient/a/_history/1", b"", 404),
        ("GET", "/../elsewhere", b"", 404),
        ("PUT", "/Patient", b"{}", 404),
        ("PUT", "/Patient/p", b"not json", 400),
        ("PUT", "/Patient/p", b"[" * 100_000, 400),
        ("PUT", "/Patient/p", b'{"resourceType": "Patient", "id": "other"}', 400),
        ("POST", "/Patient/_search", b"\xff\xfe", 400),
        ("POST", "", b"{}", 400),
        ("GET", "/Observation?date=soon", b"", 400),
    ],
)
def test_every_refusal_is_an_operation_outcome(
    empty_sandbox: Sandbox, http: requests.Session, method: str, path: str, body: bytes, status: int
) -> None:
    answer = http.request(method, empty_sandbox.base + path, data=body)
    assert answer.status_code == status
    assert OperationOutcome.model_validate_json(answer.text).issue[0].severity == "error"


def test_a_stored_resource_that_is_not_shaped_like_fhir_is_an_outcome_too(
    empty_sandbox: Sandbox, http: requests.Session
) -> None:
    http.put(f"{empty_sandbox.base}/Patient/p", json={"resourceType": "Patient", "id": "p", "name": 7})
    answer = http.get(f"{empty_sandbox.base}/Patient", params={"name": "x"})
    assert answer.status_code == 500
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/metadata", "/Patient/nobody"])
def test_a_browser_page_may_read_every_answer(sandbox: Sandbox, http: requests.Session, path: str) -> None:
    assert http.get(sandbox.base + path).headers["Access-Control-Allow-Origin"] == "*"


def test_a_browsers_preflight_is_answered(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.options(f"{sandbox.base}/Patient")
    assert answer.status_code == 204
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]


def raw(sandbox: Sandbox, request: bytes) -> bytes:
    port = int(sandbox.base.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "header", [b"Content-Length: 999999999999", b"Content-Length: x", b"Transfer-Encoding: chunked"]
)
def test_a_body_of_unknown_or_huge_length_is_refused_and_the_connection_closed(
    empty_sandbox: Sandbox, header: bytes
) -> None:
    answer = raw(empty_sandbox, b"PUT /fhir/Patient/p HTTP/1.1\r\nHost: here\r\n" + header + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


def test_an_address_outside_the_fhir_root_is_not_found(sandbox: Sandbox) -> None:
    answer = raw(sandbox, b"GET /other HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["resourceType"] == "OperationOutcome"


def test_after_stop_nothing_answers_even_on_a_connection_kept_open(http: requests.Session) -> None:
    sandbox = Sandbox(()).start()
    url = f"{sandbox.base}/metadata"
    assert http.get(url).ok
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        http.get(url)


def test_a_client_that_goes_away_disturbs_nobody(empty_sandbox: Sandbox, http: requests.Session) -> None:
    port = int(empty_sandbox.base.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"PUT /fhir/Patient/p HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf")
    assert http.get(f"{empty_sandbox.base}/metadata").ok


def test_a_sandbox_that_never_started_can_be_stopped() -> None:
    Sandbox(()).stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])
def test_only_loopback_addresses_are_served(host: str) -> None:
    with pytest.raises(ValueError):
        Sandbox((), host=host)


def test_localhost_is_a_loopback_address(http: requests.Session) -> None:
    with Sandbox((), host="localhost") as sandbox:
        assert http.get(f"{sandbox.base}/metadata").ok


def test_what_a_client_sends_is_not_logged(
    empty_sandbox: Sandbox, http: requests.Session, capfd: pytest.CaptureFixture[str]
) -> None:
    body: dict[str, Any] = {"resourceType": "Patient", "id": "p", "name": 7}
    http.put(f"{empty_sandbox.base}/Patient/p", json=body)
    http.get(f"{empty_sandbox.base}/Patient", params={"name": "x"})
    assert capfd.readouterr() == ("", "")
