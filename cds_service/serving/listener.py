"""The socket that callers come to: who is let in, who has to go for it, whose time is over.

What may live here: all connections of one worker together.
"""

from __future__ import annotations

import errno
import logging
import sys
import time
from socket import IPPROTO_TCP, SO_OOBINLINE, SOL_SOCKET, TCP_NODELAY
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.trigger import trigger

from cds_service.serving import refusal
from cds_service.serving.bounds import Bounds
from cds_service.serving.connection import Connection
from cds_service.serving.refusal import Headers, fault_and_place
from cds_service.serving.request import Held
from cds_service.serving.threads import Threads

log = logging.getLogger("cds_service")

ACCEPTED_AT_ONCE = 32
_SWEEP_SECONDS = 0.5
_SAID_AGAIN_AFTER_SECONDS = 60.0
_PATIENCE_SECONDS = 2.0
"""A new caller has so long for its first request before those who have called are preferred to it.

Within it a healthy one has sent a body of megabytes over a slow line; with less, callers who only hold their places
could keep all others out. With more, the silent would cost those who have called theirs.
"""
_RECEIVED_AT_ONCE = 65_536
"""What one caller can have looked at before the next one's turn."""


def adjustments() -> Adjustments:
    """waitress as we use it. Nothing it holds goes to a file: what callers send are patients' data.

    Its own limits are out of reach, ours hold.
    """
    return Adjustments(
        ident=None,
        inbuf_overflow=sys.maxsize,
        outbuf_overflow=sys.maxsize,
        outbuf_high_watermark=sys.maxsize,
        max_request_header_size=sys.maxsize,
        max_request_body_size=sys.maxsize,
        log_socket_errors=False,
    )


def _since(one: Connection) -> float:
    return one.since


def _least_needed(waiting: list[Connection], now: float) -> Connection:
    """Who goes of those without a whole request: neither strangers nor those who have called lock others out.

    The oldest stranger where it has had its time, or where strangers are the larger half; else who has called and is
    idle for longest; where nobody is idle, whose request or coming is longest ago.
    """
    strangers = [one for one in waiting if not one.is_known]
    idle = [one for one in waiting if one.is_known and one.is_idle]
    oldest = min(strangers or waiting, key=_since)
    if strangers and (2 * len(strangers) > len(waiting) or oldest.since + _PATIENCE_SECONDS <= now):
        return oldest
    return min(idle, key=lambda one: one.due or 0) if idle else min(waiting, key=_since)


