"""One caller's connection: what it sends is read without a thread, and each step has its time.

What may live here: the life of a connection. All of it but `service` runs in the main loop, so that nothing is locked.

    silent ──► reading ──► served ──► sending ──► idle ──► reading …
                  │                       └─────► closed
                  └──────► refused ──► lingering ──► closed
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from socket import SHUT_WR
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import ClientDisconnected, HTTPChannel

from cds_service.logs import HEADER, current_request_id, new_request_id, under_request_id
from cds_service.serving import refusal
from cds_service.serving.call import Call
from cds_service.serving.owner import Owner
from cds_service.serving.refusal import Refused, fault_and_place
from cds_service.serving.request import Request

log = logging.getLogger("cds_service")

_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(HTTPChannel):
    """`due` is the moment (of the monotonic clock) at which it is left; None while the application answers.

    `since` is the moment at which it came, or at which the first byte of its latest request came.
    """

    server: Owner  # type: ignore[assignment]  # it needs less of a server than its stubs say
    socket: Any
    request: Request | None
    requests: list[Request]

    def __init__(
        self,
        server: Owner,
        caller: Any,
        address: tuple[Any, ...],
        adjustments: Adjustments,
        map: Any,
    ) -> None:
        super().__init__(server, caller, address, adjustments, map)  # type: ignore[arg-type]
        self.bounds = server.bounds
        self.since = time.monotonic()
        self.due: float | None = self.since + self.bounds.silent_seconds
        self.is_known = False
        """Has it sent a whole request before?"""
        self.is_reading = self.is_lingering = False
        self._is_last = False
        """The answer under way is the last one."""
        self._ahead = b""
        """What was read behind the request that is being answered."""

    @property
    def is_served(self) -> bool:
        """Is a whole request of it with the application, or waiting for a thread?"""
        return bool(self.requests)

    @property
    def is_idle(self) -> bool:
        """Does it neither send nor get anything?"""
        return not (self.requests or self.is_reading or self.is_lingering or self._is_last or self.total_outbufs_len)

    def handle_read(self) -> None:
        """Take what has come, in one go: each call of the system lets a busy thread of ours go first."""
        try:
            data = self.server.read(self.socket)
        except BlockingIOError:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.received(data)
        elif self.request is not None and not self.is_lingering:
            self.refuse(Refused(*refusal.CUT_SHORT))
        else:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        """Read one request at a time: what follows it waits until its answer has left."""
        while data and self.connected and not (self.requests or self._is_last):
            request = self.request or self._begin()
            data = data[request.received(data) :]
            if request.refused is not None:
                self.refuse(request.refused)
            elif self.server.make_room_for(self):
                self._go_on_reading(request)
            else:
                self.refuse(Refused(*refusal.NO_ROOM))
        self._keep_ahead(b"" if self._is_last else data)
        return True

    def _keep_ahead(self, data: bytes) -> None:
        self.server.held.bytes += len(data) - len(self._ahead)
        self._ahead = data

    def _begin(self) -> Request:
        self.request = Request(self.adj, self.bounds, self.server.held)
        self.is_reading = True
        self.since = time.monotonic()
        self.due = self.since + self.bounds.request_seconds
        return self.request

    def _go_on_reading(self, request: Request) -> None:
        if request.completed:
            self.request, self.requests = None, [request]
            self.is_known, self.is_reading = True, False
            request.arrived = time.monotonic()
            self.due = request.arrived + self.bounds.wait_seconds
            self.server.serve(self)
        elif request.expect_continue and request.headers_finished:
            request.expect_continue = False
            with suppress(ClientDisconnected):
                self.write_soon(_GO_ON)

    def service(self) -> None:
        """Let the application answer; called in a thread."""
        with under_request_id(self.requests[0].id):
            self._serve()

    def _serve(self) -> None:
        call = Call(self, self.requests[0])  # type: ignore[arg-type]
        try:
            call.service()
        except ClientDisconnected:
            call.close_on_finish = True
        except Exception:
            log.error("unexpected %s while a request was answered", fault_and_place())
            if not call.wrote_header:
                self._write(Refused(*refusal.FAILED), self.requests[0])
            call.close_on_finish = True
        finally:
            self._is_last = call.close_on_finish
            self.server.trigger.pull_trigger(self._answered)

    def _answered(self) -> None:
        """Go on; called in the main loop, by something that keeps faults to itself."""
        try:
            self._go_on_after_answer()
        except Exception:
            self.handle_error()

    def _go_on_after_answer(self) -> None:
        self.server.served -= 1
        self.requests.pop().close()
        self.due = time.monotonic() + self.bounds.send_seconds
        if self.connected:
            self._when_sent()

    def handle_write(self) -> None:
        """Send what is left of an answer."""
        super().handle_write()
        if self.connected and not self.requests:
            self._when_sent()

    def _when_sent(self) -> None:
        if self.is_lingering:
            self._hang_up_when_sent()
        if not self.total_outbufs_len:
            self._forget_what_was_sent()
        if self.total_outbufs_len or self.is_reading or self.is_lingering:
            return
        if self._is_last:
            self.handle_close()
            return
        self.due = time.monotonic() + self.bounds.idle_seconds
        if self.server.is_draining:
            self.leave_soon()
        if self._ahead:
            ahead = self._ahead
            self._keep_ahead(b"")
            self.received(ahead)

    def _forget_what_was_sent(self) -> None:
        """A buffer of waitress keeps what has left: all answers would stay as long as the connection."""
        with self.outbuf_lock:
            sent, self.outbufs = self.outbufs, [OverflowableBuffer(self.adj.outbuf_overflow)]
            self.current_outbuf_count = 0
        for buffer in sent:
            buffer.close()

    def refuse(self, refused: Refused) -> None:
        """Answer at once, without a thread, and read nothing more than is needed for the answer to arrive."""
        with under_request_id(self._request_id()):
            log.info("answered %d: %s", refused.status, refused.message)
            self._refuse(refused)

    def _request_id(self) -> str:
        return new_request_id() if self.request is None else self.request.id

    def _refuse(self, refused: Refused) -> None:
        request, self.request = self.request, None
        self._write(refused, request)
        if request is not None:
            request.close()
        self.is_reading, self.is_lingering, self._is_last = False, True, True
        # A caller that is still sending hears us only after it has sent everything; closed before, it hears nothing.
        self.due = max(self.due or 0, time.monotonic() + self.bounds.linger_seconds)
        self._hang_up_when_sent()

    def _hang_up_when_sent(self) -> None:
        if not self.total_outbufs_len and self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(SHUT_WR)

    def leave_soon(self) -> None:
        """A call may be on its way already: hung up on at once, it would be lost. It is answered as the last one."""
        soon = time.monotonic() + self.bounds.drain_seconds
        self.due = soon if self.due is None else min(self.due, soon)

    def refuse_for_room(self) -> None:
        """Others need the room that a request takes which is not whole."""
        self.refuse(Refused(*refusal.NO_ROOM))

    def refuse_whole(self, reason: tuple[int, str]) -> None:
        """No thread answers its request; those who are refused so are many, and told of by their server."""
        self.request, self.due = self.requests.pop(), None
        with under_request_id(self._request_id()):
            self._refuse(Refused(*reason))

    def _write(self, refused: Refused, request: Request | None) -> None:
        sent = request.headers if request is not None else {}
        headers = {**self.server.headers(sent.get("ORIGIN", "")), HEADER: current_request_id()}
        with_body = request is None or request.command != "HEAD"
        with suppress(ClientDisconnected):
            self.write_soon(refusal.refusal(refused, headers, int(time.time()), with_body=with_body))

    def expire(self) -> None:
        """Its time is over."""
        if self.is_reading:
            self.refuse(Refused(*refusal.TOO_SLOW))
        else:
            self.handle_close()

    def handle_close(self) -> None:
        """Forget it, and what it had sent in part."""
        if self.request is not None:
            self.request.close()
            self.request = None
        self._keep_ahead(b"")
        super().handle_close()

    def handle_error(self) -> None:
        """A fault of ours in the main loop: it costs this connection and nothing else."""
        log.error("unexpected %s while receiving or sending", fault_and_place())
        self.handle_close()
