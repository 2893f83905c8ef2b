"""What a server makes us unpack and keep is bounded, in each answer and in all of a call."""

from __future__ import annotations

import gc
import gzip
import json
import os
import resource
import threading
from collections.abc import Callable, Iterator

import pytest

from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.kept_connections import REST_SECONDS
from cds_service.fhir_client.talk import MOST_AT_ONCE
from cds_service.fhir_client.transfer import KEPT_SECONDS
from tests.unit.cds_service.conftest import Behaviour, Clock, Connection, Loopback
from tests.unit.cds_service.fhir_client.asking import PATIENT, Serve

BODY = json.dumps(PATIENT).encode()
MEGABYTE = 1_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., FhirClient]]:
    made: list[FhirClient] = []

    def client(**limits: float) -> FhirClient:
        # A generous deadline: a busy machine is not what these tests are about.
        made.append(FhirClient(Limits(**{"deadline_seconds": 20.0, **limits}), lambda base: True, clock))  # type: ignore[arg-type]  # by name
        return made[-1]

    yield client
    for one in made:
        one.close()


def read(client: FhirClient, *servers: Loopback) -> None:
    """Read the patient of each server, one call after the other."""
    for server in servers:
        with client.talk(FhirServer(server.base), client.deadline()) as talk:
            assert talk.answer(talk.read("Patient/1")) == PATIENT


def reasons(client: FhirClient, server: Loopback, times: int) -> list[str]:
    """Why the patient could not be read, so many times side by side in one call; "" where he could."""
    found = []
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        for look_up in [talk.read("Patient/1") for _ in range(times)]:
            try:
                talk.answer(look_up)
                found.append("")
            except FhirError as failure:
                found.append(failure.reason)
    return found


def packed(size: int) -> Behaviour:
    body = gzip.compress(BODY + b" " * (size - len(BODY)))
    return lambda connection: connection.answer(body, Content_Encoding="gzip")


def plain(size: int) -> Behaviour:
    return lambda connection: connection.answer(BODY + b" " * (size - len(BODY)))


# Bytes


@pytest.mark.parametrize("behaviour", [packed, plain])
@pytest.mark.parametrize(("times", "fitting"), [(4, 4), (5, 4)])
def test_all_answers_of_a_call_share_one_limit_of_unpacked_bytes(
    serve: Serve, make: Callable[..., FhirClient], behaviour: Callable[[int], Behaviour], times: int, fitting: int
) -> None:
    client, server = make(max_bytes=MEGABYTE, max_call_bytes=4 * MEGABYTE), serve(behaviour(MEGABYTE))
    found = reasons(client, server, times)
    assert found.count("") <= fitting
    assert set(found) - {""} == ({fhir_terms.TOO_LARGE_TOGETHER} if times > fitting else set())


def test_the_next_call_has_a_limit_of_its_own(serve: Serve, make: Callable[..., FhirClient]) -> None:
    client, server = make(max_bytes=MEGABYTE, max_call_bytes=MEGABYTE), serve(plain(MEGABYTE))
    assert [reasons(client, server, 1) for _ in range(3)] == [[""]] * 3


@pytest.mark.parametrize(("size", "reason"), [(MEGABYTE, ""), (MEGABYTE + 1, fhir_terms.TOO_LARGE)])
def test_an_answer_is_measured_as_it_is_unpacked(
    serve: Serve, make: Callable[..., FhirClient], size: int, reason: str
) -> None:
    assert reasons(make(max_bytes=MEGABYTE), serve(packed(size)), 1) == [reason]


def test_unpacking_stops_at_the_deadline(serve: Serve, make: Callable[..., FhirClient], clock: Clock) -> None:
    """The clock stands beyond the deadline as soon as the answer has been sent; what is left is not unpacked."""
    body = gzip.compress(BODY + b" " * 50 * MEGABYTE)

    def act(connection: Connection) -> None:
        clock.skipped += 100.0
        connection.answer(body, Content_Encoding="gzip")

    client = make(deadline_seconds=5.0, max_bytes=100 * MEGABYTE, max_call_bytes=100 * MEGABYTE)
    assert reasons(client, serve(act), 1) == [fhir_terms.LATE]


