"""One request and its answer on an easy handle of libcurl, and every bound that libcurl keeps for it.

What may live here: the options of libcurl, and what its results mean. No waiting: that is done in
`connections`. Nothing is logged here: addresses carry patient ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import pycurl

from cds_service.fhir_client.answer import PAUSE_SECONDS, HttpAnswer
from cds_service.fhir_client.terms import LATE, NOT_SECURE, UNREACHABLE, Deadline, FhirError, PassingError
from cds_service.fhir_client.unpacking import Allowance, Body

KEPT_SECONDS = 15
"""How long a connection is kept without use."""
_LONGEST_LIFE_SECONDS = 120
"""How long a connection is used at most, so that a new address or certificate of the server is seen."""
_READ_AT_A_TIME = 131_072
_REFUSED = frozenset({pycurl.E_HTTP_RETURNED_ERROR, pycurl.E_WRITE_ERROR})
"""How libcurl ends an answer of which we do not want the body."""
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


@dataclass(frozen=True, slots=True)
class Request:
    """A request: a POST where it has a body, else a GET. `headers` are whole lines; one may hold a token."""

    url: str = field(repr=False)
    headers: Sequence[str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    on_new_connection: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a request: an answer, or why there is none.

    `on_kept` says that an older connection was used; `in_streams` is HTTP/2, where an answer names its request.
    `seconds` is how long it took.
    """

    outcome: HttpAnswer | FhirError
    on_kept: bool
    in_streams: bool
    seconds: float = 0.0


class Transfer:
    """An easy handle with what is received on it; used for one request after another.

    libcurl calls us for pieces of a body only: with each call back a thread waits for its turn among all the others.
    """

    def __init__(self, network: Network, on_begun: Callable[[Transfer], None]) -> None:
        self.easy = pycurl.Curl()
        self._on_begun = on_begun
        self._body: Body | None = None
        self._deadline: Deadline | None = None
        self._needs_new_connection = self._is_encrypted = self._may_hide_something = self._is_unasked = False
        _set_bounds(self.easy, network)
        self.easy.setopt(pycurl.WRITEFUNCTION, self._take)

    def prepare(self, request: Request, allowance: Allowance) -> None:
        """Make ready to send this."""
        self._body, self._deadline = Body(allowance), allowance.deadline
        self._needs_new_connection = request.on_new_connection
        self._is_encrypted = request.url.startswith("https:")
        self._may_hide_something = self._is_unasked = False
        easy = self.easy
        easy.setopt(pycurl.URL, request.url)
        easy.setopt(pycurl.HTTPHEADER, request.headers)
        if request.body is None:
            easy.setopt(pycurl.HTTPGET, 1)
        else:
            easy.setopt(pycurl.POSTFIELDS, request.body)
        # libcurl shares it out among the addresses of a name; for the whole of it the caller has a clock of its own.
        easy.setopt(pycurl.TIMEOUT_MS, max(1, int(allowance.deadline.reading() * 1000)))

    def choose_connection(self, *, may_use_kept: bool) -> None:
        """Called right before it is sent."""
        is_on_kept = may_use_kept and not self._needs_new_connection
        # Without encryption nothing is hidden from the look at the sockets. With it, the rest of a record may lie in
        # OpenSSL, where only the next request finds it.
        self._may_hide_something = is_on_kept and self._is_encrypted
        self.easy.setopt(pycurl.FRESH_CONNECT, not is_on_kept)

    def finds_what_was_not_asked_for(self) -> bool:
        """Asked in the moment in which the request has left: has an answer begun? Then it was there before it."""
        self._is_unasked = self._may_hide_something and self._status() != 0 and not self._in_streams()
        return self._is_unasked

    def is_unwanted(self) -> bool:
        """Asked when a body has begun to come: of any other answer than 200 it is not waited for."""
        return self._status() != 200

    def received(self, code: int) -> Received:
        """What has come, now that libcurl has ended with this code."""
        on_kept = self.easy.getinfo(pycurl.NUM_CONNECTS) == 0
        return Received(self._outcome(code), on_kept, self._in_streams(), self.easy.getinfo(pycurl.TOTAL_TIME))

    def forget(self) -> None:
        """Keep nothing of the last request."""
        self._body = self._deadline = None

    def close(self) -> None:
        """Never used again."""
        self.easy.close()

    def _outcome(self, code: int) -> HttpAnswer | FhirError:
        if self._body is None or self._is_unasked:
            return PassingError(UNREACHABLE, 0.0)
        self._body.end()
        status = self._status()
        if self._body.problem is not None:
            return FhirError(self._body.problem)
        if code in _REFUSED and status > 200:
            return HttpAnswer(status, self.easy.getinfo(pycurl.RETRY_AFTER), b"")
        if code == pycurl.E_OK and status >= 200 and not self._body.is_broken:
            content_type = (self.easy.getinfo_raw(pycurl.CONTENT_TYPE) or b"").decode("latin-1")
            return HttpAnswer(status, self.easy.getinfo(pycurl.RETRY_AFTER), self._body.content, content_type)
        if code == pycurl.E_OPERATION_TIMEDOUT or (self._deadline and self._deadline.reading() <= 0):
            return FhirError(LATE)
        return FhirError(NOT_SECURE) if code in _INSECURE else PassingError(UNREACHABLE, PAUSE_SECONDS)

    def _status(self) -> int:
        return int(self.easy.getinfo(pycurl.RESPONSE_CODE))

    def _in_streams(self) -> bool:
        return bool(self.easy.getinfo(pycurl.INFO_HTTP_VERSION) >= pycurl.CURL_HTTP_VERSION_2_0)

    def _take(self, piece: bytes) -> int:
        """Called by libcurl for each piece of a body, when it cannot be asked for the status; 0 ends the transfer."""
        if self._body is None:
            return 0
        if not self._body.has_begun:
            self._on_begun(self)
        return len(piece) if self._body.take(piece) else 0


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
    # Of an answer that says no, the body is not waited for.
    easy.setopt(pycurl.FAILONERROR, 1)
    easy.setopt(pycurl.BUFFERSIZE, _READ_AT_A_TIME)
    easy.setopt(pycurl.NOSIGNAL, 1)
    easy.setopt(pycurl.MAXAGE_CONN, KEPT_SECONDS)
    easy.setopt(pycurl.MAXLIFETIME_CONN, _LONGEST_LIFE_SECONDS)
