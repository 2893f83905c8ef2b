"""One batch instead of many requests: what it asks for, and that nothing unread in its answer looks like no risk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fhir.resources.R4B.bundle import Bundle

from cds_service.api.gather import gathering
from cds_service.api.hook_request import HookRequest
from cds_service.fhir_client import OTHER_PATIENT, OTHER_RESOURCES, FhirClient, FhirServer, Limits
from cds_service.fhir_client.batch import batch_of
from cds_service.fhir_client.bundles import NOT_A_BUNDLE, REPORTED_ERROR, UNREADABLE_ENTRY
from cds_service.fhir_client.kept_connections import REST_SECONDS
from cds_service.fhir_client.terms import LATE, NOT_FHIR, OTHER_RESOURCE
from fhir_mappings.chart import Gathered
from fhir_mappings.queries import Query
from tests.fhir_stand_in import EHR, FhirStandIn
from tests.unit.cds_service.conftest import Connection, Loopback

Json = dict[str, Any]
BASE = EHR.base
SERVER = FhirServer(BASE, "the-token")
PATIENT = Query("patient", "the patient", "Patient")
CONDITIONS = Query("conditions", "conditions", "Condition", (("_count", "3"),))
CALCIUM = Query("calcium", "calcium", "Observation", (("code", "http://loinc.org|1"), ("_count", "2")), 90, "date")
QUERIES = (PATIENT, CONDITIONS, CALCIUM)
ADDRESSES = [
    "Patient/p1",
    "Condition?patient=p1&_count=3",
    "Observation?patient=p1&code=http://loinc.org|1&date=ge2026-08-23&_count=2",
]
ME = {"resourceType": "Patient", "id": "p1"}
ILL = {"resourceType": "Condition", "id": "c"}
HIGH = {"resourceType": "Observation", "id": "o", "effectiveDateTime": "2026-11-20"}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def bundle(*resources: Json, **members: Any) -> Json:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def entry(resource: Json | None, status: str = "200 OK") -> Json:
    return ({} if resource is None else {"resource": resource}) | {"response": {"status": status}}


def answer(*entries: Any, **members: Any) -> Json:
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries), **members}


ALL = [entry(ME), entry(bundle(ILL)), entry(bundle(HIGH))]


@pytest.fixture
def mock() -> FhirStandIn:
    EHR.forget()
    return EHR


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(Limits(deadline_seconds=20), lambda base: True, takes_batches=lambda base: True)
    yield opened
    opened.close()


def ask(
    client: FhirClient, queries: Sequence[Query] = QUERIES, server: FhirServer = SERVER, prefetch: Json | None = None
) -> list[Gathered]:
    request = HookRequest("patient-view", "i", "p1", prefetch or {}, server)
    with gathering(client, request, date(2026, 11, 22), ZoneInfo("UTC"), client.deadline()) as gatherer:
        return list(gatherer.collect(queries, ()).queries)


def sent(mock: FhirStandIn) -> list[str]:
    return [f"{call.method} {call.url.removeprefix(BASE)}" for call in mock.calls]


def serve_singly(mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Patient/p1", json=ME)
    mock.get(f"{BASE}/Condition", json=bundle(ILL))
    mock.get(f"{BASE}/Observation", json=bundle(HIGH))


def resources(found: Sequence[Gathered]) -> list[list[Any]]:
    return [list(one.resources) for one in found]


# What is asked


def test_everything_is_asked_for_in_one_post_to_the_base_with_the_token(client: FhirClient, mock: FhirStandIn) -> None:
    mock.post(BASE, json=answer(*ALL))
    found = ask(client)
    assert resources(found) == [[ME], [ILL], [HIGH]]
    assert all(one.complete and not one.failed for one in found)
    assert sent(mock) == ["POST "]
    request = mock.calls[0]
    assert request.headers["Content-Type"] == "application/fhir+json"
    assert request.headers["Authorization"] == "Bearer the-token"
    asked = json.loads(request.body)["entry"]
    assert [one["request"] for one in asked] == [{"method": "GET", "url": address} for address in ADDRESSES]


def test_the_batch_is_a_valid_bundle() -> None:
    made = Bundle.model_validate_json(batch_of(["Patient/p1", *ADDRESSES]))
    assert (made.type, len(made.entry or [])) == ("batch", 4)


def test_only_what_was_not_sent_along_is_asked_for(client: FhirClient, mock: FhirStandIn) -> None:
    mock.post(BASE, json=answer(*ALL[1:]))
    assert resources(ask(client, prefetch={"patient": ME})) == [[ME], [ILL], [HIGH]]


def test_a_single_look_up_is_no_batch(client: FhirClient, mock: FhirStandIn) -> None:
    serve_singly(mock)
    assert resources(ask(client, [CONDITIONS])) == [[ILL]]
    assert sent(mock) == ["GET /Condition?patient=p1&_count=3"]


def test_a_server_is_sent_no_batch_unless_that_is_set(mock: FhirStandIn) -> None:
    serve_singly(mock)
    asked: list[str] = []

    def takes_none(base: str) -> bool:
        asked.append(base)
        return False

    client = FhirClient(Limits(), lambda base: True, takes_batches=takes_none)
    ask(client)
    client.close()
    assert [line.split()[0] for line in sent(mock)] == ["GET"] * 3
    assert asked == [BASE]


def test_next_pages_are_followed_one_by_one(client: FhirClient, mock: FhirStandIn) -> None:
    page = bundle(ILL, link=[{"relation": "next", "url": f"{BASE}?page=2"}])
    mock.post(BASE, json=answer(entry(ME), entry(page), entry(bundle(HIGH))))
    mock.get(f"{BASE}?page=2", json=bundle({**ILL, "id": "d"}))
    assert resources(ask(client))[1] == [ILL, {**ILL, "id": "d"}]
    assert sent(mock) == ["POST ", "GET ?page=2"]


def test_a_next_page_elsewhere_is_not_fetched(client: FhirClient, mock: FhirStandIn) -> None:
    page = bundle(ILL, link=[{"relation": "next", "url": "https://evil.example/fhir?page=2"}])
    mock.post(BASE, json=answer(entry(ME), entry(page), entry(bundle(HIGH))))
    assert [one.complete for one in ask(client)] == [True, False, True]


# An entry that could not be read


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (entry(bundle(), "401 Unauthorized"), "the FHIR server answered 401"),
        (entry(bundle(), "403"), "the FHIR server answered 403"),
        (entry(ERROR, "404 Not Found"), "the FHIR server answered 404"),
        (entry(bundle(), "500 Internal Server Error"), "the FHIR server answered 500"),
        (entry(bundle(), "204 No Content"), "the FHIR server answered 204"),
        (entry(bundle(), "304"), "the FHIR server answered 304"),
        (entry(ERROR), REPORTED_ERROR),
        (entry(bundle(ERROR)), REPORTED_ERROR),
        (entry(None), NOT_FHIR),
        (entry({}), NOT_FHIR),
        (entry(ILL), NOT_A_BUNDLE),
        (entry(bundle(HIGH)), OTHER_RESOURCES),
        (entry({"resourceType": "Bundle", "entry": {}}), UNREADABLE_ENTRY),
        (entry(bundle(), "fine"), NOT_FHIR),
        (entry(bundle(), "2000"), NOT_FHIR),
        (entry(bundle(), ""), NOT_FHIR),
        ({"resource": bundle()}, NOT_FHIR),
        ({"resource": bundle(), "response": {}}, NOT_FHIR),
        ({"resource": bundle(), "response": {"status": 200}}, NOT_FHIR),
        ({"resource": bundle(), "response": "200"}, NOT_FHIR),
        ("nothing", NOT_FHIR),
        (None, NOT_FHIR),
    ],
)
def test_an_entry_that_is_no_answer_is_a_failed_look_up_and_the_others_count(
    bad: Any, reason: str, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.post(BASE, json=answer(entry(ME), bad, entry(bundle(HIGH))))
    found = ask(client)
    assert [one.failed for one in found] == ["", reason, ""]
    assert resources(found) == [[ME], [], [HIGH]]
    assert sent(mock) == ["POST "]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(entry({**ME, "id": "p2"}), OTHER_PATIENT), (entry(ILL), OTHER_RESOURCE), (entry(None), NOT_FHIR)],
)
def test_another_patient_than_asked_for_is_a_failed_look_up(
    bad: Json, reason: str, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.post(BASE, json=answer(bad, *ALL[1:]))
    assert [one.failed for one in ask(client)] == [reason, "", ""]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Busy"])
def test_an_entry_that_was_too_much_at_the_moment_is_asked_for_once_more_by_itself(
    status: str, client: FhirClient, mock: FhirStandIn
) -> None:
    serve_singly(mock)
    mock.post(BASE, json=answer(entry(ME), entry(None, status), entry(bundle(HIGH))))
    assert resources(ask(client)) == [[ME], [ILL], [HIGH]]
    assert sent(mock) == ["POST ", "GET /Condition?patient=p1&_count=3"]


def test_answers_belong_to_requests_by_their_position(client: FhirClient, mock: FhirStandIn) -> None:
    mock.post(BASE, json=answer(entry(ME), entry(bundle(HIGH)), entry(bundle(ILL))))
    assert [one.failed for one in ask(client)] == ["", OTHER_RESOURCES, OTHER_RESOURCES]


# A batch that was not taken


def as_a_failure(status: int) -> Json:
    return {"status": status, "json": ERROR}


NOT_TAKEN: dict[str, Json] = {
    **{str(status): as_a_failure(status) for status in (400, 403, 404, 405, 415, 422, 500, 501)},
    "an OperationOutcome": {"json": ERROR},
    "HTML": {"body": "<html>"},
    "a searchset": {"json": {**answer(*ALL), "type": "searchset"}},
    "no type": {"json": {"resourceType": "Bundle", "entry": ALL}},
    "another resource": {"json": {**answer(*ALL), "resourceType": "Parameters"}},
    "too few entries": {"json": answer(*ALL[:2])},
    "too many entries": {"json": answer(*ALL, *ALL)},
    "no entries": {"json": {"resourceType": "Bundle", "type": "batch-response"}},
    "entries that are no list": {"json": {"resourceType": "Bundle", "type": "batch-response", "entry": {}}},
}


@pytest.mark.parametrize("reply", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_a_server_that_takes_no_batch_is_asked_singly_and_sent_none_for_a_while(
    reply: Json, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.post(BASE, **reply)
    serve_singly(mock)
    for _ in range(2):
        found = ask(client)
        assert resources(found) == [[ME], [ILL], [HIGH]]
        assert not any(one.failed for one in found)
    assert sent(mock).count("POST ") == 1


@pytest.mark.parametrize(
    "reply",
    [as_a_failure(401), as_a_failure(503), {"body": None}],
    ids=["401", "503", "lost"],
)
def test_a_failure_of_the_moment_is_asked_singly_and_not_remembered(
    reply: Json, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.post(BASE, **reply)
    serve_singly(mock)
    assert resources(ask(client)) == [[ME], [ILL], [HIGH]]
    before = sent(mock).count("POST ")
    ask(client)
    assert sent(mock).count("POST ") == 2 * before


def test_a_batch_that_failed_leaves_the_failures_of_the_single_requests(client: FhirClient, mock: FhirStandIn) -> None:
    mock.post(BASE, status=403)
    mock.get(f"{BASE}/Patient/p1", status=403)
    mock.get(f"{BASE}/Condition", status=403)
    mock.get(f"{BASE}/Observation", json=bundle())
    assert [one.failed for one in ask(client)] == ["the FHIR server answered 403", "the FHIR server answered 403", ""]


def test_a_batch_that_is_late_is_data_that_are_late(serve: Callable[..., Loopback]) -> None:
    client = FhirClient(Limits(deadline_seconds=0.4), lambda base: True, takes_batches=lambda base: True)
    server = serve(Connection.stay_silent)
    assert [one.failed for one in ask(client, server=FhirServer(server.base))] == [LATE] * 3
    assert len(server.heads) == 1
    client.close()


def test_a_batch_goes_out_on_an_open_connection_too(serve: Callable[..., Loopback], client: FhirClient) -> None:
    def read_and_answer(connection: Connection) -> None:
        length = int(connection.head.lower().split("content-length: ")[1].split("\r\n")[0])
        body = b""
        while len(body) < length:
            body += connection.sock.recv(length - len(body))
        bodies.append(json.loads(body))
        connection.answer(json.dumps(answer(*ALL)).encode())

    bodies: list[Json] = []
    server = serve(read_and_answer)
    for _ in range(2):
        assert resources(ask(client, server=FhirServer(server.base, "t"))) == [[ME], [ILL], [HIGH]]
    assert bodies[0] == bodies[1]
    for head in server.heads:
        assert head.startswith("POST /fhir HTTP/1.1\r\n")
        assert "Content-Type: application/fhir+json\r\n" in head
    assert not server.hung_up.is_set()


# A connection that is out of step


def body_of(connection: Connection) -> None:
    """Read the body of the request, so that the next one is read from its beginning."""
    length = int(connection.head.lower().split("content-length: ")[1].split("\r\n")[0])
    while length:
        length -= len(connection.sock.recv(length))


def out_of_step(connection: Connection) -> None:
    """On each connection the first batch gets its answer, every later one that of another, healthy patient."""
    body_of(connection)
    another = answer(entry({"resourceType": "Patient", "id": "p2"}), entry(bundle()), entry(bundle()))
    connection.answer(json.dumps(answer(*ALL) if connection.requests == 1 else another).encode())


def test_an_answer_to_another_batch_is_believed_in_no_part(serve: Callable[..., Loopback], client: FhirClient) -> None:
    server = serve(out_of_step)
    for _ in range(4):
        assert resources(ask(client, server=FhirServer(server.base, "t"))) == [[ME], [ILL], [HIGH]]
        time.sleep(REST_SECONDS + 0.02)
    assert len(server.heads) > server.connections, "a kept connection was used"


def test_a_batch_that_does_not_hold_the_patient_goes_out_on_a_new_connection(
    serve: Callable[..., Loopback], client: FhirClient
) -> None:
    def act(connection: Connection) -> None:
        body_of(connection)
        mine = answer(entry(bundle(ILL)), entry(bundle(HIGH)))
        nothing = answer(entry(bundle()), entry(bundle()))
        connection.answer(json.dumps(mine if connection.requests == 1 else nothing).encode())

    server = serve(act)
    for _ in range(3):
        found = ask(client, (CONDITIONS, CALCIUM), FhirServer(server.base, "t"))
        assert resources(found) == [[ILL], [HIGH]]
        time.sleep(REST_SECONDS + 0.02)
    assert server.connections == 3
