"""The loop of a worker in this process, for an application of three lines and for bounds that fit into a test.

What may live here: starting and stopping it, and speaking to it byte by byte. Everything is on loopback.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from waitress import wasyncore

from cds_service.serving.bounds import Bounds
from cds_service.serving.listener import Listener
from cds_service.serving.threads import Threads

WITHIN_SECONDS = 30.0
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass
class Asked:
    """An application that answers "seen" and keeps what it was asked. While `gate` is closed it does not answer."""

    environments: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b"seen"

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, environment: dict[str, Any], start_response: Any) -> list[bytes]:
        """The application."""
        self.environments.append(environment)
        self.bodies.append(environment["wsgi.input"].read())
        self.gate.wait(WITHIN_SECONDS)
        start_response("200 OK", [("Content-Length", str(len(self.answer)))])
        return [self.answer] if environment["REQUEST_METHOD"] != "HEAD" else []


@dataclass
class Loop:
    """A running loop; what is done with the listener from outside is done between two turns of it."""

    listener: Listener
    asked: Any
    port: int
    between: list[Callable[[], None]] = field(default_factory=list)

    def connect(self) -> socket.socket:
        """A new connection of a caller."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN_SECONDS)

    def ask(self, sent: bytes, *, hang_up: bool = False) -> bytes:
        """All that comes back until the service hangs up."""
        with self.connect() as caller:
            caller.sendall(sent)
            if hang_up:
                caller.shutdown(socket.SHUT_WR)
            return everything(caller)

    def do(self, what: Callable[[], None]) -> None:
        """Have this done by the loop, and wait for it."""
        done = threading.Event()
        self.between += [what, done.set]
        self.listener.pull_trigger()
        assert done.wait(WITHIN_SECONDS)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true, but not for ever."""
        end = time.monotonic() + WITHIN_SECONDS
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.005)


class End:
    """The last that a thread is told."""

    def service(self) -> None:
        """The thread ends with it."""
        raise SystemExit


class ThreadsWithAnEnd(Threads):
    """The service's threads end with their process; a test's end before."""

    def stop(self, seconds: float) -> None:
        """End when what waits has been answered; each thread is waited for no longer than this."""
        for _ in self._threads:
            self.let_answer(End())
        for thread in self._threads:
            thread.join(seconds)

    def _work(self) -> None:
        with suppress(SystemExit):
            super()._work()


def everything(caller: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    return b"".join(iter(lambda: caller.recv(65_536), b""))


def is_closed(caller: socket.socket) -> bool:
    """Has the service hung up without a word?"""
    try:
        return everything(caller) == b""
    except ConnectionResetError:
        return True


def status(answer: bytes) -> int:
    """The status of the first answer in these bytes."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert found, answer[:80]
    return int(found[1])


def outcome(answer: bytes) -> dict[str, Any]:
    """The issue of an OperationOutcome; headers and length are right."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head
    found = json.loads(body)
    assert found["resourceType"] == "OperationOutcome"
    (issue,) = found["issue"]
    return dict(issue)


@contextmanager
def running_loop(application: Application | None = None, **bounds: Any) -> Iterator[Loop]:
    """Serve until the end of the block."""
    asked = application or Asked()
    limits = Bounds(**{"threads": 2, "linger_seconds": 0.5} | bounds)
    threads = ThreadsWithAnEnd(limits.threads)
    connections: dict[int, Any] = {}
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener = Listener(listening, asked, limits, lambda origin: {"X-Origin": origin}, threads, connections)
    loop = Loop(listener, asked, int(listening.getsockname()[1]))
    stopped = threading.Event()

    def turn() -> None:
        while not stopped.is_set():
            wasyncore.poll2(0.1, connections)
            listener.sweep()
            while loop.between:
                loop.between.pop(0)()
        listener.close()

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield loop
    finally:
        stopped.set()
        getattr(asked, "gate", threading.Event()).set()
        thread.join(WITHIN_SECONDS)
        threads.stop(WITHIN_SECONDS)
        # Those that were late have said so to nobody: the loop had ended. Now nobody pulls it any more.
        listener.trigger.close()
