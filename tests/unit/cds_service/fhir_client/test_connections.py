"""An answer on a connection that was open already is held to the same promises as one on a new connection."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from ssl import SSLContext
from typing import Any

import pytest

from cds_service.fhir_client import FhirClient, FhirServer, Limits, SearchResult
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.unit.cds_service.conftest import (
    Behaviour,
    Clock,
    Connection,
    Loopback,
    drip_body,
    drip_headers,
    not_http,
    truncate,
)
from tests.unit.cds_service.fhir_client.asking import PATIENT, Serve, reason_of

BODY = json.dumps(PATIENT).encode()
LIMITS = Limits(deadline_seconds=1.5, max_pages=4, max_bytes=200_000, pool_size=4)
CLOCK = Clock()


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(LIMITS, lambda base: True, CLOCK)
    yield opened
    opened.close()


def read(client: FhirClient, server: Loopback, path: str = "Patient/1") -> Any:
    CLOCK.skipped += REST_SECONDS
    with client.talk(FhirServer(server.base, "the-token"), client.deadline()) as talk:
        return talk.answer(talk.read(path))


def then(*behaviours: Behaviour) -> Behaviour:
    """The requests of all connections together are answered by these in turn, the last one again and again."""
    lock, left = threading.Lock(), list(behaviours)

    def act(connection: Connection) -> None:
        with lock:
            behaviour = left.pop(0) if len(left) > 1 else left[0]
        behaviour(connection)

    return act


def whole(connection: Connection) -> None:
    connection.answer(BODY)


def test_a_second_request_goes_out_on_the_open_connection_with_the_token(serve: Serve, client: FhirClient) -> None:
    server = serve(whole)
    read(client, server)
    assert read(client, server, "Patient/1?_elements=id|name") == PATIENT
    first, second = server.heads
    assert second.startswith("GET /fhir/Patient/1?_elements=id%7Cname HTTP/1.1\r\n")
    for line in first.splitlines()[1:]:
        assert line in second.splitlines()
    assert not server.hung_up.is_set()


def chunked(connection: Connection) -> None:
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (BODY[:9], BODY[9:]))
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n")


def compressed(connection: Connection) -> None:
    connection.answer(gzip.compress(BODY), Content_Encoding="gzip")


def byte_by_byte(connection: Connection) -> None:
    for number in range(len(BODY)):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) if number == 0 else b""
        connection.send(head + BODY[number : number + 1])


def after_interim_answers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" * 3)
    connection.answer(BODY)


def until_closed(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    connection.sock.close()


@pytest.mark.parametrize("behaviour", [chunked, compressed, byte_by_byte, after_interim_answers, until_closed])
def test_an_answer_is_understood_however_it_comes(serve: Serve, client: FhirClient, behaviour: Behaviour) -> None:
    server = serve(then(whole, behaviour, whole))
    read(client, server)
    assert read(client, server) == PATIENT
    assert read(client, server) == PATIENT
    assert len(server.heads) == 3


def hang_up(connection: Connection) -> None:
    connection.sock.close()


def not_gzip(connection: Connection) -> None:
    connection.answer(gzip.compress(BODY)[:-9], Content_Encoding="gzip")


def two_lengths(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")


def upgrade(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")


def headers_without_end(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000)
    connection.stay_silent()


BROKEN: list[Behaviour] = [
    Connection.reset,
    hang_up,
    truncate,
    not_http,
    not_gzip,
    two_lengths,
    headers_without_end,
]


@pytest.mark.parametrize("behaviour", BROKEN)
def test_a_broken_answer_is_asked_for_once_more_on_a_new_connection(
    serve: Serve, client: FhirClient, behaviour: Behaviour
) -> None:
    server = serve(then(whole, behaviour, whole))
    read(client, server)
    assert read(client, server) == PATIENT
    assert len(server.heads) == 3


def test_what_stays_broken_is_a_failure_after_one_more_try(serve: Serve, client: FhirClient) -> None:
    server = serve(then(whole, Connection.reset))
    read(client, server)
    assert reason_of(read, client, server) == fhir_terms.UNREACHABLE
    # One that was right; one on the kept connection, which libcurl sends again by itself; one more of ours.
    assert len(server.heads) == 1 + 2 + 1


def test_a_server_that_wants_to_speak_something_else_is_left_at_the_deadline(serve: Serve, client: FhirClient) -> None:
    server = serve(then(whole, upgrade))
    read(client, server)
    assert reason_of(read, client, server) == fhir_terms.LATE
    assert server.hung_up.wait(10)


def busy(connection: Connection) -> None:
    connection.answer(b"", "503 Busy")


def busy_for_long(connection: Connection) -> None:
    connection.answer(b"", "429 Too Many", Retry_After="60")


@pytest.mark.parametrize(("behaviours", "asked"), [([whole, busy, whole], 3), ([whole, busy], 3)])
def test_a_busy_server_is_asked_once_more(
    serve: Serve, client: FhirClient, behaviours: list[Behaviour], asked: int
) -> None:
    server = serve(then(*behaviours))
    read(client, server)
    if behaviours[-1] is busy:
        assert reason_of(read, client, server) == "the FHIR server answered 503"
    else:
        assert read(client, server) == PATIENT
    assert len(server.heads) == asked


def test_a_server_that_asks_for_a_long_pause_is_not_asked_again(serve: Serve, client: FhirClient) -> None:
    server = serve(then(whole, busy_for_long))
    read(client, server)
    assert reason_of(read, client, server) == "the FHIR server answered 429"
    assert len(server.heads) == 2


def redirect_slowly(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n")
    connection.drip()


def test_a_redirect_is_neither_followed_nor_read(serve: Serve, client: FhirClient) -> None:
    server = serve(then(whole, redirect_slowly))
    read(client, server)
    started = time.monotonic()
    assert reason_of(read, client, server) == "the FHIR server answered 302"
    assert time.monotonic() - started < LIMITS.deadline_seconds / 2
    assert server.hung_up.wait(10)


def drip_continues(connection: Connection) -> None:
    connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("behaviour", [Connection.stay_silent, drip_headers, drip_body, drip_continues])
def test_a_server_that_never_finishes_is_left_at_the_deadline_and_the_connection_closed(
    serve: Serve, behaviour: Behaviour
) -> None:
    server, quick = serve(then(whole, behaviour)), serve(whole)
    client = FhirClient(Limits(deadline_seconds=0.4, pool_size=1), lambda base: True, CLOCK)
    read(client, server)
    started = time.monotonic()
    assert reason_of(read, client, server) == fhir_terms.LATE
    assert time.monotonic() - started < 2
    assert server.hung_up.wait(10)
    assert read(client, quick) == PATIENT
    client.close()


def test_one_slow_answer_holds_up_no_other(serve: Serve, client: FhirClient) -> None:
    both = threading.Barrier(2)

    def meet(connection: Connection) -> None:
        both.wait(10)
        whole(connection)

    def by_path(connection: Connection) -> None:
        drip_body(connection) if "Patient/2" in connection.head else whole(connection)

    server = serve(then(meet, meet, by_path))
    open_two(client, server)
    CLOCK.skipped += REST_SECONDS
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        slow, quick = talk.read("Patient/2"), talk.read("Patient/1")
        assert reason_of(talk.answer, slow) == fhir_terms.LATE
        assert talk.answer(quick) == PATIENT


def test_an_answer_on_a_new_connection_does_not_wait_for_a_slow_one_on_an_open_connection(
    serve: Serve, client: FhirClient
) -> None:
    def by_path(connection: Connection) -> None:
        drip_body(connection) if "Patient/2" in connection.head else whole(connection)

    server = serve(then(whole, by_path))
    read(client, server)
    CLOCK.skipped += REST_SECONDS
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        slow, quick = talk.read("Patient/2"), talk.read("Patient/1")
        assert talk.answer(quick) == PATIENT
        assert talk.deadline.reading() > LIMITS.deadline_seconds / 2
        assert reason_of(talk.answer, slow) == fhir_terms.LATE


def test_a_connection_that_was_closed_does_not_hide_those_that_are_open(serve: Serve, client: FhirClient) -> None:
    both = threading.Barrier(2)

    def meet(connection: Connection) -> None:
        both.wait(10)
        whole(connection)

    def refuse(connection: Connection) -> None:
        connection.answer(BODY, "404 Not Found")

    server = serve(then(meet, meet, refuse, whole))
    open_two(client, server)
    assert reason_of(read, client, server) == "the FHIR server answered 404"
    assert read(client, server) == PATIENT
    assert server.connections == 2


def open_two(client: FhirClient, server: Loopback) -> None:
    """Open two connections."""
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        look_ups = [talk.read("Patient/1") for _ in range(2)]
        assert [talk.answer(look_up) for look_up in look_ups] == [PATIENT, PATIENT]


def test_next_pages_are_read_on_the_open_connection_too(serve: Serve, client: FhirClient) -> None:
    def page(number: int) -> Behaviour:
        links = [{"relation": "next", "url": f"?page={number + 1}"}] if number < 3 else []
        entry = [{"resource": {"resourceType": "Observation", "id": str(number)}}]
        body = json.dumps({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entry}).encode()
        return lambda connection: connection.answer(body)

    server = serve(then(whole, page(1), page(2), page(3)))
    read(client, server)
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        found: SearchResult = talk.answer(talk.search("Observation?patient=1"))
    assert ([one["id"] for one in found.resources], found.complete) == (["1", "2", "3"], True)


def large(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not connection.server.stopping.is_set():
        connection.send(b" " * 65_536)


def endless(before: bytes, again: bytes) -> Behaviour:
    """What is no content, and never ends."""

    def send(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + before)
        while not connection.server.stopping.is_set():
            connection.send(again * 1000)

    return send


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(b"1;a=", b"a" * 60),
        endless(b"1\r\n{\r\n0\r\n", b"X-A: 1\r\n"),
        endless(b"1\r\n{\r\n0\r\nX: ", b"a" * 60),
    ],
    ids=["chunk extension", "trailers", "a trailer"],
)
def test_what_surrounds_the_content_is_bounded_as_well(serve: Serve, client: FhirClient, behaviour: Behaviour) -> None:
    server = serve(then(whole, behaviour))
    read(client, server)
    started = time.monotonic()
    assert reason_of(read, client, server) in (fhir_terms.UNREACHABLE, fhir_terms.LATE)
    assert time.monotonic() - started < 2 * LIMITS.deadline_seconds
    assert server.hung_up.wait(10)


def bomb(connection: Connection) -> None:
    connection.answer(gzip.compress(b" " * 20 * LIMITS.max_bytes), Content_Encoding="gzip")


@pytest.mark.parametrize("behaviour", [large, bomb])
def test_an_answer_larger_than_the_limit_is_not_read_to_its_end(
    serve: Serve, client: FhirClient, behaviour: Behaviour
) -> None:
    server = serve(then(whole, behaviour))
    read(client, server)
    assert reason_of(read, client, server) == fhir_terms.TOO_LARGE
    assert server.hung_up.wait(10)


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_the_limit_itself_still_fits(serve: Serve, client: FhirClient, spare: int, fits: bool) -> None:
    body = BODY + b" " * (LIMITS.max_bytes - len(BODY) + spare)
    server = serve(then(whole, lambda connection: connection.answer(body)))
    read(client, server)
    if fits:
        assert read(client, server) == PATIENT
    else:
        assert reason_of(read, client, server) == fhir_terms.TOO_LARGE


def two_answers(connection: Connection) -> None:
    other = json.dumps({**PATIENT, "id": "of-somebody-else"}).encode()
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body for body in (BODY, other)]
    connection.send(b"".join(answers))


def test_a_second_answer_that_nobody_asked_for_is_not_taken_for_that_of_the_next_request(
    serve: Serve, client: FhirClient
) -> None:
    server = serve(then(whole, two_answers, whole))
    read(client, server)
    assert [read(client, server) for _ in range(2)] == [PATIENT, PATIENT]
    assert server.hung_up.wait(10)


@pytest.mark.parametrize(
    ("status", "asked"), [("403 Forbidden", 1), ("503 Service Unavailable", 2)], ids=["refused", "busy"]
)
def test_what_a_refusal_says_is_not_unpacked_and_its_pause_is_kept(
    serve: Serve, client: FhirClient, status: str, asked: int
) -> None:
    times: list[float] = []

    def refuse(connection: Connection) -> None:
        times.append(time.monotonic())
        connection.answer(gzip.compress(BODY * 50_000), status, Content_Encoding="gzip", Retry_After="1")

    server = serve(then(whole, refuse))
    read(client, server)
    assert reason_of(read, client, server) == f"the FHIR server answered {status[:3]}"
    assert len(times) == asked
    assert times[-1] - times[0] >= asked - 1


def test_a_connection_that_is_to_be_closed_is_not_used_again(serve: Serve, client: FhirClient) -> None:
    server = serve(lambda connection: connection.answer(BODY, Connection="close"))
    assert [read(client, server) for _ in range(3)] == [PATIENT] * 3


def test_cookies_are_not_kept(serve: Serve, client: FhirClient) -> None:
    server = serve(lambda connection: connection.answer(BODY, Set_Cookie="session=1; Path=/"))
    for _ in range(3):
        read(client, server)
    assert not any("Cookie" in head for head in server.heads)


def test_many_calls_leave_neither_threads_nor_connections_behind(serve: Serve, client: FhirClient) -> None:
    server = serve(whole)
    read(client, server)
    before = threading.active_count()
    for _ in range(30):
        with client.talk(FhirServer(server.base), client.deadline()) as talk:
            CLOCK.skipped += 0.001
            for look_up in [talk.read("Patient/1") for _ in range(4)]:
                talk.answer(look_up)
    # A few of the client and of the server; were each request to open a connection, it would be over a hundred.
    assert threading.active_count() - before < 20


def in_a_moment(behaviour: Behaviour) -> Behaviour:
    def act(connection: Connection) -> None:
        connection.server.stopping.wait(0.02)
        behaviour(connection)

    return act


def test_what_is_sent_and_answered_over_tls_is_the_same(
    serve: Serve, tls: SSLContext, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    client = FhirClient(LIMITS, lambda base: True, CLOCK, trust_environment=True)
    # This server is in our own process: it could answer before the request is known to have left.
    behaviours = [in_a_moment(one) for one in (whole, chunked, byte_by_byte, truncate, whole)]
    server = serve(then(*behaviours), tls)
    read(client, server)
    assert [read(client, server) for _ in range(2)] == [PATIENT, PATIENT]
    assert read(client, server) == PATIENT
    assert len(server.heads) == 5
    client.close()
