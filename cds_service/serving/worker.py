"""gunicorn's worker as we run it: one loop that reads and writes for all callers, and threads that answer.

What may live here: what gunicorn's master expects of a worker (a heartbeat, its signals, a clean end).
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from gunicorn.workers.base import Worker
from waitress import wasyncore

from cds_service.serving.bounds import Bounds
from cds_service.serving.listener import Listener
from cds_service.serving.refusal import Headers
from cds_service.serving.threads import Threads

log = logging.getLogger("cds_service")

_ENDING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
_LOOK_SECONDS = 0.5
"""The longest the loop waits for somebody to do something."""


class Inbound(Protocol):
    """What the worker needs of gunicorn's application beside the WSGI application."""

    bounds: Bounds
    refusal_headers: Headers
    leaving_seconds: float
    """What is done at the end of a worker may take so long."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that end us wait until the block is left.

    What they raise in the middle of making waitress's trigger would leave one without a descriptor, and Python tells of
    that with a trace.
    """
    waiting: list[int] = []
    before = {number: signal.signal(number, lambda one, _: waiting.append(one)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for came in waiting:
            signal.raise_signal(came)


class Wakeup:
    """A signal has come: Python writes a byte into this pipe, and the loop goes on at once."""

    accepting = False

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def readable(self) -> bool:
        """It is always listened to."""
        return True

    def writable(self) -> bool:
        """Nothing is ever written."""
        return False

    def handle_read_event(self) -> None:
        """What was written means nothing."""
        os.read(self._descriptor, 4_096)


class InboundWorker(Worker):
    """Serves until the master, or its end, says to stop; then answers what it has taken."""

    app: Any
    _is_in_a_hurry = False

    def run(self) -> None:
        """Serve; called by gunicorn in the worker's process."""
        # Its words would repeat paths and what callers sent.
        logging.getLogger("waitress").setLevel(logging.CRITICAL + 1)
        map: dict[int, Any] = {self.PIPE[0]: Wakeup(self.PIPE[0])}
        threads = Threads(self.app.bounds.threads)
        with undisturbed():
            listeners = [self._listener(listening, threads, map) for listening in self.sockets]
        while self.alive and self._has_its_master():
            self._turn(listeners, map)
        if not self._is_in_a_hurry:
            self._drain(listeners, map)
        for listener in listeners:
            listener.close()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once. The exception with which that begins may be lost in waitress's trigger, so it is noted, too."""
        self._is_in_a_hurry = True
        super().handle_quit(sig, frame)

    def _listener(self, listening: Any, threads: Threads, map: dict[int, Any]) -> Listener:
        inbound: Inbound = self.app
        bare = listening.sock
        return Listener(bare, self.wsgi, inbound.bounds, inbound.refusal_headers, threads, map)

    def _has_its_master(self) -> bool:
        return self.ppid == os.getppid()

    def _turn(self, listeners: list[Listener], map: dict[int, Any]) -> None:
        """One turn of the loop. The heartbeat is here and nowhere else: a loop that hangs is replaced."""
        self.notify()
        wasyncore.poll2(_LOOK_SECONDS, map)
        for listener in listeners:
            listener.sweep()

    def _drain(self, listeners: list[Listener], map: dict[int, Any]) -> None:
        """Answer what has come, also what has arrived and was not read yet; nobody is waited for longer than agreed."""
        for _ in ("let in", "read"):
            wasyncore.poll2(0, map)
        for listener in listeners:
            listener.drain()
        end = time.monotonic() + self._drain_seconds()
        while self._goes_on_until(end) and any(listener.active_channels for listener in listeners):
            self._turn(listeners, map)

    def _drain_seconds(self) -> float:
        """The master kills after its own time: what is left to do, and the last look, come before."""
        inbound: Inbound = self.app
        return float(self.cfg.graceful_timeout - inbound.leaving_seconds - _LOOK_SECONDS)

    def _goes_on_until(self, end: float) -> bool:
        return time.monotonic() < end and not self._is_in_a_hurry
