"""Over HTTP/2 an answer names its request, so answers may come in any order, late, or with remarks in between."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from ssl import SSLContext

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamReset

from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.kept_connections import REST_SECONDS
from tests.unit.cds_service.conftest import Clock

Streams = dict[int, str]
"""The paths asked for, by stream."""


class StreamServer:
    """HTTP/2 over TLS: `act` is called with the connection whenever something was asked, and may answer or wait.

    Requests that `act` does not take out of the streams stay there for its next turn.
    """

    def __init__(self, tls: SSLContext, act: Callable[[StreamServer, H2Connection, Streams], None]) -> None:
        tls.set_alpn_protocols(["h2"])
        self._tls, self._act = tls, act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"https://127.0.0.1:{self._listener.getsockname()[1]}/fhir"
        self.connections = 0
        self.stopping, self.remarked = threading.Event(), threading.Event()
        self.remarks_later = False
        self._socks: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        self.stopping.set()
        for sock in [self._listener, *self._socks]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.stopping.is_set():
                sock, _ = self._listener.accept()
                self.connections += 1
                self._socks.append(sock)
                self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
                self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), closing(self._tls.wrap_socket(sock, server_side=True)) as secured:
            spoken = H2Connection(H2Configuration(client_side=False))
            spoken.initiate_connection()
            secured.sendall(spoken.data_to_send())
            streams: Streams = {}
            while received := secured.recv(65_536):
                for event in spoken.receive_data(received):
                    if isinstance(event, RequestReceived):
                        streams[event.stream_id] = dict(event.headers)[b":path"].decode()
                    elif isinstance(event, StreamReset):
                        streams.pop(event.stream_id, None)
                if streams:
                    self._act(self, spoken, streams)
                secured.sendall(spoken.data_to_send())
                if self.remarks_later and not self.stopping.wait(0.05):
                    spoken.ping(b"are you?")
                    secured.sendall(spoken.data_to_send())
                    self.remarked.set()


def answer(spoken: H2Connection, stream: int, path: str) -> None:
    """The resource with the id that the path asks for."""
    resource_type, _, id = path.removeprefix("/fhir/").partition("/")
    spoken.send_headers(stream, [(":status", "200"), ("content-type", "application/fhir+json")])
    spoken.send_data(stream, json.dumps({"resourceType": resource_type, "id": id}).encode(), end_stream=True)


def answer_all(server: StreamServer, spoken: H2Connection, streams: Streams) -> None:
    """Each at once, the last one first."""
    while streams:
        answer(spoken, *streams.popitem())


@pytest.fixture
def serve(tls: SSLContext) -> Iterator[Callable[..., StreamServer]]:
    started: list[StreamServer] = []

    def start(act: Callable[[StreamServer, H2Connection, Streams], None]) -> StreamServer:
        started.append(StreamServer(tls, act))
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
    serve: Callable[..., StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    asked_together = [f"p{number}" for number in range(12)]

    def last_one_first(server: StreamServer, spoken: H2Connection, streams: Streams) -> None:
        if len(streams) in (1, len(asked_together)):
            answer_all(server, spoken, streams)

    client, server = make(), serve(last_one_first)
    assert read(client, server, "first") == ["first"]
    clock.skipped += REST_SECONDS
    assert read(client, server, *asked_together) == asked_together
    assert server.connections == 1


def test_a_remark_of_the_server_between_two_calls_is_no_answer_and_keeps_the_connection(
    serve: Callable[..., StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    client, server = make(), serve(answer_all)
    server.remarks_later = True
    for number in range(4):
        assert read(client, server, f"p{number}") == [f"p{number}"]
        clock.skipped += REST_SECONDS
        assert server.remarked.wait(10)
        server.remarked.clear()
    assert server.connections == client.kept_connections() == 1


def test_the_late_answer_of_a_call_that_has_ended_is_not_taken_for_that_of_the_next(
    serve: Callable[..., StreamServer], make: Callable[..., FhirClient], clock: Clock
) -> None:
    call_has_ended = threading.Event()

    def one_late(server: StreamServer, spoken: H2Connection, streams: Streams) -> None:
        if any(path.endswith("/late") for path in streams.values()):
            call_has_ended.wait(10)
        answer_all(server, spoken, streams)

    client, server = make(1.0), serve(one_late)
    assert read(client, server, "first") == ["first"]
    clock.skipped += REST_SECONDS
    with pytest.raises(FhirError) as failure:
        read(client, server, "late")
    assert failure.value.reason == fhir_terms.LATE
    clock.skipped += REST_SECONDS
    call_has_ended.set()
    assert read(client, server, "next") == ["next"]
    assert server.connections == 1
