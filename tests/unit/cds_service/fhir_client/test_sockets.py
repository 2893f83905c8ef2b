"""On a real socket: a FHIR server is never waited for longer than the deadline, and nothing is left behind."""

import gc
import gzip
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pycurl
import pytest

from cds_service.fhir_client import (
    Deadline,
    FhirClient,
    FhirError,
    FhirServer,
    Limits,
)
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.fhir_stand_in import FhirStandIn
from tests.unit.cds_service.conftest import Behaviour, Connection, drip_body, drip_headers, not_http, truncate
from tests.unit.cds_service.fhir_client.asking import (
    BASE,
    PATIENT,
    SERVER,
    SHORT,
    Serve,
    answer_patient,
    bundle,
    everyone,
    ids,
    read,
    reason_of,
    search,
)


def answer_bundle(connection: Connection) -> None:
    connection.answer(json.dumps(bundle(1)).encode())


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
    search(client, FhirServer(pointing.base, "t"))
    assert [head.split()[1] for head in pointing.heads[1:]] == ["/fhir?page=2"]
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
