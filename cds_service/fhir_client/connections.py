"""Connections on which one time limit holds for a whole answer, and the pools that keep them open.

What may live here: sockets. What goes over them is decided in `timed_http`.
"""

from __future__ import annotations

import http.client
import io
import queue
import socket
import time
from functools import partial
from typing import Any, cast

import urllib3
import urllib3.connection
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class _TimedConnection(urllib3.connection.HTTPConnection):
    """A connection on which `timeout` is the time for all of connecting, then for all of the answer.

    A server that drips headers or a body cannot stretch it, so the thread that reads is free again when it is over.
    Looking up a name is left to the system's resolver, which cannot be interrupted.
    """

    def _new_conn(self) -> socket.socket:
        ends_at = self._start()
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, "the name could not be looked up") from error
        for number, (*_, address) in enumerate(found):
            # An address that leads nowhere leaves the others of the name their share of the time.
            share = _left(ends_at) / (len(found) - number)
            try:
                sock = urllib3.util.connection.create_connection(
                    (str(address[0]), int(address[1])), share, self.source_address, self.socket_options
                )
            except OSError:
                continue
            # What is left is for the TLS handshake; urllib3 would give it the whole time again.
            sock.settimeout(max(0.001, ends_at - time.monotonic()))
            return sock
        if time.monotonic() >= ends_at:
            raise ConnectTimeoutError(self, "connecting took too long")
        raise NewConnectionError(self, "no address could be connected to")

    @property
    def is_connected(self) -> bool:
        """Open, and nothing came unasked: TLS may hold the rest of a record, which nobody sees by asking the socket."""
        pending = getattr(self.sock, "pending", None)
        return super().is_connected and not (pending is not None and pending())

    def getresponse(self) -> Any:
        self._start()
        return super().getresponse()

    def _start(self) -> float:
        ends_at = time.monotonic() + (self.timeout or 0.0)
        self.response_class = cast(Any, partial(_TimedAnswer, ends_at=ends_at))
        return ends_at


class _TimedTlsConnection(_TimedConnection, urllib3.connection.HTTPSConnection):
    """The same over TLS."""


class _TimedAnswer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, ends_at: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, ends_at))


class _TimedReader(io.RawIOBase):
    """Reads from a socket and allows each read only what is left of the time for all of them."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, ends_at: float) -> None:
        self._raw = raw
        self._sock = sock
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._ends_at))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Idle:
    """What a pool of urllib3 lacks: handing out a connection only when it is open."""

    pool: queue.LifoQueue[Any] | None

    def take_open(self) -> HTTPConnection | None:
        """See `Pool`."""
        try:
            while self.pool is not None:
                connection = self.pool.get(block=False)
                if connection is None:
                    self._put_conn(None)
                    return None
                if connection.is_connected:
                    return cast(HTTPConnection, connection)
                # Put back on top it would hide those that are open; the pool makes a new one where it finds none.
                connection.close()
        except queue.Empty:
            pass
        return None

    def give_back(self, connection: HTTPConnection) -> None:
        """See `Pool`."""
        if connection.sock is not None:
            self._put_conn(connection)

    def _put_conn(self, conn: Any) -> None:
        raise NotImplementedError


class _Pool(urllib3.HTTPConnectionPool, _Idle):
    ConnectionCls = _TimedConnection


class _TlsPool(urllib3.HTTPSConnectionPool, _Idle):
    ConnectionCls = _TimedTlsConnection


POOLS = {"http": _Pool, "https": _TlsPool}