class Listener(wasyncore.dispatcher):
    """What waitress's connections and tasks ask of their server, for a socket that listens already."""

    socket: Any
    _map: Any

    def __init__(
        self,
        listening: Any,
        application: Any,
        bounds: Bounds,
        headers: Headers,
        threads: Threads,
        map: Any,
    ) -> None:
        self.application, self.bounds, self.headers, self._threads = application, bounds, headers, threads
        self.adj = adjustments()
        self.held = Held()
        self._come = bytearray(_RECEIVED_AT_ONCE)
        self.active_channels: dict[int, Connection] = {}
        """By descriptor; the longest open come first."""
        self.served = 0
        """How many of them have a whole request with the application, or waiting for a thread."""
        self.is_draining = False
        self.trigger = trigger(map)
        super().__init__(listening, map=map)
        self.server_name, self.effective_port = self.socket.getsockname()[:2]
        self.accepting = True
        self._next_sweep = 0.0
        self._next_words: dict[str, float] = {}
        """By what was said: when it may be said again."""

    def serve(self, connection: Connection) -> None:
        """A whole request has come: the next free thread has it answered."""
        if not self._threads.start_another():
            self._say("no more threads can be started: calls wait for those that there are", logging.ERROR)
        if self._threads.let_answer(connection):
            self.served += 1
        else:
            self._say("there is no thread that could answer: calls are refused with 503", logging.ERROR)
            connection.refuse_whole(refusal.NO_THREAD)

    def read(self, caller: Any) -> bytes:
        """What has come; into memory that is there already, of which a copy as large as needed is kept."""
        length = caller.recv_into(self._come)
        return bytes(memoryview(self._come)[:length])

    def pull_trigger(self) -> None:
        """Wake the main loop; called in threads."""
        self.trigger.pull_trigger()

    def readable(self) -> bool:
        """Do we take more? While calls wait for a thread here, another worker may have one that is free."""
        return not self.is_draining and self.served <= self.bounds.threads and self._can_take_one()

    def writable(self) -> bool:
        """It only listens."""
        return False

    def _can_take_one(self) -> bool:
        return self.served < len(self.active_channels) or len(self.active_channels) < self.bounds.connections

    def handle_accept(self) -> None:
        """Let in those who wait outside; where there is no room, somebody goes for each."""
        for _ in range(ACCEPTED_AT_ONCE):
            if not self._can_take_one():
                return
            try:
                caller, address = self.socket.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._send_one_away("the system allows no more open files")
                return
            if len(self.active_channels) >= self.bounds.connections:
                self._send_one_away("all connections are in use")
            caller.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            # An urgent byte that nobody reads would wake the loop for ever: it comes among the others.
            caller.setsockopt(SOL_SOCKET, SO_OOBINLINE, 1)
            Connection(self, caller, address, self.adj, self._map)

    def _send_one_away(self, why: str) -> None:
        """Close one that has sent no whole request, so that the next one can come in."""
        self._say(f"{why}: for each caller that comes, one is closed that has no call under way")
        waiting = [one for one in self.active_channels.values() if not one.is_served]
        if waiting:
            _least_needed(waiting, time.monotonic()).handle_close()

    def make_room_for(self, newest: Connection) -> bool:
        """Keep what we hold within bounds: the oldest requests that are not whole yet are refused first.

        False when there is no room for the newest one itself.
        """
        while self.held.bytes > self.bounds.held_bytes:
            self._say("too many bytes are being received: the oldest requests that are not whole are refused")
            oldest = self._longest_reading()
            if oldest is None or oldest is newest:
                return False
            oldest.refuse_for_room()
        return True

    def _longest_reading(self) -> Connection | None:
        reading = [one for one in self.active_channels.values() if one.request is not None]
        return min(reading, key=lambda one: one.due or 0, default=None)

    def _say(self, words: str, level: int = logging.WARNING) -> None:
        now = time.monotonic()
        if now >= self._next_words.get(words, 0):
            self._next_words[words] = now + _SAID_AGAIN_AFTER_SECONDS
            log.log(level, words)

    def sweep(self) -> None:
        """Leave those whose time is over; looked at twice a second."""
        now = time.monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + _SWEEP_SECONDS
        for one in list(self.active_channels.values()):
            if one.due is not None and one.due <= now:
                self._end_waiting(one) if one.is_served else one.expire()

    def _end_waiting(self, one: Connection) -> None:
        """Refuse a whole request that has waited too long for a thread, unless it has one by now."""
        one.due = None
        if self._threads.take_back(one):
            self.served -= 1
            self._say("calls have waited too long for a thread: they are refused with 503")
            one.refuse_whole(refusal.WAITED_TOO_LONG)

    def drain(self) -> None:
        """Let nobody in any more, and hang up soon on all who wait for nothing."""
        self.is_draining = True
        self.accepting = False
        super().close()
        for one in self.active_channels.values():
            if one.is_idle:
                one.leave_soon()

    def close(self) -> None:
        """Hang up on everybody. The trigger stays open: a late thread would write into what comes in its place."""
        for one in list(self.active_channels.values()):
            one.handle_close()
        if self.socket is not None:
            super().close()

    def handle_error(self) -> None:
        """A fault of ours while letting somebody in: the next one may have more luck."""
        log.error("unexpected %s while somebody was let in", fault_and_place())