@pytest.mark.parametrize("how", ["gzip, gzip", "gzip"])
def test_what_is_packed_more_than_once_is_unpacked_once_only(
    serve: Serve, make: Callable[..., FhirClient], how: str
) -> None:
    server = serve(lambda connection: connection.answer(gzip.compress(gzip.compress(BODY)), Content_Encoding=how))
    assert reasons(make(), server, 1) == [fhir_terms.NOT_FHIR]


@pytest.mark.parametrize("coding", ["gzip", "identity", "br"])
@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY), gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), BODY],
    ids=["packed", "packed in two files", "plain"],
)
def test_how_an_answer_is_packed_is_seen_in_it_whatever_it_is_called(
    serve: Serve, make: Callable[..., FhirClient], coding: str, body: bytes
) -> None:
    assert reasons(make(), serve(lambda connection: connection.answer(body, Content_Encoding=coding)), 1) == [""]


@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY)[:-1], gzip.compress(BODY)[:12], gzip.compress(BODY) + b"\x1f\x8bnone", b"\x1f\x8b"],
    ids=["cut", "cut short", "followed by nonsense", "begun only"],
)
def test_what_cannot_be_unpacked_to_its_end_is_no_answer(
    serve: Serve, make: Callable[..., FhirClient], body: bytes
) -> None:
    server = serve(lambda connection: connection.answer(body, Content_Encoding="gzip"))
    assert reasons(make(), server, 1) == [fhir_terms.UNREACHABLE]
    assert len(server.heads) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"\x1f"])
def test_a_body_of_a_byte_or_none_is_not_fhir(serve: Serve, make: Callable[..., FhirClient], body: bytes) -> None:
    assert reasons(make(), serve(lambda connection: connection.answer(body)), 1) == [fhir_terms.NOT_FHIR]


# Interim answers


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_an_interim_answer_is_not_the_answer_on_a_new_connection_either(
    serve: Serve, make: Callable[..., FhirClient], status: str
) -> None:
    def act(connection: Connection) -> None:
        connection.send(f"HTTP/1.1 {status}\r\nLink: </x>; rel=preload\r\nContent-Length: 0\r\n\r\n".encode() * 2)
        connection.answer(BODY)

    assert reasons(make(), serve(act), 3) == [""] * 3


# Connections that are kept


def answer(connection: Connection) -> None:
    connection.answer(BODY)


