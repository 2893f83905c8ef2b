"""The FHIR server is asked politely, never trusted, and never waited for longer than the deadline."""

import gc
import gzip
import json
import logging
import os
import socket
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pycurl
import pytest

from cds_service.fhir_client import (
    Deadline,
    FhirClient,
    FhirError,
    FhirServer,
    Limits,
    SearchResult,
    bundles,
)
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.fhir_stand_in import EHR, FhirStandIn, without_port
from tests.unit.cds_service.conftest import Behaviour, Connection, Loopback, drip_body, drip_headers, not_http, truncate

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


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(SHORT, everyone)
    yield opened
    opened.close()


@pytest.fixture
def ehr() -> FhirStandIn:
    EHR.forget()
    return EHR


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


# One resource


def test_a_resource_is_read_with_the_token(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT
    assert ehr.calls[0].headers["Authorization"] == "Bearer the-token"
    assert ehr.calls[0].headers["Accept"] == "application/fhir+json"


def test_without_a_token_none_is_sent(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    read(client)
    read(client, FhirServer(BASE))
    assert "Authorization" not in ehr.calls[1].headers


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"HTTP://{HOST}/fhir"], ids=without_port)
@pytest.mark.parametrize("path", ["Patient/1", "/Patient/1"])
def test_slashes_meet_once(client: FhirClient, ehr: FhirStandIn, base: str, path: str) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client, FhirServer(base), path) == PATIENT


def test_a_base_may_be_the_root_of_a_host(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{EHR.origin}/Patient/1", json=PATIENT)
    assert read(client, FhirServer(f"{EHR.origin}/")) == PATIENT


@pytest.mark.parametrize("status", [204, 301, 302, 304, 307, 400, 401, 403, 404, 410, 500, 502])
def test_any_status_but_200_is_a_failure(client: FhirClient, ehr: FhirStandIn, status: int) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT, status=status, headers={"Location": f"{BASE}/Patient/2"})
    assert reason_of(read, client) == f"the FHIR server answered {status}"
    assert len(ehr.calls) == 1


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "7", '"Patient"', "{}", '{"resourceType": 1}', "<html></html>", '{"resourceType": "Pa', "ÿ"],
)
def test_what_is_not_a_resource_is_a_failure_whatever_it_is_called(
    client: FhirClient, ehr: FhirStandIn, body: str
) -> None:
    ehr.get(f"{BASE}/Patient/1", body=body.encode("latin-1"), content_type="application/fhir+json")
    assert reason_of(read, client) == fhir_terms.NOT_FHIR


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "nonsense"])
def test_a_resource_is_a_resource_whatever_it_is_called(
    client: FhirClient, ehr: FhirStandIn, content_type: str
) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(PATIENT).encode()
    ehr.get(f"{BASE}/Patient/1", body=body, content_type=content_type)
    assert read(client) == PATIENT


def test_another_resource_than_asked_for_is_a_failure(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=observation(1))
    assert reason_of(read, client) == fhir_terms.OTHER_RESOURCE


@pytest.mark.parametrize(
    ("severity", "reason"),
    [
        ("fatal", bundles.REPORTED_ERROR),
        ("error", bundles.REPORTED_ERROR),
        ("warning", fhir_terms.OTHER_RESOURCE),
    ],
)
def test_an_operation_outcome_is_no_resource(client: FhirClient, ehr: FhirStandIn, severity: str, reason: str) -> None:
    ehr.get(f"{BASE}/Patient/1", json=remark(severity))
    assert reason_of(read, client) == reason


@pytest.mark.parametrize("path", ["Patient/../../admin", "Patient/%2e%2e/1", "Patient//1", "Patient/1#x", "Pa tient/1"])
def test_a_path_that_could_lead_elsewhere_is_not_asked_for(client: FhirClient, ehr: FhirStandIn, path: str) -> None:
    assert reason_of(read, client, SERVER, path) == fhir_terms.BAD_PATH
    assert len(ehr.calls) == 0


# Whom we talk to


