"""One request to another server than a FHIR server, within bounds: key sets, SMART configurations, tokens.

What may live here: HTTP by `requests`, with one time limit for the whole answer and one for its size, and without
logins of the environment, redirects or cookies. Nothing is logged here: what is sent and answered may be secret.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import orjson
import requests
import urllib3
import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

MAX_BYTES = 500_000
"""Far more than any SMART configuration or token."""
_CHUNK = 65_536
_Send = Callable[[requests.Session, dict[str, Any]], requests.Response]


class NoAnswer(Exception):
    """There was no answer within the bounds. The text says why, without the address."""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back; `body` may hold a token."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any] | None:
        """The JSON object in the body, None where it holds none."""
        try:
            value = orjson.loads(self.body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Web:
    """How we reach other servers: seconds for each answer, and whether proxies of the environment are used."""

    seconds: float = 5.0
    trust_environment: bool = False

    def get(self, url: str, accept: str = "application/json", max_bytes: int = MAX_BYTES) -> WebAnswer:
        """Ask for this address. Raises NoAnswer."""
        return self._ask(lambda session, more: session.get(url, **more), {"Accept": accept}, max_bytes)

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> WebAnswer:
        """Send this form. Raises NoAnswer."""
        wanted = {"Accept": "application/json", **headers}
        return self._ask(lambda session, more: session.post(url, data=form, **more), wanted, MAX_BYTES)

    def _ask(self, send: _Send, headers: Mapping[str, str], max_bytes: int) -> WebAnswer:
        # requests takes a urllib3 Timeout too, though its stubs do not say so; only that has a total.
        timeout = cast(Any, urllib3.Timeout(total=self.seconds))
        more = {"headers": headers, "timeout": timeout, "stream": True, "allow_redirects": False}
        try:
            with _session(self.trust_environment) as session, send(session, more) as answer:
                return WebAnswer(answer.status_code, _body(answer, max_bytes))
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            problem = f"no answer ({type(error).__name__})"
        # Raised out here so that the exception carries no address along.
        raise NoAnswer(problem)


def _body(answer: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise NoAnswer("the answer was larger than the limit")
    return bytes(body)


def _session(trust_environment: bool) -> requests.Session:
    # urllib3 writes request addresses into its logs.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    session = _Session()
    session.trust_env = trust_environment
    # Without this function, requests would let ~/.netrc replace our login.
    session.auth = _no_login
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "calciphylaxis-cds"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _TimedAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class _Session(requests.Session):
    """A session that never looks where a redirect points; with `allow_redirects` off, requests would still read it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _TimedAdapter(HTTPAdapter):
    """An adapter whose timeouts bound a whole answer; those of requests bound each single read."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


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


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}