def test_no_more_connections_are_kept_than_is_set_and_those_used_longest_ago_are_closed(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, servers = make(pool_size=3), [serve(answer) for _ in range(5)]
    read(client, *servers)
    assert client.kept_connections() == 3
    for server in servers[:2]:
        assert server.hung_up.wait(10)
    assert not any(server.hung_up.is_set() for server in servers[2:])


def test_of_one_call_no_more_connections_are_kept_than_is_set(serve: Serve, make: Callable[..., FhirClient]) -> None:
    client, server = make(pool_size=3), serve(answer)
    assert reasons(client, server, 6) == [""] * 6
    assert client.kept_connections() == 3


def test_closed_connections_leave_memory_at_once(serve: Serve, make: Callable[..., FhirClient]) -> None:
    client = make()
    gc.collect()
    gc.disable()
    try:
        before = count_connections()
        read(client, serve(answer))
        assert count_connections() == before + 1
        client.close()
        assert count_connections() == before
    finally:
        gc.enable()


def count_connections() -> int:
    return sum(isinstance(one, Connections) for one in gc.get_objects())


@pytest.mark.parametrize(("idle", "connections"), [(KEPT_SECONDS - 1, 1), (KEPT_SECONDS + 1, 2)])
def test_a_connection_is_kept_for_some_seconds_only(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock, idle: float, connections: int
) -> None:
    client, server = make(), serve(answer)
    read(client, server)
    clock.skipped += idle
    read(client, server)
    assert server.connections == connections
    assert client.kept_connections() == 1


def test_a_connection_whose_time_is_up_is_closed_when_anything_else_is_asked(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server, other = make(), serve(answer), serve(answer)
    read(client, server)
    clock.skipped += KEPT_SECONDS + 1
    read(client, other)
    assert server.hung_up.wait(10)


@pytest.mark.parametrize(("rest", "connections"), [(0.0, 2), (REST_SECONDS, 1)])
def test_until_a_server_has_proven_itself_what_was_just_used_is_not_used_again(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock, rest: float, connections: int
) -> None:
    client, server = make(), serve(answer)
    read(client, server)
    clock.skipped += rest
    read(client, server)
    assert server.connections == connections


def test_a_server_that_has_proven_itself_is_asked_on_the_same_connection_at_once(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server = make(), serve(answer)
    read(client, server)
    clock.skipped += REST_SECONDS
    read(client, server, server, server)
    assert server.connections == 1


def test_a_client_and_a_base_have_connections_of_their_own(serve: Serve, clock: Clock) -> None:
    names = ["north"]
    client, server = FhirClient(Limits(), lambda base: True, clock, client_name=lambda: names[0]), serve(answer)
    for name, base in [("north", "fhir"), ("south", "fhir"), ("north", "other"), ("north", "fhir"), ("south", "fhir")]:
        names[0] = name
        clock.skipped += REST_SECONDS
        with client.talk(FhirServer(f"{server.origin}/{base}"), client.deadline()) as talk:
            talk.answer(talk.read("Patient/1"))
    assert server.connections == client.kept_connections() == 3
    client.close()


def test_another_token_of_the_same_client_goes_out_on_the_same_connection(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server = make(), serve(answer)
    for number in range(3):
        clock.skipped += REST_SECONDS
        with client.talk(FhirServer(server.base, f"token-{number}"), client.deadline()) as talk:
            talk.answer(talk.read("Patient/1"))
    assert server.connections == 1
    assert [head.split("Bearer ")[1].split("\r\n")[0] for head in server.heads] == ["token-0", "token-1", "token-2"]


def test_where_a_kept_connection_dies_the_request_is_sent_again_until_one_that_is_new(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    def die_later(connection: Connection) -> None:
        connection.sock.close() if connection.requests == 2 else connection.answer(BODY)

    client, server = make(), serve(die_later)
    reasons(client, server, 4)
    clock.skipped += REST_SECONDS
    before, asked = server.connections, len(server.heads)
    read(client, server)
    assert server.connections == before + 1
    # libcurl tries the kept ones first, five of them at most.
    assert 2 <= len(server.heads) - asked <= 1 + 5


@pytest.fixture
def _very_many_open_files() -> Iterator[None]:
    """Every further descriptor of this process lies above 1023, where `select` sees none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1024)]
    yield
    for descriptor in opened:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_very_many_open_files")
def test_a_worker_with_very_many_open_files_is_answered_and_keeps_its_connections(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    def answer_after_a_while(connection: Connection) -> None:
        connection.server.stopping.wait(0.05)
        answer(connection)

    client, server = make(), serve(answer_after_a_while)
    for _ in range(3):
        assert reasons(client, server, 3) == [""] * 3
        clock.skipped += REST_SECONDS
    assert server.connections == client.kept_connections() == 3


def test_of_very_many_look_ups_of_one_call_some_wait_for_their_turn(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    lock, now = threading.Lock(), 0
    together: list[int] = []

    def answer_slowly(connection: Connection) -> None:
        nonlocal now
        with lock:
            now += 1
            together.append(now)
        connection.server.stopping.wait(0.05)
        with lock:
            now -= 1
        answer(connection)

    client, server = make(deadline_seconds=20.0), serve(answer_slowly)
    assert reasons(client, server, 100) == [""] * 100
    assert 1 < max(together) <= MOST_AT_ONCE