def test_a_server_that_is_not_allowed_is_not_contacted(ehr: FhirStandIn) -> None:
    asked: list[str] = []

    def nobody(base: str) -> bool:
        asked.append(base)
        return False

    client = FhirClient(SHORT, nobody)
    assert reason_of(read, client) == fhir_terms.NOT_ALLOWED
    assert reason_of(search, client) == fhir_terms.NOT_ALLOWED
    assert asked == [BASE, BASE]
    assert len(ehr.calls) == 0
    client.close()


@pytest.mark.parametrize(
    "base",
    [
        "",
        "file:///etc/passwd",
        "ftp://ehr.example/fhir",
        "https://user:pass@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/fhir/..",
        "ehr.example",
    ],
)
def test_an_address_that_is_no_server_is_not_contacted(client: FhirClient, ehr: FhirStandIn, base: str) -> None:
    assert reason_of(read, client, FhirServer(base)) == fhir_terms.NOT_A_SERVER
    assert len(ehr.calls) == 0


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Evil: 1", "tökén", "nul\x00"])
def test_a_token_that_is_none_is_not_sent(client: FhirClient, ehr: FhirStandIn, token: str) -> None:
    assert reason_of(read, client, FhirServer(BASE, token)) == fhir_terms.BAD_TOKEN
    assert len(ehr.calls) == 0


def test_a_token_is_not_shown() -> None:
    assert "the-token" not in repr(SERVER)


# Searches and their pages


def test_a_search_brings_its_matches_and_drops_remarks(client: FhirClient, ehr: FhirStandIn) -> None:
    page = bundle(1, 2, total=2)
    page["entry"] += [{"resource": remark("warning")}, {"fullUrl": "urn:uuid:1"}]
    ehr.get(f"{BASE}/{SEARCH}", json=page)
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1", "2"], True, "")


