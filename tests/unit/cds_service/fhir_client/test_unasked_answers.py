"""What nobody asked for is seen right before the next request leaves, whatever goes on with the other connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.terms import Deadline
from cds_service.fhir_client.transfer import Received, Request, network
from cds_service.fhir_client.unpacking import Allowance
from tests.unit.cds_service.conftest import Connection
from tests.unit.cds_service.fhir_client.asking import Serve

LATER = 0.05


@pytest.fixture
def connections() -> Iterator[Connections]:
    opened = Connections(network(False), 8)
    yield opened
    opened.close()


def answer(connection: Connection) -> None:
    """The body names what was asked. After "odd" comes an answer that nobody asked for; after "last", a hang-up."""
    path = connection.head.split()[1].removeprefix("/fhir/")
    if path == "last":
        connection.answer(b"last", Connection="close")
        connection.sock.close()
        return
    if path == "slow":
        connection.server.stopping.wait(3 * LATER)
    connection.answer(path.encode())
    if path == "odd":
        connection.server.stopping.wait(LATER)
        connection.answer(b"unasked")


class Asking:
    """Requests on these connections, and what each brought."""

    def __init__(self, connections: Connections, base: str) -> None:
        self.connections, self.base = connections, base
        self.found: dict[str, Received] = {}
        deadline = Deadline(time.monotonic() + 20.0, 0.1, time.monotonic)
        self.allowance = Allowance(deadline, 1_000_000, 10_000_000)

    def start(self, path: str, then: Callable[[], Any] = lambda: None) -> None:
        def take(received: Received) -> None:
            self.found[path] = received
            then()

        self.connections.start(Request(f"{self.base}/{path}", []), self.allowance, take)

    def body(self, path: str) -> bytes:
        """What this request brought, once it is there."""
        while path not in self.found:
            self.connections.listen(1.0)
        outcome = self.found[path].outcome
        assert isinstance(outcome, HttpAnswer), outcome
        return bytes(outcome.body)


def test_an_answer_that_comes_between_start_and_send_is_not_taken(serve: Serve, connections: Connections) -> None:
    asking = Asking(connections, serve(answer).base)
    asking.start("odd")
    assert asking.body("odd") == b"odd"
    asking.start("next")
    time.sleep(2 * LATER)
    assert asking.body("next") == b"next"
    assert not connections.are_trusted


@pytest.mark.parametrize("order", [("odd", "last"), ("last", "odd")])
def test_an_answer_that_comes_while_another_is_handed_over_is_not_taken(
    serve: Serve, connections: Connections, order: tuple[str, str]
) -> None:
    """Two are whole at the same time. While one of them is taken in, the connection of the other gets too much."""
    asking = Asking(connections, serve(answer).base)
    for path in ("first", "second"):
        asking.start(path)
    assert [asking.body(path) for path in ("first", "second")] == [b"first", b"second"]

    def ask_once_more() -> None:
        time.sleep(2 * LATER)
        asking.start("slow")

    for path in order:
        asking.start(path, then=ask_once_more if path == "last" else lambda: None)
    connections.send()
    time.sleep(LATER / 2)
    assert asking.body("slow") == b"slow"
    assert not connections.are_trusted


def test_what_was_half_read_when_it_was_given_up_leaves_nothing_to_the_next(
    serve: Serve, connections: Connections
) -> None:
    def begin_slowly(connection: Connection) -> None:
        if "/half" in connection.head:
            connection.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{")
            connection.stay_silent()
        else:
            answer(connection)

    asking = Asking(connections, serve(begin_slowly).base)
    asking.start("first")
    assert asking.body("first") == b"first"
    asking.start("half")
    connections.send()
    time.sleep(LATER)
    asking.start("unsent")
    connections.send()
    connections.give_up()
    assert len(connections) == 0
    for path in ("next", "after"):
        asking.start(path)
        connections.listen(1.0)
        assert asking.body(path) == path.encode()
    assert not {"half", "unsent"} & asking.found.keys()


def test_a_request_that_never_left_looks_up_no_name(serve: Serve, connections: Connections) -> None:
    Asking(connections, serve(answer).base).start("unsent")
    connections.give_up()
    assert not connections.may_look_up_a_name
