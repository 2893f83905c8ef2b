"""A FHIR server on loopback that answers what a test tells it to, on connections that stay open.

What may live here: canned answers and the record of what was asked. Faults of the connection itself (slowness,
hang-ups, broken HTTP) are made by `Loopback` in tests/unit/cds_service/conftest.py.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request; the names of its headers are as they were sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer. `body` is text, bytes or JSON; None closes the connection without an answer."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        body = self.body
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        if self.status in (204, 304):
            body = b""
        headers = {"Content-Length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


Answering = Callable[[Asked], Reply]
NOT_FOUND = Reply(404)
_HANG_UP = Reply(body=None)
_LONGEST_ANSWER_SECONDS = 1.0
"""So long an answer that is being made is waited for, before the next test begins."""
_ACCEPTED_WITHIN_SECONDS = 30.0


class FhirStandIn:
    """A server at `base`, which is a plain http address. The answers for one address come in turn, the last again."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        self.base = f"{self.origin}/fhir"
        self.calls: list[Asked] = []
        self.otherwise: Answering = lambda asked: NOT_FOUND
        self._lock = threading.Lock()
        self._replies: list[tuple[str, str | re.Pattern[str], Reply]] = []
        self._talks: dict[socket.socket, threading.Thread] = {}
        self._lines_drawn: dict[int, threading.Event] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def get(self, url: str | re.Pattern[str], **reply: Any) -> None:
        """Answer a GET of this address so: `json` or `body` (None: hang up), `status`, `headers`, `content_type`."""
        self._told("GET", url, **reply)

    def post(self, url: str, **reply: Any) -> None:
        """Answer a POST to this address so."""
        self._told("POST", url, **reply)

    def forget(self) -> None:
        """Be as new: a late request of an earlier test, which nobody waits for any more, is none of the next one."""
        self._draw_a_line()
        with self._lock:
            earlier, self._talks = self._talks, {}
            self.calls, self._replies = [], []
        for sock, thread in earlier.items():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            thread.join(_LONGEST_ANSWER_SECONDS)
        self.otherwise = lambda asked: NOT_FOUND

    def _told(self, method: str, url: str | re.Pattern[str], **reply: Any) -> None:
        body = reply.get("json", reply.get("body", b""))
        headers = {"Content-Type": reply.get("content_type", "application/fhir+json"), **reply.get("headers", {})}
        with self._lock:
            self._replies.append((method, url, Reply(reply.get("status", 200), body, headers)))

    def _draw_a_line(self) -> None:
        """Come back when every connection made before is accepted: they come in their order, and ours is the last."""
        accepted = threading.Event()
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._lines_drawn[last.getsockname()[1]] = accepted
            last.connect(("127.0.0.1", self.port))
            assert accepted.wait(_ACCEPTED_WITHIN_SECONDS), "nobody accepts connections any more"

    def _reply(self, sock: socket.socket, asked: Asked) -> Reply:
        with self._lock:
            if sock not in self._talks:
                return _HANG_UP
            self.calls.append(asked)
            fitting = [reply for reply in self._replies if reply[0] == asked.method and _is_at(reply[1], asked.url)]
            if len(fitting) > 1:
                self._replies.remove(fitting[0])
        return fitting[0][2] if fitting else self.otherwise(asked)

    def _accept(self) -> None:
        while True:
            sock, (_, port) = self._listener.accept()
            if line := self._lines_drawn.pop(port, None):
                sock.close()
                line.set()
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._converse, args=(sock,), daemon=True)
            with self._lock:
                self._talks[sock] = thread
                thread.start()

    def _converse(self, sock: socket.socket) -> None:
        try:
            self._answer_all(sock)
        finally:
            with self._lock:
                self._talks.pop(sock, None)

    def _answer_all(self, sock: socket.socket) -> None:
        read = b""
        with suppress(OSError), sock:
            while True:
                while b"\r\n\r\n" not in read:
                    if not (more := sock.recv(65_536)):
                        return
                    read += more
                head, _, read = read.partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                method, target, _ = first.split(" ")
                headers = dict(line.split(": ", 1) for line in lines)
                length = int(headers.get("Content-Length", 0))
                while len(read) < length:
                    if not (more := sock.recv(65_536)):
                        return
                    read += more
                asked, read = Asked(method, f"{self.origin}{target}", headers, read[:length]), read[length:]
                reply = self._reply(sock, asked)
                if reply.body is None:
                    return
                sock.sendall(reply.bytes())


def _is_at(told: str | re.Pattern[str], url: str) -> bool:
    """An address without a query stands for those with any query."""
    if isinstance(told, re.Pattern):
        return told.match(url) is not None
    wanted, found = urlsplit(told), urlsplit(url)
    if unquote(wanted.path).rstrip("/") != unquote(found.path).rstrip("/"):
        return False
    return not wanted.query or sorted(parse_qsl(wanted.query)) == sorted(parse_qsl(found.query))


EHR = FhirStandIn()
"""One for all tests of a process; each begins with `forget`."""


def without_port(value: object) -> str:
    """The name of a parameter that may hold an address of the server: its port is another one in each process."""
    return str(value).replace(EHR.origin.removeprefix("http://"), "ehr")
