"""What strangers write to our port is refused in our words, echoed nowhere, and harms nobody who calls after them."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.fuzz.inbound_bytes import BODY, INBOUND, MARKER, PATH, Inbound
from tests.fuzz.promises import WITHIN_SECONDS, check_silent
from tests.fuzz.service_process import Service, running_service

pytestmark = pytest.mark.fuzz

_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
NOT_IMPLEMENTED = 501
"""What RFC 9112 asks for where a coding or a method is unknown: the one status above 500 that tells of the caller."""


@dataclass(frozen=True)
class Heard:
    """What came back before the service hung up: the statuses in their order, and all of it."""

    statuses: list[int]
    raw: bytes


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("inbound"), 1, CDS_LOG_LEVEL="DEBUG") as running:
        yield running


def written(port: int, data: bytes) -> Heard:
    """Write this, say that nothing more comes, and listen until the service hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_SECONDS) as connection:
        # It may hang up before it has read everything: that is an answer as well.
        with suppress(ConnectionError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        raw = b""
        with suppress(ConnectionError):
            while more := connection.recv(65_536):
                raw += more
    return Heard([int(status) for status in _statuses(raw)], raw)


def _statuses(raw: bytes) -> Iterator[bytes]:
    """The status of each answer; what an answer holds is passed over by its length."""
    place = 0
    while found := _ANSWER.match(raw, place):
        yield found[1]
        length = re.search(rb"content-length: *(\d+)", found[2], re.IGNORECASE)
        place = found.end() + (int(length[1]) if length and not found[1].startswith(b"1") else 0)


def is_served(port: int) -> bool:
    """Is an ordinary call answered right now?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_SECONDS)
    try:
        connection.request("POST", PATH, BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status == 200 and len(json.loads(answer.read())["cards"]) > 1
    finally:
        connection.close()


def problems(case: Inbound, heard: Heard) -> Iterator[str]:
    """What is wrong with an answer to these bytes."""
    final = [status for status in heard.statuses if status >= 200]
    if heard.raw and not heard.raw.startswith(b"HTTP/1."):
        yield f"no HTTP: {heard.raw[:80]!r}"
    if any(status >= 500 and status != NOT_IMPLEMENTED for status in final):
        yield f"a fault of theirs became one of ours: {final}"
    if case.served and final[:1] != [200]:
        yield f"was to be served: {heard.raw[:200]!r}"
    if not case.served and not case.either and any(status < 400 for status in final):
        yield f"was served: {final}"
    if len(heard.statuses) > case.answers:
        yield f"so many answers: {heard.statuses}"
    if MARKER.lower() in heard.raw.decode("latin-1").lower():
        yield "is echoed in the answer"


def told_in_our_words(heard: Heard) -> str:
    """What is wrong with the last refusal, or "": it is an OperationOutcome."""
    if not heard.statuses or heard.statuses[-1] < 400 or heard.statuses[-1] >= 500:
        return ""
    last = heard.raw[heard.raw.rindex(b"HTTP/1.") :]
    head, _, body = last.partition(b"\r\n\r\n")
    try:
        outcome = json.loads(body)
    except ValueError:
        return f"refused with {head.splitlines()[0]!r} and {body[:60]!r}"
    return "" if outcome.get("resourceType") == "OperationOutcome" else f"refused with {body[:60]!r}"


@pytest.mark.parametrize("name", INBOUND)
def test_no_bytes_break_in_echo_or_stay(name: str, service: Service) -> None:
    size = service.log.stat().st_size
    began = time.perf_counter()
    heard = written(service.port, INBOUND[name].data)
    seconds = time.perf_counter() - began
    found = list(problems(INBOUND[name], heard))
    assert is_served(service.port)
    # The next call has been answered, so what was to be logged of this one has been.
    log = service.log.read_bytes()[size:].decode(errors="replace")
    found += ["is in the log"] if MARKER.lower() in log.lower() else []
    found += ["a trace is in the log"] if "Traceback" in log else []
    assert found == []
    assert seconds < WITHIN_SECONDS
    check_silent(heard.raw.decode("latin-1"))


@pytest.mark.parametrize("name", INBOUND)
def test_what_is_refused_is_refused_with_an_operation_outcome(name: str, service: Service) -> None:
    assert told_in_our_words(written(service.port, INBOUND[name].data)) == ""


def test_an_echo_would_be_heard() -> None:
    """The control: an answer that quotes the request."""
    echo = f"HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\n\r\n<p>{MARKER}</p>".encode()
    heard = Heard([400], echo)
    assert list(problems(Inbound(b""), heard)) == ["is echoed in the answer"]
    assert told_in_our_words(heard)


def test_a_marker_in_the_log_would_be_found(service: Service) -> None:
    """The control: the log is that of the service, and calls are in it."""
    assert is_served(service.port)
    assert "calciphylaxis-patient-view answered" in service.log.read_text(errors="replace")
