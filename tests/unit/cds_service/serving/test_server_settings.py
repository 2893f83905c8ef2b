"""What an operator sets for the server, on the running service: who is silent, slow, idle or too many is left."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fuzz.service_process import Service, running_service
from tests.unit.cds_service.serving.loop import everything, is_closed, status

CONNECTIONS = 36
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
WITHIN_SECONDS = 8.0
"""The usual bounds are longer, or these would show nothing."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = {
        "CDS_THREADS": "4",
        "CDS_MAX_CONNECTIONS": str(CONNECTIONS),
        "CDS_SILENT_SECONDS": "2",
        "CDS_REQUEST_SECONDS": "3",
        "CDS_IDLE_SECONDS": "1",
    }
    with running_service(tmp_path_factory.mktemp("served"), 1, **settings) as running:
        yield running


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=WITHIN_SECONDS)


def test_who_is_silent_is_left(service: Service) -> None:
    began = time.monotonic()
    with connect(service) as caller:
        assert is_closed(caller)
    assert 1.9 <= time.monotonic() - began < WITHIN_SECONDS


def test_a_request_that_is_not_whole_is_refused(service: Service) -> None:
    began = time.monotonic()
    with connect(service) as caller:
        caller.sendall(LIVE[:-2])
        assert status(everything(caller)) == 408
    assert 2.9 <= time.monotonic() - began < WITHIN_SECONDS


def test_who_has_had_an_answer_and_asks_nothing_more_is_left(service: Service) -> None:
    with connect(service) as caller:
        caller.sendall(LIVE)
        began = time.monotonic()
        assert status(everything(caller)) == 200
    assert 0.9 <= time.monotonic() - began < 1.9 + WITHIN_SECONDS / 4


def test_one_more_than_the_connections_that_there_may_be_costs_one_its_place(service: Service) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(connect(service)) for _ in range(CONNECTIONS + 1)]
        callers[-1].sendall(LIVE)
        assert status(callers[-1].recv(65_536)) == 200
        # Nobody else was answered: where there is something to read, it is the end.
        left, _, _ = select.select(callers[:-1], [], [], 0)
        assert len(left) == 1
        assert is_closed(left[0])
