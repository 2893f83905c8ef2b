"""One request and its answer on an easy handle of libcurl, and every bound that libcurl keeps for it.

What may live here: the options of libcurl and the callbacks that count what comes. No waiting: that is done in
`connections`. Nothing is logged here: addresses carry patient ids.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import pycurl

from cds_service.fhir_client.answer import PAUSE_SECONDS, HttpAnswer
from cds_service.fhir_client.terms import (
    LATE,
    NOT_FHIR,
    NOT_SECURE,
    TOO_LARGE,
    TOO_LARGE_TOGETHER,
    UNREACHABLE,
    Deadline,
    FhirError,
    PassingError,
)

KEPT_SECONDS = 15
"""How long a connection is kept without use."""
_LONGEST_LIFE_SECONDS = 120
"""How long a connection is used at most, so that a new address or certificate of the server is seen."""
_READ_AT_A_TIME = 131_072
_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})\b")
_TELLING = b"RrCc\r\n"
"""How the lines of a head begin that are looked at."""
_SWITCHING = 101
_WITHOUT_MORE = frozenset({200, 204, 304})
"""Statuses after which the connection can be kept: the body is read, or there is none."""
_INSECURE = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Network:
    """How servers are reached: who vouches for their certificates, and whether the environment names proxies."""

    certificates: str
    proxies_from_environment: bool


def network(trust_environment: bool) -> Network:
    """The proxies and certificate authorities of the environment where it is trusted, else none and the usual ones."""
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    named = [os.environ[name] for name in names if os.environ.get(name)] if trust_environment else []
    return Network(named[0] if named else certifi.where(), trust_environment)


@dataclass(slots=True)
class Allowance:
    """What one call may still receive: `left` bytes, unpacked, before its deadline; `max_bytes` in one answer."""

    deadline: Deadline
    max_bytes: int
    left: int

    def problem(self, received: int, more: int) -> str | None:
        """Why an answer of which so much had come is not read further now that more comes; None when it is."""
        self.left -= more
        if received + more > self.max_bytes:
            return TOO_LARGE
        if self.left < 0:
            return TOO_LARGE_TOGETHER
        # Unpacking goes on for as long as there is something to unpack, and we are asked between its pieces only.
        return LATE if self.deadline.reading() <= 0 else None


@dataclass(frozen=True, slots=True)
class Request:
    """A request: a POST where it has a body, else a GET. `headers` may hold a token."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    on_new_connection: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a request: an answer, or why there is none.

    `on_kept` says that an older connection was used, `was_unasked` that something lay on it before the request had
    left; `in_streams` is HTTP/2, where an answer names its request.
    """

    outcome: HttpAnswer | FhirError
    on_kept: bool
    was_unasked: bool
    in_streams: bool


class Transfer:
    """An easy handle with what is received on it; used for one request after another."""

    def __init__(self, network: Network) -> None:
        self.easy = pycurl.Curl()
        self._body = bytearray()
        self._allowance: Allowance | None = None
        self.forget()
        _set_bounds(self.easy, network)
        self.easy.setopt(pycurl.HEADERFUNCTION, self._take_header)
        self.easy.setopt(pycurl.WRITEFUNCTION, self._take_body)
        self.easy.setopt(pycurl.PREREQFUNCTION, self._may_be_sent)

    def prepare(self, request: Request, allowance: Allowance, may_use_kept: bool) -> None:
        """Make ready to send this."""
        self._allowance = allowance
        # Without encryption nothing is hidden from the look at the sockets. With it, the rest of a record may lie in
        # OpenSSL, where only the next request finds it: what is there before the request has left is not its answer.
        self._is_leaving = request.url.startswith("https:") and not request.on_new_connection
        easy = self.easy
        easy.setopt(pycurl.URL, request.url)
        easy.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in request.headers.items()])
        if request.body is None:
            easy.setopt(pycurl.HTTPGET, 1)
        else:
            easy.setopt(pycurl.POSTFIELDS, request.body)
        easy.setopt(pycurl.FRESH_CONNECT, request.on_new_connection or not may_use_kept)
        # libcurl shares it out among the addresses of a name; for the whole of it the caller has a clock of its own.
        easy.setopt(pycurl.TIMEOUT_MS, max(1, int(allowance.deadline.reading() * 1000)))

    def has_left(self) -> None:
        """The request is on its way; what comes from now on may be its answer."""
        self._is_leaving = False

    def received(self, code: int) -> Received:
        """What has come, now that libcurl has ended with this code."""
        on_kept = self.easy.getinfo(pycurl.NUM_CONNECTS) == 0
        in_streams = self.easy.getinfo(pycurl.INFO_HTTP_VERSION) >= pycurl.CURL_HTTP_VERSION_2_0
        return Received(self._outcome(code), on_kept, self._is_unasked, in_streams)

    def forget(self) -> None:
        """Keep nothing of the last request."""
        self._allowance = None
        self._body = bytearray()
        self._status = self._codings = 0
        self._problem = ""
        self._retry_after: str | None = None
        self._is_sent = self._is_leaving = self._is_unasked = self._is_dead = self._is_empty = False

    def close(self) -> None:
        """Never used again."""
        self.easy.close()

    def _outcome(self, code: int) -> HttpAnswer | FhirError:
        if self._problem:
            return FhirError(self._problem)
        if self._is_unasked or self._is_dead:
            return PassingError(UNREACHABLE, 0.0)
        if code == pycurl.E_OK or (self._status > 200 and code == pycurl.E_WRITE_ERROR):
            return HttpAnswer(self._status, self._retry_after, self._body)
        if code == pycurl.E_OPERATION_TIMEDOUT or (self._allowance and self._allowance.deadline.reading() <= 0):
            return FhirError(LATE)
        return FhirError(NOT_SECURE) if code in _INSECURE else PassingError(UNREACHABLE, PAUSE_SECONDS)

    def _may_be_sent(self, *_: object) -> int:
        """Called by libcurl before it sends the request.

        Where a kept connection turns out to be dead, libcurl would try one kept connection after another.
        """
        self._is_dead, self._is_sent = self._is_sent, True
        return int(pycurl.PREREQFUNC_ABORT if self._is_dead else pycurl.PREREQFUNC_OK)

    def _take_header(self, line: bytes) -> int:
        """Called by libcurl for each line, those of interim answers too; 0 ends the transfer."""
        if line.startswith(b"HTTP/") and (found := _STATUS_LINE.match(line)):
            self._is_unasked = self._is_leaving and line.startswith(b"HTTP/1")
            if self._is_unasked:
                return 0
            self._status, self._retry_after, self._codings, self._is_empty = int(found[1]), None, 0, False
            return len(line)
        if line[:1] not in _TELLING:
            return len(line)
        name, _, value = line.partition(b":")
        match name.lower():
            case b"retry-after":
                self._retry_after = value.strip().decode("latin-1")
            case b"content-encoding":
                self._codings += 1 + value.count(b",")
            case b"content-length":
                self._is_empty = value.strip() == b"0"
            case b"\r\n" | b"\n" if self._status >= 200 or self._status == _SWITCHING:
                return len(line) if self._is_read_on() else 0
        return len(line)

    def _is_read_on(self) -> bool:
        """At the end of a head: of an answer that we do not use no body is waited for, and none is unpacked twice.

        What is packed several times may unpack to very much in between, where nobody counts it.
        """
        if self._status == 200 and self._codings > 1:
            self._problem = NOT_FHIR
        return not self._problem and (self._status in _WITHOUT_MORE or (self._is_empty and self._status > 200))

    def _take_body(self, piece: bytes) -> int:
        """Called by libcurl for each piece, unpacked; 0 ends the transfer."""
        problem = self._allowance.problem(len(self._body), len(piece)) if self._allowance else LATE
        if problem is not None:
            self._problem = problem
            return 0
        self._body += piece
        return len(piece)


def _set_bounds(easy: pycurl.Curl, network: Network) -> None:
    """What no server may make us do."""
    easy.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    easy.setopt(pycurl.FOLLOWLOCATION, 0)
    easy.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
    easy.setopt(pycurl.HTTP09_ALLOWED, 0)
    easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    easy.setopt(pycurl.SSL_VERIFYPEER, 1)
    easy.setopt(pycurl.SSL_VERIFYHOST, 2)
    easy.setopt(pycurl.CAPATH if Path(network.certificates).is_dir() else pycurl.CAINFO, network.certificates)
    if not network.proxies_from_environment:
        easy.setopt(pycurl.PROXY, "")
    easy.setopt(pycurl.PATH_AS_IS, 1)
    easy.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate")
    easy.setopt(pycurl.BUFFERSIZE, _READ_AT_A_TIME)
    easy.setopt(pycurl.NOSIGNAL, 1)
    easy.setopt(pycurl.MAXAGE_CONN, KEPT_SECONDS)
    easy.setopt(pycurl.MAXLIFETIME_CONN, _LONGEST_LIFE_SECONDS)
