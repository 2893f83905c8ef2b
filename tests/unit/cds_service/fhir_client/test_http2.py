"""Over HTTP/2 an answer names its request, so answers may come in any order, late, or with remarks in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamReset

from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.unit.cds_service.conftest import Clock, Connection, Loopback

Streams = dict[int, str]
"""The paths asked for and not yet answered, by stream."""
Act = Callable[[H2Connection, Streams], None]


@dataclass
class StreamServer(Loopback):
    """HTTP/2 over TLS: `act` is called whenever something was asked, and takes out of the streams what it answers."""

    act: Act = lambda spoken, streams: None
    remarks_later: bool = False
    remarked: threading.Event = field(default_factory=threading.Event)

    def _converse(self, connection: Connection) -> None:
        spoken = H2Connection(H2Configuration(client_side=False))
        spoken.initiate_connection()
        connection.send(spoken.data_to_send())
        streams: Streams = {}
        while received := connection.sock.recv(65_536):
            for event in spoken.receive_data(received):
                if isinstance(event, RequestReceived):
                    streams[event.stream_id] = dict(event.headers)[b":path"].decode()
                elif isinstance(event, StreamReset):
                    streams.pop(event.stream_id, None)
            if streams:
                self.act(spoken, streams)
            connection.send(spoken.data_to_send())
            if self.remarks_later and not self.stopping.wait(0.05):
                spoken.ping(b"are you?")
                connection.send(spoken.data_to_send())
                self.remarked.set()


def answer_all(spoken: H2Connection, streams: Streams) -> None:
    """Each with the resource whose id its path asks for, the last one first."""
    while streams:
        stream, path = streams.popitem()
        resource_type, _, id = path.removeprefix("/fhir/").partition("/")
        spoken.send_headers(stream, [(":status", "200"), ("content-type", "application/fhir+json")])
        spoken.send_data(stream, json.dumps({"resourceType": resource_type, "id": id}).encode(), end_stream=True)


@pytest.fixture
def serve_streams(tls: SSLContext) -> Iterator[Callable[[Act], StreamServer]]:
    started: list[StreamServer] = []
    tls.set_alpn_protocols(["h2"])

    def start(act: Act) -> StreamServer:
        started.append(StreamServer(Connection.stay_silent, tls, act=act))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(certificate: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FhirClient]]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    made: list[FhirClient] = []

    def client(deadline_seconds: float = 20.0) -> FhirClient:
        made.append(FhirClient(Limits(deadline_seconds), lambda base: True, clock, trust_environment=True))
        return made[-1]

    yield client
    for one in made:
        one.close()


def read(client: FhirClient, server: StreamServer, *ids: str) -> list[str]:
    """The ids of the patients that were asked for side by side in one call."""
    with client.talk(FhirServer(server.base), client.deadline()) as talk:
        look_ups = [talk.read(f"Patient/{one}") for one in ids]
        return [talk.answer(look_up)["id"] for look_up in look_ups]


def test_answers_in_any_order_on_one_connection_reach_those_who_asked(
    serve_streams: Callable[[Act], StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    asked_together = [f"p{number}" for number in range(12)]

    def last_one_first(spoken: H2Connection, streams: Streams) -> None:
        if len(streams) in (1, len(asked_together)):
            answer_all(spoken, streams)

    client, server = make(), serve_streams(last_one_first)
    assert read(client, server, "first") == ["first"]
    clock.skipped += REST_SECONDS
    assert read(client, server, *asked_together) == asked_together
    assert server.connections == 1


def test_a_remark_of_the_server_between_two_calls_is_no_answer_and_keeps_the_connection(
    serve_streams: Callable[[Act], StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server = make(), serve_streams(answer_all)
    server.remarks_later = True
    for number in range(4):
        assert read(client, server, f"p{number}") == [f"p{number}"]
        clock.skipped += REST_SECONDS
        assert server.remarked.wait(10)
        server.remarked.clear()
    assert server.connections == client.kept_connections() == 1


def test_the_late_answer_of_a_call_that_has_ended_is_not_taken_for_that_of_the_next(
    serve_streams: Callable[[Act], StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    call_has_ended = threading.Event()

    def one_late(spoken: H2Connection, streams: Streams) -> None:
        if any(path.endswith("/late") for path in streams.values()):
            call_has_ended.wait(10)
        answer_all(spoken, streams)

    client, server = make(1.0), serve_streams(one_late)
    assert read(client, server, "first") == ["first"]
    clock.skipped += REST_SECONDS
    with pytest.raises(FhirError) as failure:
        read(client, server, "late")
    assert failure.value.reason == fhir_terms.LATE
    clock.skipped += REST_SECONDS
    call_has_ended.set()
    assert read(client, server, "next") == ["next"]
    assert server.connections == 1
