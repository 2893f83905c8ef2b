"""The FHIR server of the tests: what a test asked and nobody waited for is none of the next test."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

from tests.fhir_stand_in import FhirStandIn

LATE = b"GET /fhir/Late HTTP/1.1\r\nHost: ehr\r\n\r\n"


@pytest.fixture
def server() -> FhirStandIn:
    return FhirStandIn()


def sent(server: FhirStandIn) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    sock.sendall(LATE)
    return sock


def test_requests_of_an_earlier_test_that_are_still_on_their_way_are_not_counted(server: FhirStandIn) -> None:
    for _ in range(50):
        with sent(server), sent(server), sent(server):
            pass
        server.forget()
        assert requests.get(f"{server.base}/Now", timeout=5).status_code == 404
        assert [asked.url for asked in server.calls] == [f"{server.base}/Now"]


def test_a_connection_that_an_earlier_test_left_open_is_closed(server: FhirStandIn) -> None:
    with sent(server) as sock:
        assert sock.recv(65_536).startswith(b"HTTP/1.1 404")
        server.forget()
        assert sock.recv(65_536) == b""


def test_a_connection_that_is_closed_in_the_middle_of_a_body_holds_no_thread(server: FhirStandIn) -> None:
    before = set(threading.enumerate())
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(b"POST /fhir HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")
        server.forget()
        assert sock.recv(65_536) == b""
    assert set(threading.enumerate()) <= before