def test_a_search_that_finds_nothing_is_complete(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation", json={"resourceType": "Bundle", "total": 0})
    assert search(client) == SearchResult([])


@pytest.mark.parametrize("answer", [observation(1), remark("warning"), {"resourceType": "Bundle", "entry": {}}])
def test_an_answer_that_is_no_sound_bundle_is_a_failure(
    client: FhirClient, ehr: FhirStandIn, answer: dict[str, Any]
) -> None:
    ehr.get(f"{BASE}/Observation", json=answer)
    assert reason_of(search, client) in {bundles.NOT_A_BUNDLE, bundles.UNREADABLE_ENTRY}


def test_an_error_beside_the_matches_is_a_failure(client: FhirClient, ehr: FhirStandIn) -> None:
    page = bundle(1)
    page["entry"].append({"resource": remark("error")})
    ehr.get(f"{BASE}/Observation", json=page)
    assert reason_of(search, client) == bundles.REPORTED_ERROR


@pytest.mark.parametrize(
    ("link", "second"),
    [
        (f"{BASE}?_getpages=abc&_getpagesoffset=2", f"{BASE}?_getpages=abc&_getpagesoffset=2"),
        (f"{BASE}/?_getpages=abc", f"{BASE}/?_getpages=abc"),
        (f"{BASE}/Observation?page=2", f"{BASE}/Observation?page=2"),
        (f"HTTP://{HOST}/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("Observation?page=2", f"{BASE}/Observation?page=2"),
        ("/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("?page=2", f"{BASE}/Observation?page=2"),
        (f"//{HOST}/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
    ],
    ids=without_port,
)
def test_the_next_page_is_fetched_with_the_token(client: FhirClient, ehr: FhirStandIn, link: str, second: str) -> None:
    ehr.get(f"{BASE}/{SEARCH}", json=bundle(1, next_page=link), match_querystring=None)
    ehr.get(second, json=bundle(2), match_querystring=None)
    result = search(client)
    assert (ids(result), result.complete) == (["1", "2"], True)
    assert ehr.calls[1].url == second
    assert ehr.calls[1].headers["Authorization"] == "Bearer the-token"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir/Observation?page=2",
        "//evil.example/fhir?page=2",
        f"https://{HOST}/fhir?page=2",
        "http://127.0.0.1:1/fhir?page=2",
        f"http://{HOST}/fhirother?page=2",
        f"http://{HOST}/?page=2",
        f"http://{HOST}/fhir/../admin?page=2",
        "../admin?page=2",
        f"http://{HOST}/fhir/%2e%2e/admin?page=2",
        f"http://user@{HOST}/fhir?page=2",
        f"http://{HOST}@evil.example/fhir?page=2",
        f"http://{HOST}\\@evil.example/fhir?page=2",
        f"http://{HOST}/fhir?page=2#x",
        "https://[evil/fhir",
        "file:///etc/passwd",
    ],
    ids=without_port,
)
def test_a_next_page_elsewhere_is_not_fetched_and_the_result_is_incomplete(
    client: FhirClient, ehr: FhirStandIn, link: str
) -> None:
    ehr.get(f"{BASE}/Observation", json=bundle(1, next_page=link))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.ELSEWHERE)
    assert len(ehr.calls) == 1


def test_an_endless_next_link_is_not_taken_apart(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/{SEARCH}", json=bundle(1, next_page=f"{BASE}?page={'x' * 16_000}"))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.BAD_PATH)


def test_the_same_next_page_again_ends_the_search_incomplete(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation", json=bundle(1, next_page=f"{BASE}/{SEARCH}"))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.REPEATED)


@pytest.mark.parametrize(("pages", "complete"), [(4, True), (5, False)])
def test_pages_are_followed_up_to_the_limit(client: FhirClient, ehr: FhirStandIn, pages: int, complete: bool) -> None:
    for number in range(1, pages + 1):
        link = f"{BASE}/Observation/page/{number + 1}" if number < pages else None
        ehr.get(f"{BASE}/Observation/page/{number}", json=bundle(number, next_page=link))
    result = search(client, path="Observation/page/1")
    assert ids(result) == ["1", "2", "3", "4"]
    assert (result.complete, result.reason) == (complete, "" if complete else fhir_terms.TOO_MANY_PAGES)


def test_a_page_that_is_past_the_look_back_ends_the_search_complete(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2", total=9))
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2, next_page="Observation/page/3", total=9))
    result = search(client, path="Observation/page/1", past=lambda page: page[-1]["id"] == "2")
    assert (ids(result), result.complete) == (["1", "2"], True)


@pytest.mark.parametrize("trouble", ["500", "html", "error", "bundle"])
def test_a_later_page_that_fails_leaves_the_first_ones_and_an_incomplete_result(
    client: FhirClient, ehr: FhirStandIn, trouble: str
) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2"))
    if trouble == "500":
        ehr.get(f"{BASE}/Observation/page/2", status=500)
    else:
        bodies = {"html": "<html>", "error": json.dumps(remark("error")), "bundle": json.dumps(observation(2))}
        ehr.get(f"{BASE}/Observation/page/2", body=bodies[trouble])
    reasons = {
        "500": "the FHIR server answered 500",
        "html": fhir_terms.NOT_FHIR,
        "error": bundles.REPORTED_ERROR,
        "bundle": bundles.NOT_A_BUNDLE,
    }
    result = search(client, path="Observation/page/1")
    assert (ids(result), result.complete, result.reason) == (["1"], False, reasons[trouble])


@pytest.mark.parametrize(("total", "complete"), [(2, True), (3, False), (1, True), (None, True)])
def test_fewer_matches_than_the_server_counted_make_the_result_incomplete(
    client: FhirClient, ehr: FhirStandIn, total: int | None, complete: bool
) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2", total=total))
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2))
    result = search(client, path="Observation/page/1")
    assert (ids(result), result.complete) == (["1", "2"], complete)
    assert result.reason == ("" if complete else fhir_terms.TOO_FEW)


@pytest.mark.parametrize("path", [SEARCH, ""])
def test_a_first_page_that_was_sent_along_is_continued_and_not_asked_for_again(
    client: FhirClient, ehr: FhirStandIn, path: str
) -> None:
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2))
    result = search(client, path=path, first=bundle(1, next_page="Observation/page/2"))
    assert (ids(result), result.complete) == (["1", "2"], True)
    assert len(ehr.calls) == 1


