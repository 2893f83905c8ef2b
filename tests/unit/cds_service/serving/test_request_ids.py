"""What the server itself refuses has a request id as well, in the answer and in the log; in JSON every line is such."""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cds_service.logs import JsonLines, current_request_id
from tests.fuzz.service_process import Service, running_service
from tests.unit.cds_service.cds_client import PATH, PUBLIC_URL, trust_file
from tests.unit.cds_service.serving.loop import Asked, everything, outcome, running_loop, status

ID = "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11"
MARK = "Zephyrine"


def id_of(answer: bytes) -> str:
    """The one id of an answer."""
    (found,) = re.findall(rb"\r\nX-Request-Id: ([^\r]*)\r\n", answer.partition(b"\r\n\r\n")[0] + b"\r\n")
    return str(found.decode())


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: Zephyrine\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /" + b"a" * 40_000, 431),
    ],
)
def test_a_refusal_has_a_new_id_where_the_caller_sent_none_that_can_be_read(sent: bytes, refused: int) -> None:
    with running_loop() as loop:
        answer = loop.ask(sent)
    assert status(answer) == refused
    assert re.fullmatch("[0-9a-f]{32}", id_of(answer))
    assert outcome(answer)["severity"] == "error"


def test_a_refusal_has_the_id_of_the_caller_and_so_has_its_line(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonLines())
    handler.emit = lambda record: told.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("cds_service").addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "cds_service"), running_loop(body_bytes=10) as loop:
            answer = loop.ask(
                f"POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: {ID}\r\nContent-Length: 11\r\n\r\n".encode()
            )
    finally:
        logging.getLogger("cds_service").removeHandler(handler)
    assert (status(answer), id_of(answer)) == (413, ID)
    assert [json.loads(line)["request_id"] for line in told if "answered 413" in line] == [ID]


def test_a_request_that_no_thread_takes_in_time_is_refused_with_its_id() -> None:
    asked = Asked()
    asked.gate.clear()
    whole = f"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: {ID}\r\n\r\n".encode()
    with running_loop(asked, threads=1, wait_seconds=0.3) as loop, loop.connect() as busy:
        busy.sendall(whole)
        loop.until(lambda: bool(asked.environments))
        with loop.connect() as waiting:
            waiting.sendall(whole)
            answer = everything(waiting)
        asked.gate.set()
    assert (status(answer), id_of(answer)) == (503, ID)


def test_the_application_answers_under_the_id_and_the_thread_has_none_afterwards() -> None:
    seen: list[str] = []

    def application(environment: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(current_request_id())
        if environment["PATH_INFO"] == "/fault":
            raise RuntimeError
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with running_loop(application, threads=1) as loop:
        first = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: {ID}\r\n\r\n".encode()
        assert status(loop.ask(first)) == 200
        failed = loop.ask(b"GET /fault HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status(failed), seen) == (500, [ID, id_of(failed)])


# ------------------------------------------------------------------ the whole service
def raw(service: Service, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as caller:
        caller.sendall(sent)
        return everything(caller)


def called(service: Service, headers: dict[str, str]) -> tuple[int, str | None]:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as caller:
        caller.request("POST", f"{PATH}?name={MARK}", json.dumps({MARK: MARK}).encode(), headers)
        answer = caller.getresponse()
        answer.read()
        return answer.status, answer.headers["X-Request-Id"]


def test_in_json_each_line_of_master_and_workers_is_one_object_and_none_holds_what_was_sent(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file())
    settings = {
        "CDS_TRUSTED_CLIENTS": str(clients),
        "CDS_PUBLIC_URL": PUBLIC_URL,
        "CDS_LOG_FORMAT": "json",
        "CDS_LOG_LEVEL": "DEBUG",
    }
    with running_service(tmp_path, 2, False, **settings) as service:
        known = called(service, {"X-Request-Id": ID, "Authorization": f"Bearer {MARK}"})
        marked = called(service, {"X-Request-Id": MARK, "Authorization": f"Bearer {MARK}", "User-Agent": MARK})
        broken = raw(service, f"{MARK} /{MARK} HTTP/1.1\r\n{MARK}: {MARK}\r\n\r\n".encode())
    assert (known, marked[0], status(broken)) == ((401, ID), 401, 400)
    text = (tmp_path / "service.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "logger", "message", "pid"} <= line.keys() for line in lines)
    assert {"gunicorn.error", "cds_service", "cds_service.calls"} <= {line["logger"] for line in lines}
    for id in (ID, marked[1], id_of(broken)):
        assert [line for line in lines if line.get("request_id") == id]
    assert len({line["pid"] for line in lines}) > 1, "the master and a worker at least"
    assert MARK.lower() not in text.lower()
