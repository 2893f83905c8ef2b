"""Answers that are on their way on connections which were open already, read by the one thread that waits for them.

What may live here: sending on such a connection and reading what comes, without ever blocking on one of them. So one
slow answer holds up no other, and a server that drips bytes, or never stops sending, cannot hold us beyond the time
given. New connections, second tries and pauses are the business of `transport` and `conversation`, in threads.
"""

from __future__ import annotations

import math
import select
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httptools
import requests
import urllib3
from urllib3.connection import HTTPConnection

from cds_service.fhir_client.answer import Answer, decoded
from cds_service.fhir_client.terms import LATE, TOO_LARGE, FhirError

_CHUNK = 131_072
_LARGEST_HEAD = 262_144
_READS_AT_A_TIME = 8
"""Then the others get their turn and the clock is looked at. One read takes more than a TLS record holds."""
_FRAMING = 4
"""How many times its content an answer may be: in small pieces, each with its length, it grows a little."""
_WANTED = frozenset({b"retry-after", b"content-encoding", b"content-length", b"transfer-encoding"})
_BROKEN = (
    OSError,
    httptools.HttpParserError,
    httptools.HttpParserUpgrade,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
)
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class ConnectionLostError(Exception):
    """What came on this connection is no answer; asking again on a new one may bring it."""


class Pool(Protocol):
    """The connections to one server that are kept open."""

    def take_open(self) -> HTTPConnection | None:
        """A connection that is open and idle, or None when there is none at hand. Give it back in the end."""
        ...

    def give_back(self, connection: HTTPConnection) -> None:
        """Take it back, open for another request or closed."""
        ...


class OpenRequest(requests.PreparedRequest):
    """A request for a connection that is open already; `target` is what stands in the request line."""

    def __init__(self, method: str, url: str, target: str, headers: Any, body: bytes | None, coming: Coming) -> None:
        super().__init__()
        self.method, self.url, self.headers, self.body = method, url, headers, body
        self.target, self.coming = target, coming


class Coming:
    """One answer on its way. The connection goes back to its pool when the answer is whole, else it is closed."""

    def __init__(self, connection: HTTPConnection, pool: Pool, host: str, max_bytes: int) -> None:
        self._connection, self._pool, self._host, self._max_bytes = connection, pool, host, max_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_bytes = self._received = self._status = 0
        self._in_body = self._is_whole = self._is_spoilt = False

    def urlopen(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **_: object) -> Coming:
        """Send the request; this is what a requests adapter calls. OSError when it does not leave in one go."""
        lines = [f"{method} {url} HTTP/1.1", f"Host: {self._host}", *(f"{name}: {headers[name]}" for name in headers)]
        data = "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")
        sock = self._connection.sock
        sock.settimeout(0)
        if sock.send(data) != len(data):
            raise BrokenPipeError
        return self

    def fileno(self) -> int:
        """What to wait on."""
        return self._connection.sock.fileno()

    def read(self) -> Answer | None:
        """What has come so far: the whole answer, or None. FhirError when too large, ConnectionLostError if broken."""
        try:
            for _ in range(_READS_AT_A_TIME):
                data = self._connection.sock.recv(_CHUNK)
                if data:
                    self._feed(data)
                else:
                    self._end()
                if self._is_whole:
                    break
            else:
                return None
            answer = Answer(self._status, self._headers, bytes(self._body))
            if self._status == 200:
                answer = decoded(answer, self._max_bytes)
        except _NOT_YET:
            return None
        except FhirError:
            self.drop()
            raise
        except _BROKEN:
            self.drop()
            raise ConnectionLostError from None
        if self._is_spoilt:
            self._connection.close()
        self._let_go()
        return answer

    def drop(self) -> None:
        """Hang up: nothing more is wanted of this connection."""
        self._connection.close()
        self._let_go()

    def _let_go(self) -> None:
        self._pool.give_back(self._connection)
        # The parser holds us and we it: left so, what was read would stay until the collector comes by.
        del self._parser

    def _feed(self, data: bytes) -> None:
        self._received += len(data)
        # What is between the pieces of a body, or after it, is no body and still has to end.
        if self._received > _FRAMING * self._max_bytes + _LARGEST_HEAD:
            raise FhirError(TOO_LARGE)
        if not self._in_body:
            self._head_bytes += len(data)
        self._parser.feed_data(data)
        if len(self._body) > self._max_bytes:
            raise FhirError(TOO_LARGE)
        if not self._in_body and self._head_bytes > _LARGEST_HEAD:
            raise ConnectionAbortedError
        if self._in_body and self._status != 200 and not self._is_whole:
            # Nothing of its body is used, so none of it is waited for.
            self._is_whole = self._is_spoilt = True

    def _end(self) -> None:
        """The server hung up: the end of an answer that says no length, a broken one else."""
        if not self._in_body or self._headers.keys() & {"content-length", "transfer-encoding"}:
            raise ConnectionResetError
        self._is_whole = self._is_spoilt = True

    def on_message_begin(self) -> None:
        """Called by the parser; a second answer to one request spoils the connection."""
        self._is_spoilt = self._is_spoilt or self._is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser for each header."""
        if not self._is_whole and (lower := name.lower()) in _WANTED:
            self._headers[lower.decode("ascii")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        if not self._is_whole:
            self._status = self._parser.get_status_code()
            self._in_body = self._status >= 200

    def on_body(self, body: bytes) -> None:
        """Called by the parser for each piece."""
        if not self._is_whole:
            self._body += body

    def on_message_complete(self) -> None:
        """Called by the parser; an interim answer (100 Continue) is none."""
        if self._is_whole:
            return
        self._is_whole = self._in_body
        self._is_spoilt = not self._parser.should_keep_alive()
        if not self._is_whole:
            self._headers.clear()


Heard = Callable[[Answer | FhirError | ConnectionLostError], None]


class OpenAnswers:
    """All answers on their way to one caller, each with what is to be done when it is there."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._coming: dict[int, tuple[Coming, Heard]] = {}

    def __len__(self) -> int:
        return len(self._coming)

    def add(self, coming: Coming, heard: Heard) -> None:
        """Listen to this one too."""
        self._coming[coming.fileno()] = (coming, heard)
        self._poll.register(coming.fileno(), select.POLLIN)

    def listen(self, seconds: float) -> None:
        """Wait until something comes, no longer than this, and hand over every answer that is whole."""
        for number, _ in self._poll.poll(math.ceil(seconds * 1000)):
            coming, heard = self._coming[number]
            outcome: Answer | FhirError | ConnectionLostError | None
            try:
                outcome = coming.read()
            except (FhirError, ConnectionLostError) as failure:
                outcome = failure
            if outcome is not None:
                self._forget(number)
                heard(outcome)

    def give_up(self) -> None:
        """Hang up on all that have not answered: they are late."""
        for number, (coming, heard) in list(self._coming.items()):
            self._forget(number)
            coming.drop()
            heard(FhirError(LATE))

    def _forget(self, number: int) -> None:
        self._poll.unregister(number)
        del self._coming[number]
