"""A server that does not answer is soon not asked any more, and what is said then is what was said before."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.standing import BAD_CALLS, CLOSED_SECONDS
from tests.unit.cds_service.conftest import Behaviour, Clock, Connection
from tests.unit.cds_service.fhir_client.asking import PATIENT, SEARCH, Serve, answer_patient, read, reason_of

BATCHED = ("Patient/1", SEARCH)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., FhirClient]]:
    made: list[FhirClient] = []

    def client(*, threads: int = 16, deadline_seconds: float = 20.0, **how: object) -> FhirClient:
        limits = Limits(deadline_seconds=deadline_seconds, threads=threads)
        made.append(FhirClient(limits, lambda base: True, clock, **how))  # type: ignore[arg-type]  # by name
        return made[-1]

    yield client
    for one in made:
        one.close()


def status(code: int) -> Behaviour:
    return lambda connection: connection.answer(b"{}", f"{code} -")


def hang_up(connection: Connection) -> None:
    connection.sock.close()


def reasons(client: FhirClient, server: FhirServer) -> list[str]:
    """What a call is told of a read and of a search."""
    with client.talk(server, client.deadline()) as talk:
        look_ups = talk.read("Patient/1"), talk.search(SEARCH)
        return [reason_of(talk.answer, one) for one in look_ups]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Connection.stay_silent, fhir_terms.LATE),
        (hang_up, fhir_terms.UNREACHABLE),
        (Connection.reset, fhir_terms.UNREACHABLE),
        (status(502), "the FHIR server answered 502"),
        (status(503), "the FHIR server answered 503"),
        (status(504), "the FHIR server answered 504"),
    ],
)
@pytest.mark.parametrize("batch", [False, True])
def test_it_is_left_alone_after_three_calls_and_the_failure_stays_the_same(
    behaviour: Behaviour, reason: str, batch: bool, serve: Serve, make: Callable[..., FhirClient]
) -> None:
    # A busy machine is not what this is about, but nobody wants to wait long for silence.
    seconds = 0.4 if reason == fhir_terms.LATE else 20.0
    client, server = make(deadline_seconds=seconds, takes_batches=lambda base: batch), serve(behaviour)
    for _ in range(BAD_CALLS):
        assert reasons(client, FhirServer(server.base)) == [reason] * 2
    connections = server.connections
    for _ in range(5):
        assert reasons(client, FhirServer(server.base)) == [reason] * 2
    assert server.connections == connections


def test_so_it_is_where_nobody_listens(
    serve: Serve, make: Callable[..., FhirClient], caplog: pytest.LogCaptureFixture
) -> None:
    client, server = make(), serve(answer_patient)
    nobody = FhirServer(server.base)
    server.stop()
    for _ in range(BAD_CALLS + 5):
        assert reasons(client, nobody) == [fhir_terms.UNREACHABLE] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "a FHIR server does not answer; it is not asked for 5 seconds"
    ]


def test_so_it_is_where_no_secure_connection_can_be_made(
    serve: Serve, tls: ssl.SSLContext, make: Callable[..., FhirClient]
) -> None:
    client, server = make(), serve(answer_patient, tls)
    for _ in range(BAD_CALLS):
        assert reasons(client, FhirServer(server.base)) == [fhir_terms.NOT_SECURE] * 2
    connections = server.connections
    assert reasons(client, FhirServer(server.base)) == [fhir_terms.NOT_SECURE] * 2
    assert server.connections == connections


@pytest.mark.parametrize("code", [400, 401, 403, 404, 412, 429, 500])
def test_a_server_that_says_no_is_asked_again_by_every_call(
    code: int, serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(), serve(status(code))
    for turn in range(2 * BAD_CALLS):
        asked = len(server.heads)
        assert reason_of(read, client, FhirServer(server.base)) == f"the FHIR server answered {code}"
        assert len(server.heads) > asked, turn


def test_what_a_closed_server_is_said_about_batches_is_not_remembered(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server = make(takes_batches=lambda base: True), serve(hang_up)
    for _ in range(BAD_CALLS + 2):
        reasons(client, FhirServer(server.base))
    posted = sum(head.startswith("POST") for head in server.heads)
    clock.skipped += CLOSED_SECONDS
    reasons(client, FhirServer(server.base))
    assert sum(head.startswith("POST") for head in server.heads) > posted, "the server is still asked in batches"


def test_when_it_answers_again_one_call_finds_out_and_all_are_answered(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    now: list[Behaviour] = [hang_up]
    client, server = make(), serve(lambda connection: now[0](connection))
    for _ in range(BAD_CALLS):
        reasons(client, FhirServer(server.base))
    now[0] = answer_patient
    assert reason_of(read, client, FhirServer(server.base)) == fhir_terms.UNREACHABLE
    clock.skipped += CLOSED_SECONDS
    for _ in range(3):
        assert read(client, FhirServer(server.base)) == PATIENT


def test_while_one_call_tries_it_the_others_are_still_refused_and_answered_as_soon_as_it_is(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    asked, go_on = threading.Event(), threading.Event()
    now: list[Behaviour] = [hang_up]

    def answer_when_told(connection: Connection) -> None:
        asked.set()
        go_on.wait(30)
        answer_patient(connection)

    client, server = make(deadline_seconds=30.0), serve(lambda connection: now[0](connection))
    for _ in range(BAD_CALLS):
        reasons(client, FhirServer(server.base))
    now[0] = answer_when_told
    clock.skipped += CLOSED_SECONDS
    found: list[object] = []
    trying = threading.Thread(target=lambda: found.append(read(client, FhirServer(server.base))))
    trying.start()
    assert asked.wait(30)
    assert reason_of(read, client, FhirServer(server.base)) == fhir_terms.UNREACHABLE
    go_on.set()
    trying.join(30)
    assert found == [PATIENT]
    assert read(client, FhirServer(server.base)) == PATIENT


def test_one_clients_dead_server_is_asked_for_another_client(serve: Serve, clock: Clock) -> None:
    names = ["north"]
    client = FhirClient(Limits(deadline_seconds=20.0), lambda base: True, clock, client_name=lambda: names[0])
    server = serve(hang_up)
    for name in ("north", "south"):
        names[0] = name
        asked = len(server.heads)
        for _ in range(BAD_CALLS + 1):
            reasons(client, FhirServer(server.base))
        assert len(server.heads) == asked + BAD_CALLS * 2 * 2, "each of two look-ups twice, in three calls"
    client.close()


def test_of_many_calls_at_once_some_ask_and_the_others_are_told_that_it_was_not_asked(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(threads=8, deadline_seconds=2.0), serve(Connection.stay_silent)
    found: list[str] = []
    calls = [
        threading.Thread(target=lambda: found.append(reason_of(read, client, FhirServer(server.base))))
        for _ in range(20)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join(30)
    assert found.count(fhir_terms.LATE) == server.connections == 2
    assert found.count(fhir_terms.CROWDED) == 18


def test_the_first_look_up_of_a_call_takes_a_place_for_all_and_a_call_that_looks_up_nothing_none(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(threads=2), serve(answer_patient)
    where = FhirServer(server.base)
    with client.talk(where, client.deadline()), client.talk(where, client.deadline()) as talk:
        assert [talk.answer(talk.read("Patient/1")) for _ in range(2)] == [PATIENT] * 2
        with client.talk(where, client.deadline()) as other:
            assert [reason_of(other.answer, other.read("Patient/1")) for _ in range(2)] == [fhir_terms.CROWDED] * 2
            first = {"resourceType": "Bundle", "link": [{"relation": "next", "url": f"{server.base}?page=2"}]}
            assert other.answer(other.search(SEARCH, first=first)).reason == fhir_terms.CROWDED


def test_a_call_that_got_no_place_does_not_wait_for_one_with_each_of_its_look_ups(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(threads=2), serve(answer_patient)
    where = FhirServer(server.base)
    with client.talk(where, client.deadline()) as other:
        with client.talk(where, client.deadline()) as talk:
            assert talk.answer(talk.read("Patient/1")) == PATIENT
            assert reason_of(other.answer, other.read("Patient/1")) == fhir_terms.CROWDED
        assert reason_of(other.answer, other.read("Patient/1")) == fhir_terms.CROWDED, "the place is free, and too late"
    assert read(client, where) == PATIENT


def refuse_to_give_back(_: object) -> None:
    raise ValueError("a fault of ours")


def read_and_fail(client: FhirClient, server: FhirServer) -> None:
    with client.talk(server, client.deadline()) as talk:
        talk.answer(talk.read("Patient/1"))
        raise ValueError("a fault of ours")


@pytest.mark.parametrize("fault", ["of the call", "in giving the connections back"])
def test_a_place_is_given_back_whatever_happens(
    fault: str, serve: Serve, make: Callable[..., FhirClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = make(threads=2), serve(answer_patient)
    with monkeypatch.context() as patched:
        if fault != "of the call":
            patched.setattr(Connections, "give_up", refuse_to_give_back)
        with pytest.raises(ValueError):
            read_and_fail(client, FhirServer(server.base))
    assert read(client, FhirServer(server.base)) == PATIENT


def test_a_batch_for_which_there_is_no_place_is_not_asked_singly_either(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    def answer_batch(connection: Connection) -> None:
        length = int(connection.head.lower().split("content-length: ")[1].split("\r\n")[0])
        asked = json.loads(connection.sock.recv(length))["entry"]
        entries = [{"response": {"status": "404"}} for _ in asked]
        connection.answer(json.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": entries}).encode())

    client, server = make(threads=2, takes_batches=lambda base: True), serve(answer_batch)
    where = FhirServer(server.base)
    with client.talk(where, client.deadline()) as talk:
        look_ups = [talk.read("Patient/1"), talk.search(SEARCH)]
        assert {reason_of(talk.answer, one) for one in look_ups} == {"the FHIR server answered 404"}
        assert reasons(client, where) == [fhir_terms.CROWDED] * 2
    assert reasons(client, where) == ["the FHIR server answered 404"] * 2
    assert {head.split()[0] for head in server.heads} == {"POST"}


def test_forgetting_the_servers_opens_them(serve: Serve, make: Callable[..., FhirClient]) -> None:
    client, server = make(), serve(hang_up)
    for _ in range(BAD_CALLS):
        reasons(client, FhirServer(server.base))
    asked = len(server.heads)
    client.close()
    reasons(client, FhirServer(server.base))
    assert len(server.heads) > asked


def test_one_who_examines_a_server_asks_it_however_often_it_fails(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(asks_always=True), serve(hang_up)
    for _ in range(BAD_CALLS + 1):
        asked = len(server.heads)
        reasons(client, FhirServer(server.base))
        assert len(server.heads) > asked
