"""What comes on a kept connection without having been asked for is never the answer to another question."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest

from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.unit.cds_service.conftest import Connection, Loopback
from tests.unit.cds_service.fhir_client.asking import Serve

LIMITS = Limits(deadline_seconds=5.0)
REST = REST_SECONDS + 0.02
SEARCH = "Condition?patient=1&_count=7"
TIMES = 20
Json = dict[str, Any]


def bundle(count: int, patient: str, *, says_what_it_answers: bool = False) -> bytes:
    link = [{"relation": "self", "url": f"https://ehr.example/fhir/Condition?patient={patient}"}]
    entries = [{"resource": {"resourceType": "Condition", "id": str(number)}} for number in range(count)]
    whole = {"resourceType": "Bundle", "type": "searchset", "total": count, "entry": entries}
    return json.dumps({**whole, "link": link} if says_what_it_answers else whole).encode()


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


RIGHT = answer(bundle(7, "1", says_what_it_answers=True))
RIGHT_AND_UNNAMED = answer(bundle(7, "1"))


def too_often(late: float | None, unasked: bytes) -> Callable[[Connection], None]:
    """Below /odd, each answer is followed by one that nobody asked for: so many seconds later, or in the same piece."""

    def act(connection: Connection) -> None:
        if "/odd" not in connection.head:
            connection.send(RIGHT)
        elif late is None:
            connection.send(RIGHT + unasked)
        else:
            connection.send(RIGHT)
            connection.server.stopping.wait(late)
            connection.send(unasked)

    return act


def found(client: FhirClient, base: str, token: str = "t") -> int:
    """How many conditions a search brings, of which it must say that these are all."""
    with client.talk(FhirServer(base, token), client.deadline()) as talk:
        result = talk.answer(talk.search(SEARCH))
    assert result.complete, result.reason
    return len(result.resources)


@pytest.fixture(params=["http", "https"])
def secure(request: pytest.FixtureRequest, tls: SSLContext) -> SSLContext | None:
    return tls if request.param == "https" else None


@pytest.fixture
def client(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FhirClient]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    who = threading.local()
    opened = FhirClient(LIMITS, lambda base: True, trust_environment=True, client_name=lambda: getattr(who, "is", ""))
    opened.who = who  # type: ignore[attr-defined]  # who calls is a matter of the test
    yield opened
    opened.close()


LATE = pytest.mark.parametrize("late", [0.002, 0.01, 0.03, 0.06, None], ids=lambda late: f"{late} s late")
UNASKED = answer(bundle(0, "2"))
UNASKED_AND_NAMED = answer(bundle(0, "2", says_what_it_answers=True))


@LATE
def test_it_is_never_taken_for_the_answer_of_another_base_of_the_same_origin(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float | None
) -> None:
    server = serve(too_often(late, UNASKED), secure)
    seen = []
    for _ in range(TIMES):
        found(client, f"{server.origin}/odd")
        seen.append(found(client, f"{server.origin}/honest"))
    assert seen == [7] * TIMES


@LATE
def test_it_is_never_taken_for_the_answer_to_another_client(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float | None
) -> None:
    server = serve(too_often(late, UNASKED), secure)
    seen = []
    for number in range(TIMES):
        client.who.__dict__["is"] = f"client {number}"  # type: ignore[attr-defined]
        seen.append(found(client, f"{server.origin}/odd"))
    assert seen == [7] * TIMES


@LATE
def test_it_is_never_taken_for_the_next_answer_of_the_same_server_once_it_has_come(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float | None
) -> None:
    server = serve(too_often(late, UNASKED), secure)
    seen = []
    for _ in range(TIMES):
        seen.append(found(client, f"{server.origin}/odd"))
        server.stopping.wait((late or 0.0) + 0.02)
    assert seen == [7] * TIMES


@LATE
def test_it_is_never_taken_for_the_next_answer_of_a_server_that_does_so_each_time_however_soon_it_is_asked(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float | None
) -> None:
    server = serve(too_often(late, UNASKED), secure)
    assert [found(client, f"{server.origin}/odd") for _ in range(TIMES)] == [7] * TIMES


@LATE
def test_where_it_says_whose_it_is_it_is_never_taken_however_soon_the_next_request_follows(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float | None
) -> None:
    server = serve(too_often(late, UNASKED_AND_NAMED), secure)
    assert [found(client, f"{server.origin}/odd") for _ in range(TIMES)] == [7] * TIMES


def before_the_next(unasked: bytes) -> Callable[[Connection], None]:
    """Every second request of a connection is answered with what nobody asked for, then with what was asked."""

    def act(connection: Connection) -> None:
        connection.server.stopping.wait(0.002)
        if connection.requests % 2 == 0:
            connection.send(unasked)
            connection.server.stopping.wait(0.02)
        connection.send(RIGHT)

    return act


@pytest.mark.parametrize("unasked", [UNASKED, UNASKED_AND_NAMED], ids=["says nothing of itself", "says whose it is"])
def test_while_the_next_is_awaited_it_is_refused_and_the_connection_not_used_again(
    serve: Serve, secure: SSLContext | None, client: FhirClient, unasked: bytes
) -> None:
    server = serve(before_the_next(unasked), secure)
    assert found(client, server.base) == 7
    server.stopping.wait(REST)
    assert [found(client, server.base) for _ in range(5)] == [7] * 5
    # One was asked for once more, on a new connection; after that the server had to prove itself anew.
    assert len(server.heads) == 6 + 1


def proven(client: FhirClient, server: Loopback, base: str) -> None:
    """The server behaves until its connections are used again at once."""
    for _ in range(2):
        found(client, base)
        server.stopping.wait(REST)


@pytest.mark.parametrize("late", [0.002, 0.01, 0.03, 0.06], ids=lambda late: f"{late} s late")
def test_of_a_server_that_has_long_behaved_it_is_never_taken_however_soon_it_is_asked(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float
) -> None:
    spoilt = too_often(late, UNASKED)

    def act(connection: Connection) -> None:
        connection.send(RIGHT) if len(connection.server.heads) <= 2 else spoilt(connection)

    server = serve(act, secure)
    proven(client, server, f"{server.origin}/odd")
    assert [found(client, f"{server.origin}/odd") for _ in range(TIMES)] == [7] * TIMES


@pytest.mark.parametrize("late", [0.002, 0.01, 0.03], ids=lambda late: f"{late} s late")
def test_the_answer_to_the_search_before_is_never_taken_for_that_to_other_codes_of_the_same_patient(
    serve: Serve, secure: SSLContext | None, client: FhirClient, late: float
) -> None:
    """Each answer is sent twice, and says what it answers."""

    def act(connection: Connection) -> None:
        asked = connection.head.split()[1]
        whole = {"resourceType": "Bundle", "link": [{"relation": "self", "url": asked}]}
        one = {"resourceType": "Observation", "id": asked.rpartition("=")[2]}
        body = answer(json.dumps({**whole, "total": 1, "entry": [{"resource": one}]}).encode())
        connection.send(body)
        if len(connection.server.heads) > 2:
            connection.server.stopping.wait(late)
            connection.send(body)

    def looked_up(code: str) -> str:
        with client.talk(FhirServer(server.base, "t"), client.deadline()) as talk:
            result = talk.answer(talk.search(f"Observation?patient=1&code={code}"))
        assert result.complete, result.reason
        return str(result.resources[0]["id"])

    server = serve(act, secure)
    for _ in range(2):
        looked_up("0")
        server.stopping.wait(REST)
    codes = [str(number) for number in range(TIMES)]
    assert [looked_up(code) for code in codes] == codes


def test_where_no_answer_says_what_it_answers_it_is_never_taken_as_no_connection_is_used_again(
    serve: Serve, secure: SSLContext | None, client: FhirClient
) -> None:
    def act(connection: Connection) -> None:
        if connection.requests > 1:
            connection.send(UNASKED)
            connection.server.stopping.wait(0.02)
        connection.send(RIGHT_AND_UNNAMED)

    server = serve(act, secure)
    for pause in (0.0, REST, 0.0):
        server.stopping.wait(pause)
        assert found(client, server.base) == 7
    assert client.kept_connections() == 0
    # Nothing was asked for twice: on a new connection the answer is surely ours.
    assert len(server.heads) == server.connections == 3


def test_an_answer_that_names_nothing_is_asked_for_once_more_where_the_ones_before_it_did(
    serve: Serve, secure: SSLContext | None, client: FhirClient
) -> None:
    """Some servers name the search only where they found something."""

    def act(connection: Connection) -> None:
        connection.send(RIGHT if len(connection.server.heads) == 1 else RIGHT_AND_UNNAMED)

    server = serve(act, secure)
    found(client, server.base)
    server.stopping.wait(REST)
    assert found(client, server.base) == 7
    assert (len(server.heads), server.connections, client.kept_connections()) == (3, 2, 0)


def first_well(behaviour: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """The first request is answered as it should be: until something has been, no connection is used again at once."""

    def act(connection: Connection) -> None:
        connection.send(RIGHT) if len(connection.server.heads) == 1 else behaviour(connection)

    return act


def in_pieces(connection: Connection) -> None:
    """The end of the body and the unasked answer in one piece: over TLS one record, of which half is read."""
    body = bundle(7, "1", says_what_it_answers=True) + b" " * 40_000
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    connection.server.stopping.wait(0.005)
    connection.send(body[:30_000])
    connection.server.stopping.wait(0.005)
    connection.send(body[30_000:] + UNASKED)


def test_what_lies_behind_the_end_of_a_body_is_never_the_next_answer(
    serve: Serve, secure: SSLContext | None, client: FhirClient
) -> None:
    server = serve(first_well(in_pieces), secure)
    found(client, server.base)
    server.stopping.wait(REST)
    assert [found(client, server.base) for _ in range(TIMES)] == [7] * TIMES


def chunked(connection: Connection) -> None:
    body = bundle(7, "1", says_what_it_answers=True)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body))
    connection.server.stopping.wait(0.005)
    connection.send(body + b"\r\n0\r\n\r\n" + UNASKED)


def test_what_lies_behind_the_last_chunk_is_never_the_next_answer(
    serve: Serve, secure: SSLContext | None, client: FhirClient
) -> None:
    server = serve(first_well(chunked), secure)
    found(client, server.base)
    server.stopping.wait(REST)
    assert [found(client, server.base) for _ in range(TIMES)] == [7] * TIMES


def test_a_server_that_behaves_keeps_its_connection(
    serve: Serve, secure: SSLContext | None, client: FhirClient
) -> None:
    """The control: all of this would also pass if no connection were ever used again."""

    def after_a_moment(connection: Connection) -> None:
        # What lies in this process may answer before the request has left; no server elsewhere can.
        connection.server.stopping.wait(0.01)
        connection.send(RIGHT)

    server = serve(after_a_moment, secure)
    found(client, server.base)
    server.stopping.wait(REST)
    assert [found(client, server.base) for _ in range(TIMES)] == [7] * TIMES
    # One; another where this machine was so busy that the answer was there before we looked.
    assert server.connections <= 3
    assert client.kept_connections() == 1
