"""The worker under gunicorn's master, as real processes: its signals, its heartbeat, its death, its replacement."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from bench.servers import Running
from cds_service.demo.play import free_port
from cds_service.server import Server, options
from cds_service.serving import InboundWorker
from cds_service.serving import worker as worker_module
from cds_service.serving.connection import Connection
from cds_service.serving.listener import Listener
from cds_service.settings import Settings
from tests.unit.cds_service.serving import small_service
from tests.unit.cds_service.serving.loop import GET, LAST, ThreadsWithAnEnd, is_closed
from tests.unit.cds_service.serving.small_service import GRACEFUL_SECONDS

ROOT = Path(__file__).parents[4]
START_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Processes:
    """A running service: its master, and what it said."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    folder: Path

    def get(self, path: str = "/health", **query: Any) -> dict[str, Any]:
        """What is answered, on a connection of its own."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_WITHIN_SECONDS)) as caller:
            caller.request("GET", path + "?" + "&".join(f"{name}={value}" for name, value in query.items()))
            answer = caller.getresponse()
            assert answer.status == 200
            return dict(json.loads(answer.read()))

    def workers(self) -> set[int]:
        """The process ids of the workers."""
        return set(Running(self.process.pid, self.port).workers())

    def until(self, is_so: Any) -> None:
        """Wait for something to become true, but not for ever."""
        end = time.monotonic() + START_WITHIN_SECONDS
        while not is_so():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        """Is somebody there?"""
        try:
            self.get()
        except (OSError, http.client.HTTPException):
            return False
        return True

    @contextmanager
    def slow_call(self, seconds: float) -> Iterator[Future[dict[str, Any]]]:
        """A call that the application is busy with when the block begins."""
        began = self.folder / "began"
        with ThreadPoolExecutor(1) as callers:
            answer = callers.submit(self.get, "/slow", seconds=seconds, began=began)
            self.until(began.exists)
            yield answer
        began.unlink()


@contextmanager
def serving(folder: Path, workers: int = 1) -> Iterator[Processes]:
    """The small service in processes of its own."""
    port, log = free_port(), folder / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    command = (sys.executable, small_service.__file__, str(port), str(workers), str(folder))
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=output, stderr=output) as process,
    ):
        running = Processes(process, port, log, folder)
        try:
            running.until(lambda: process.poll() is not None or running.answers())
            running.until(lambda: len(running.workers()) == workers)
            yield running
        finally:
            process.terminate()
            try:
                process.wait(3 * GRACEFUL_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Processes]:
    with serving(tmp_path) as running:
        yield running


def test_the_end_comes_when_calls_are_answered_and_nobody_who_is_silent_is_waited_for(service: Processes) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as silent, service.slow_call(1.5) as answer:
        service.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert answer.result()["generation"] == 1
        assert service.process.wait(GRACEFUL_SECONDS) == 0
        assert time.monotonic() - began < GRACEFUL_SECONDS
        assert silent.recv(10) == b""
    assert "was sent SIGKILL" not in service.log.read_text()


def test_a_call_that_does_not_come_to_an_end_does_not_hold_the_end_up_for_ever(service: Processes) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as caller:
        began = service.folder / "began"
        caller.sendall(f"GET /slow?seconds=60&began={began} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        service.until(began.exists)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(2 * GRACEFUL_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_in_a_hurry_it_ends_at_once(number: signal.Signals, service: Processes) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as caller:
        began = service.folder / "began"
        caller.sendall(f"GET /slow?seconds=60&began={began} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        service.until(began.exists)
        service.process.send_signal(number)
        assert service.process.wait(GRACEFUL_SECONDS - 3) == 0


HALF = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{"


@pytest.mark.parametrize("sent", [HALF, b"GET /slow?seconds=60&began={began} HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_what_waits_for_the_database_is_written_although_somebody_was_waited_for_until_the_last(
    sent: bytes, service: Processes
) -> None:
    began = service.folder / "began"
    with socket.create_connection(("127.0.0.1", service.port)) as caller:
        caller.sendall(sent.replace(b"{began}", str(began).encode()))
        service.until(lambda: sent == HALF or began.exists())
        # The worker has read what came before this was answered.
        assert service.answers()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(2 * GRACEFUL_SECONDS) == 0
    assert (service.folder / "begun").exists()
    assert (service.folder / "written").exists(), "its master has killed it before"
    assert "was sent SIGKILL" not in service.log.read_text()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A worker in this process; `run` is for the test to call. What ends with a worker's process ends here before."""
    threads = ThreadsWithAnEnd(1)
    listeners: list[Listener] = []

    def remembered(*given: Any) -> Listener:
        listeners.append(Listener(*given))
        return listeners[-1]

    monkeypatch.setattr(worker_module, "Threads", lambda _: threads)
    monkeypatch.setattr(worker_module, "Listener", remembered)
    app = Server(Flask(__name__), options(Settings(), "127.0.0.1", 5055))
    log: Any = logging.getLogger("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sockets: Any = [SimpleNamespace(sock=listening)]
        made: Any = InboundWorker(1, os.getppid(), sockets, app, 30, app.cfg, log)
        made.wsgi, made.PIPE = app.load(), os.pipe()
        yield made
    threads.stop(START_WITHIN_SECONDS)
    for one in listeners:
        one.trigger.close()
    for descriptor in made.PIPE:
        os.close(descriptor)
    made.tmp.close()


@pytest.mark.parametrize(("end", "is_drained"), [(InboundWorker.handle_quit, False), (InboundWorker.handle_exit, True)])
def test_told_to_end_at_once_while_an_answer_leaves_a_worker_waits_for_nobody(
    end: Callable[..., None], is_drained: bool, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There waitress keeps exceptions to itself, also that with which the end begins."""
    drained: list[Listener] = []
    answered = Connection._answered
    monkeypatch.setattr(Listener, "drain", lambda one: drained.append(one))

    def told(connection: Connection) -> None:
        answered(connection)
        end(worker, signal.SIGQUIT, None)

    monkeypatch.setattr(Connection, "_answered", told)
    with socket.create_connection(worker.sockets[0].sock.getsockname()) as caller:
        caller.sendall(LAST)
        worker.run()
    assert bool(drained) is is_drained


def test_told_to_end_at_once_while_it_waits_for_the_last_ones_a_worker_waits_no_longer(
    worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.cfg.set("graceful_timeout", 60)
    address = worker.sockets[0].sock.getsockname()
    with socket.create_connection(address) as kept, socket.create_connection(address) as half:
        answered, drain = Connection._answered, Listener.drain
        ends = iter((worker.handle_exit, worker.handle_quit))

        def told(connection: Connection) -> None:
            answered(connection)
            next(ends)(signal.SIGQUIT, None)

        def drained(one: Listener) -> None:
            drain(one)
            kept.sendall(LAST)

        monkeypatch.setattr(Connection, "_answered", told)
        monkeypatch.setattr(Listener, "drain", drained)
        half.sendall(HALF)
        kept.sendall(GET)
        worker.run()
        assert next(ends, None) is None
        assert is_closed(half), "waited for, it would be refused for its slowness"


def test_a_reload_brings_new_workers_and_the_old_ones_answer_what_they_have(service: Processes) -> None:
    old = service.workers()
    with service.slow_call(1.5) as answer:
        service.process.send_signal(signal.SIGHUP)
        service.until(lambda: service.get()["generation"] == 2)
        assert answer.result()["generation"] == 1
    service.until(lambda: not service.workers() & old)
    assert service.get()["generation"] == 2


def test_a_worker_that_is_killed_is_replaced_and_the_other_one_serves_meanwhile(tmp_path: Path) -> None:
    with serving(tmp_path, workers=2) as service:
        (killed, other) = service.workers()
        os.kill(killed, signal.SIGKILL)
        answered = {service.get()["pid"] for _ in range(20)}
        assert other in answered
        service.until(lambda: len(service.workers() - {killed}) == 2)


def test_a_worker_whose_loop_hangs_is_replaced_however_busy_its_threads_are(service: Processes) -> None:
    (hanging,) = service.workers()
    os.kill(hanging, signal.SIGSTOP)
    service.until(lambda: hanging not in service.workers() and service.answers())
    assert "WORKER TIMEOUT" in service.log.read_text()


def test_a_call_that_takes_longer_than_the_heartbeat_may_be_away_is_answered(service: Processes) -> None:
    """The heartbeat is that of the loop: what a thread waits for is no sign of death."""
    before = service.workers()
    with service.slow_call(2.5 * small_service.HEARTBEAT_SECONDS) as answer:
        assert answer.result()["pid"] in before
    assert service.workers() == before


@pytest.mark.parametrize("sent", [b"", HALF])
def test_workers_end_with_their_master_and_do_not_wait_for_callers_for_ever(sent: bytes, service: Processes) -> None:
    workers = service.workers()
    with socket.create_connection(("127.0.0.1", service.port)) as caller:
        caller.sendall(sent)
        assert service.answers()
        service.process.kill()
        service.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers) and not service.answers())
    assert (service.folder / "written").exists()