def test_a_first_page_that_was_sent_along_is_trusted_no_more_than_a_fetched_one(
    client: FhirClient, ehr: FhirStandIn
) -> None:
    elsewhere = bundle(1, next_page="https://evil.example/fhir?page=2")
    assert search(client, first=elsewhere).reason == fhir_terms.ELSEWHERE
    assert reason_of(search, client, first=remark("error")) == bundles.REPORTED_ERROR
    assert search(client, first=bundle(1, next_page="Observation/page/2"), past=lambda page: True).complete
    assert len(ehr.calls) == 0


# Trying once more


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
def test_a_busy_server_is_asked_once_more(
    client: FhirClient, ehr: FhirStandIn, status: int, headers: dict[str, str]
) -> None:
    ehr.get(f"{BASE}/Patient/1", status=status, headers=headers)
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


@pytest.mark.parametrize("asked", ["Wed, 21 Oct 2020 07:28:00 GMT", "soon", "-1", ""])
def test_a_pause_that_is_over_or_cannot_be_read_is_a_short_one(
    client: FhirClient, ehr: FhirStandIn, asked: str
) -> None:
    ehr.get(f"{BASE}/Patient/1", status=429, headers={"Retry-After": asked})
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


def test_a_server_that_stays_busy_is_not_asked_a_third_time(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", status=503)
    assert reason_of(read, client) == "the FHIR server answered 503"
    assert len(ehr.calls) == 2


@pytest.mark.parametrize("asked", ["2", "120", "Wed, 21 Oct 2126 07:28:00 GMT"])
def test_a_pause_that_does_not_fit_is_a_no(client: FhirClient, ehr: FhirStandIn, asked: str) -> None:
    ehr.get(f"{BASE}/Patient/1", status=429, headers={"Retry-After": asked})
    assert reason_of(read, client) == "the FHIR server answered 429"
    assert len(ehr.calls) == 1


def test_a_lost_connection_is_tried_once_more(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", body=None)
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


def test_an_error_says_nothing_of_the_address(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", body=None)
    with pytest.raises(FhirError) as failure:
        read(client)
    assert failure.value.reason == fhir_terms.UNREACHABLE
    assert "Patient/1" not in "".join(traceback.format_exception(failure.value))


# On a real socket


def answer_bundle(connection: Connection) -> None:
    connection.answer(json.dumps(bundle(1)).encode())


def answer_patient(connection: Connection) -> None:
    connection.answer(json.dumps(PATIENT).encode())


def drip_status(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 ")
    connection.drip(b"O")


def drip_continues(connection: Connection) -> None:
    connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_chunks(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.drip(b"1\r\n \r\n")


NEVER_DONE: list[Behaviour] = [
    Connection.stay_silent,
    drip_status,
    drip_headers,
    drip_continues,
    drip_body,
    drip_chunks,
]


@pytest.mark.parametrize("behaviour", NEVER_DONE)
def test_a_server_that_never_finishes_is_left_at_the_deadline_and_the_connection_closed(
    serve: Serve, behaviour: Behaviour
) -> None:
    slow, quick = serve(behaviour), serve(answer_patient)
    client = FhirClient(Limits(deadline_seconds=0.4, pool_size=1), everyone)
    assert reason_of(read, client, FhirServer(slow.base)) == fhir_terms.LATE
    assert slow.hung_up.wait(10)
    # The only thread of this client is free again.
    assert read(client, FhirServer(quick.base)) == PATIENT
    client.close()


def test_no_thread_is_ever_made(serve: Serve, client: FhirClient) -> None:
    server = serve(answer_patient)
    before = {
        thread for thread in threading.enumerate() if "_accept" not in thread.name and "_serve" not in thread.name
    }
    read(client, FhirServer(server.base))
    after = {thread for thread in threading.enumerate() if "_accept" not in thread.name and "_serve" not in thread.name}
    assert after == before


def test_a_tls_handshake_that_never_ends_is_left_at_the_deadline(serve: Serve, client: FhirClient) -> None:
    server = serve(Connection.stay_silent)
    secure = server.base.replace("http:", "https:")
    assert reason_of(read, client, FhirServer(secure)) == fhir_terms.LATE


def test_a_server_that_is_slow_but_in_time_is_heard(serve: Serve, client: FhirClient) -> None:
    def slowly(connection: Connection) -> None:
        body = json.dumps(PATIENT).encode()
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 8):
            connection.server.stopping.wait(0.01)
            connection.send(body[start : start + 8])

    assert read(client, FhirServer(serve(slowly).base)) == PATIENT


def test_all_queries_of_a_request_share_one_deadline(serve: Serve) -> None:
    server = FhirServer(serve(Connection.stay_silent).base)
    client = FhirClient(Limits(deadline_seconds=0.4, pool_size=1), everyone)
    with client.talk(server, client.deadline()) as talk:
        look_ups = [talk.read(f"Patient/{number}") for number in range(5)]
        assert {reason_of(talk.answer, look_up) for look_up in look_ups} == {fhir_terms.LATE}
        assert talk.deadline.reading() == 0
    client.close()


def test_what_is_asked_for_after_the_deadline_is_not_asked(client: FhirClient, ehr: FhirStandIn) -> None:
    over = Deadline(ends_at=0.0, margin=0.0, clock=lambda: 1.0)
    assert over.reading() == 0
    with client.talk(SERVER, over) as talk:
        look_up = talk.read("Patient/1")
        assert look_up.is_done
        assert reason_of(talk.answer, look_up) == fhir_terms.LATE
    assert len(ehr.calls) == 0


def test_what_was_not_waited_for_is_hung_up_on_at_the_end_of_the_talk(serve: Serve, client: FhirClient) -> None:
    server = serve(Connection.stay_silent)
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        look_up = talk.read("Patient/1")
        quick = talk.read("Patient/../1")
        assert reason_of(talk.answer, quick) == fhir_terms.BAD_PATH
    assert not look_up.is_done
    assert reason_of(talk.answer, look_up) == fhir_terms.LATE
    assert server.hung_up.wait(10)


def test_reading_ends_a_moment_before_waiting_so_that_pages_in_hand_are_not_lost(
    serve: Serve, client: FhirClient
) -> None:
    def first_then_drip(connection: Connection) -> None:
        if len(connection.server.heads) == 1:
            connection.answer(json.dumps(bundle(1, next_page="?page=2")).encode())
        else:
            drip_body(connection)

    result = search(client, FhirServer(serve(first_then_drip).base))
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.LATE)


def truncate_chunk(connection: Connection) -> None:
    connection.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n{"resourceType": "Patient"}\r\n')
    connection.sock.close()


def not_gzip(connection: Connection) -> None:
    connection.answer(gzip.compress(json.dumps(PATIENT).encode())[:-9], Content_Encoding="gzip")


@pytest.mark.parametrize("behaviour", [Connection.reset, truncate, truncate_chunk, not_http, not_gzip])
def test_a_broken_answer_is_a_failure_after_one_more_try(
    serve: Serve, client: FhirClient, behaviour: Behaviour
) -> None:
    server = serve(behaviour)
    assert reason_of(read, client, FhirServer(server.base)) == fhir_terms.UNREACHABLE
    assert len(server.heads) == 2


def test_a_closed_port_is_a_failure(serve: Serve, client: FhirClient) -> None:
    server = serve(answer_patient)
    base = server.base
    server.stop()
    assert reason_of(read, client, FhirServer(base)) == fhir_terms.UNREACHABLE


def closed_port(serve: Serve) -> str:
    server = serve(answer_patient)
    base = server.base
    server.stop()
    return base


def failures() -> list[type]:
    """The failures that are in memory now; those that the tests themselves keep come first."""
    return [type(one) for one in gc.get_objects() if issubclass(type(one), (FhirError, OSError, pycurl.error))]


@pytest.mark.parametrize(
    "base",
    [
        closed_port,
        lambda serve: serve(truncate).base,
        lambda serve: serve(not_http).base,
        lambda serve: serve(drip_body).base,
    ],
    ids=["closed", "truncated", "not HTTP", "dripping"],
)
def test_a_failure_is_forgotten_when_it_has_been_told(serve: Serve, base: Callable[[Serve], str]) -> None:
    client, server = FhirClient(Limits(deadline_seconds=0.4), everyone), FhirServer(base(serve))
    gc.collect()
    gc.disable()
    try:
        before = len(failures())
        with suppress(FhirError):
            read(client, server)
        client.close()
        assert failures()[before:] == []
    finally:
        gc.enable()


def test_a_name_that_cannot_be_looked_up_is_a_failure(client: FhirClient) -> None:
    too_long = "x" * 64
    assert reason_of(read, client, FhirServer(f"http://{too_long}.example/fhir")) == fhir_terms.UNREACHABLE


def test_a_server_that_takes_no_connection_is_left_at_the_deadline_and_waited_for_in_peace(
    client: FhirClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen, looks = Connections.listen, []

    def listen_and_count(self: Connections, seconds: float) -> None:
        looks.append(seconds)
        listen(self, seconds)

    monkeypatch.setattr(Connections, "listen", listen_and_count)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as callers:
        for _ in range(4):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        base = f"http://127.0.0.1:{full.getsockname()[1]}/fhir"
        assert reason_of(read, client, FhirServer(base)) == fhir_terms.LATE
    # A look every hundredth of a second would be more than a hundred.
    assert len(looks) < 10


def test_a_connection_that_the_server_dropped_meanwhile_is_opened_anew(serve: Serve, client: FhirClient) -> None:
    def answer_and_hang_up(connection: Connection) -> None:
        answer_patient(connection)
        connection.sock.close()

    server = serve(answer_and_hang_up)
    assert [read(client, FhirServer(server.base)) for _ in range(3)] == [PATIENT] * 3


def test_connections_are_used_again(serve: Serve, client: FhirClient) -> None:
    server = serve(answer_patient)
    for _ in range(3):
        read(client, FhirServer(server.base))
        server.stopping.wait(REST_SECONDS)
    assert len(server.heads) == 3
    assert server.connections == client.kept_connections() == 1


def huge_body(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not connection.server.stopping.is_set():
        connection.send(b" " * 65_536)


def test_an_answer_larger_than_the_limit_is_not_read_to_its_end(serve: Serve, client: FhirClient) -> None:
    server = serve(huge_body)
    assert reason_of(read, client, FhirServer(server.base)) == fhir_terms.TOO_LARGE
    assert server.hung_up.wait(10)


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_the_limit_itself_still_fits(client: FhirClient, ehr: FhirStandIn, spare: int, fits: bool) -> None:
    body = json.dumps(PATIENT)
    ehr.get(f"{BASE}/Patient/1", body=body + " " * (SHORT.max_bytes - len(body) + spare))
    if fits:
        assert read(client) == PATIENT
    else:
        assert reason_of(read, client) == fhir_terms.TOO_LARGE


def test_endless_pages_end_at_the_limit(serve: Serve, client: FhirClient) -> None:
    def one_more(connection: Connection) -> None:
        number = len(connection.server.heads)
        connection.answer(json.dumps(bundle(number, next_page=f"?page={number}")).encode())

    server = serve(one_more)
    result = search(client, FhirServer(server.base))
    assert (len(result.resources), result.complete) == (4, False)
    assert len(server.heads) == 4


def test_neither_redirect_nor_next_link_takes_us_or_the_token_to_another_port(serve: Serve, client: FhirClient) -> None:
    other = serve(answer_bundle)

    def redirect(connection: Connection) -> None:
        connection.answer(b"moved", "302 Found", Location=f"{other.base}/Patient/1")

    def point_elsewhere(connection: Connection) -> None:
        connection.answer(json.dumps(bundle(1, next_page=f"{other.base}?page=2")).encode())

    redirecting, pointing = serve(redirect), serve(point_elsewhere)
    assert reason_of(read, client, FhirServer(redirecting.base, "t")) == "the FHIR server answered 302"
    assert not search(client, FhirServer(pointing.base, "t")).complete
    assert other.heads == []


def test_a_redirect_is_not_even_read(serve: Serve, client: FhirClient) -> None:
    def drip_redirect(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n")
        connection.drip()

    assert reason_of(read, client, FhirServer(serve(drip_redirect).base)) == "the FHIR server answered 302"


def test_cookies_are_not_kept(serve: Serve, client: FhirClient) -> None:
    server = serve(lambda connection: connection.answer(json.dumps(PATIENT).encode(), Set_Cookie="session=1; Path=/"))
    read(client, FhirServer(server.base))
    read(client, FhirServer(server.base))
    assert "Cookie" not in server.heads[1]


def test_no_log_line_names_an_address(serve: Serve, caplog: pytest.LogCaptureFixture, client: FhirClient) -> None:
    def odd_headers(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\n\r\n")

    caplog.set_level(logging.DEBUG)
    reason_of(read, client, FhirServer(serve(odd_headers).base))
    reason_of(read, client, FhirServer(serve(Connection.reset).base))
    assert "Patient/1" not in caplog.text


def test_a_client_that_was_closed_starts_again(serve: Serve, client: FhirClient) -> None:
    server = FhirServer(serve(answer_patient).base)
    assert read(client, server) == PATIENT
    client.close()
    assert read(client, server) == PATIENT


# TLS and the environment


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    serve: Serve, tls: SSLContext, client: FhirClient
) -> None:
    server = serve(answer_patient, tls)
    assert reason_of(read, client, FhirServer(server.base, "t")) == fhir_terms.NOT_SECURE
    assert server.heads == []


ASK = """
    import sys
    from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits

    client = FhirClient(Limits(deadline_seconds=0.8), lambda base: True, trust_environment=sys.argv[1] == "yes")
    try:
        with client.talk(FhirServer(sys.argv[2], sys.argv[3] or None), client.deadline()) as talk:
            print(talk.answer(talk.read("Patient/1"))["id"])
    except FhirError as error:
        print(error.reason)
    client.close()
"""


def ask_in_an_environment(trust: str, base: str, token: str = "t", **environment: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(ASK), trust, base, token]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("behaviour", "reason"), [(answer_patient, "1"), (drip_body, fhir_terms.LATE), (drip_headers, fhir_terms.LATE)]
)
def test_over_tls_the_same_holds(
    serve: Serve, tls: SSLContext, certificate: Path, behaviour: Behaviour, reason: str
) -> None:
    server = serve(behaviour, tls)
    assert ask_in_an_environment("yes", server.base, REQUESTS_CA_BUNDLE=str(certificate)) == reason


def test_the_environment_vouches_for_nobody_unless_it_is_trusted(
    serve: Serve, tls: SSLContext, certificate: Path
) -> None:
    server = serve(answer_patient, tls)
    asked = ask_in_an_environment("no", server.base, REQUESTS_CA_BUNDLE=str(certificate))
    assert asked == fhir_terms.NOT_SECURE


def test_a_proxy_is_used_only_when_the_environment_is_trusted(serve: Serve) -> None:
    server, proxy = serve(answer_patient), serve(answer_patient)
    proxies = {"HTTP_PROXY": proxy.origin, "http_proxy": proxy.origin, "NO_PROXY": "", "no_proxy": ""}
    assert ask_in_an_environment("no", server.base, **proxies) == "1"
    assert proxy.heads == []
    assert ask_in_an_environment("yes", server.base, **proxies) == "1"
    assert len(proxy.heads) == len(server.heads) == 1


def test_a_dripping_proxy_is_left_at_the_deadline_too(serve: Serve) -> None:
    proxy = serve(drip_headers)
    proxies = {"HTTPS_PROXY": proxy.origin, "https_proxy": proxy.origin, "NO_PROXY": "", "no_proxy": ""}
    assert ask_in_an_environment("yes", "https://ehr.example/fhir", **proxies) == fhir_terms.LATE


@pytest.mark.parametrize("trust", ["yes", "no"])
@pytest.mark.parametrize(("token", "sent"), [("t", "Bearer t"), ("", None)])
def test_a_login_file_is_not_used_with_a_token_or_without_one(
    serve: Serve, tmp_path: Path, trust: str, token: str, sent: str | None
) -> None:
    server = serve(answer_patient)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password secret\n")
    login = {"NETRC": str(tmp_path / ".netrc"), "HOME": str(tmp_path)}
    assert ask_in_an_environment(trust, server.base, token, **login) == "1"
    found = [line.partition(": ")[2] for line in server.heads[0].splitlines() if line.startswith("Authorization")]
    assert found == ([] if sent is None else [sent])
