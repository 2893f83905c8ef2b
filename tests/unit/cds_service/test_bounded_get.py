"""A server that is asked seldom can hold us up, lead us elsewhere or fill our memory no more than a FHIR server."""

from __future__ import annotations

import time
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

import pytest
import urllib3

from cds_service.bounded_get import NoAnswer, Web, WebAnswer
from tests.unit.cds_service.conftest import Behaviour, Connection, Loopback, drip_body, drip_headers

SECONDS = 0.4
WEB = Web(seconds=SECONDS)
Serve = Callable[..., Loopback]


def whole(connection: Connection) -> None:
    connection.answer(b'{"a": 1}')


def test_what_is_asked_for_is_read_as_json(serve: Serve) -> None:
    server = serve(whole)
    answer = WEB.get(f"{server.origin}/x", "application/json")
    assert (answer.status, answer.json()) == (200, {"a": 1})
    assert "Accept: application/json\r\n" in server.heads[0]
    assert "Cookie" not in server.heads[0]


def test_a_form_is_sent(serve: Serve) -> None:
    server = serve(whole)
    assert WEB.post(f"{server.origin}/x", {"code": "c"}, {"Authorization": "Basic x"}).status == 200
    assert server.heads[0].startswith("POST /x HTTP/1.1\r\n")
    assert "Authorization: Basic x\r\n" in server.heads[0]


@pytest.mark.parametrize("behaviour", [Connection.stay_silent, drip_headers, drip_body])
def test_one_that_never_finishes_is_left_in_time_and_the_connection_closed(serve: Serve, behaviour: Behaviour) -> None:
    server = serve(behaviour)
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="no answer"):
        WEB.get(server.origin)
    assert time.monotonic() - started < 10 * SECONDS
    assert server.hung_up.wait(10)


def test_one_that_is_slow_but_in_time_is_heard(serve: Serve) -> None:
    """The control of the test above."""

    def slowly(connection: Connection) -> None:
        connection.server.stopping.wait(SECONDS / 4)
        whole(connection)

    assert WEB.get(serve(slowly).origin).status == 200


@pytest.mark.parametrize(("limit", "fits"), [(8, True), (7, False)])
def test_an_answer_larger_than_the_limit_is_none(serve: Serve, limit: int, fits: bool) -> None:
    server = serve(whole)
    if fits:
        assert WEB.get(server.origin, max_bytes=limit).body == b'{"a": 1}'
        return
    with pytest.raises(NoAnswer, match="larger than the limit"):
        WEB.get(server.origin, max_bytes=limit)


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    other = serve(whole)
    server = serve(lambda connection: connection.answer(b"", "302 Found", Location=other.origin))
    assert WEB.get(server.origin).status == 302
    assert other.heads == []


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(serve: Serve, tls: SSLContext) -> None:
    server = serve(whole, tls)
    with pytest.raises(NoAnswer, match="SSLError"):
        WEB.get(server.origin)
    assert server.heads == []


def test_a_failure_says_nothing_of_the_address(serve: Serve) -> None:
    server = serve(whole)
    address = f"{server.origin}/secret"
    server.stop()
    with pytest.raises(NoAnswer) as failure:
        WEB.get(address)
    assert "secret" not in str(failure.value)
    assert failure.value.__cause__ is failure.value.__context__ is None


def test_a_name_that_cannot_be_looked_up_is_a_failure() -> None:
    with pytest.raises(NoAnswer, match="no answer"):
        WEB.get(f"http://{'x' * 64}.example/")


def test_an_address_that_leads_nowhere_leaves_the_others_of_its_name_their_share_of_the_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, told = serve(whole), list[float]()
    host, port = "127.0.0.1", int(server.origin.rsplit(":", 1)[1])
    found = [(2, 1, 6, "", ("192.0.2.1", port)), (2, 1, 6, "", (host, port))]
    connect = urllib3.util.connection.create_connection

    def pretend(address: tuple[str, int], timeout: float, *more: Any) -> Any:
        told.append(timeout)
        if address[0] != host:
            time.sleep(timeout)
            raise TimeoutError
        return connect(address, timeout, *more)

    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("urllib3.util.connection.create_connection", pretend)
    assert WEB.get(server.origin).status == 200
    assert told[0] <= SECONDS / 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_what_is_no_json_object_is_none(body: bytes) -> None:
    assert WebAnswer(200, body).json() is None


def test_what_came_back_does_not_show_in_a_repr() -> None:
    assert "sesame" not in repr(WebAnswer(200, b"sesame"))
