"""Asking the caller's FHIR server: one pooled session per worker, the token, pages, one total deadline.

What may live here: GET requests to a FHIR server that is allowed, and every bound that keeps such a server from
holding us up or leading us elsewhere. What the resources mean is decided in `fhir_mappings`. Nothing is logged here:
addresses carry patient ids.
"""

from __future__ import annotations

import http.client
import io
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar, cast
from urllib.parse import urljoin

import orjson
import requests
import urllib3
import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from cds_service.bundles import (
    REPORTED_ERROR,
    JsonObject,
    bundle_problem,
    bundle_resources,
    match_count,
    next_link,
    reports_error,
    total,
)
from cds_service.settings import normal_url

T = TypeVar("T")
Past = Callable[[Sequence[JsonObject]], bool]

LATE = "the FHIR server did not answer in time"
UNREACHABLE = "the FHIR server could not be reached"
NOT_SECURE = "no secure connection to the FHIR server could be made"
NOT_FHIR = "the answer was not FHIR JSON"
OTHER_RESOURCE = "the answer was not the resource asked for"
NOT_ALLOWED = "the FHIR server is not on the allow-list"
NOT_A_SERVER = "the FHIR server's address is not a plain http(s) URL"
BAD_PATH = "the address of the resource cannot be used"
BAD_TOKEN = "the access token cannot be sent"  # noqa: S105 (a sentence, not a token)
TOO_LARGE = "the answer was larger than the limit"
ELSEWHERE = "a next page lies on another server"
REPEATED = "the FHIR server sent the same next page twice"
TOO_MANY_PAGES = "there were more pages than the limit"
TOO_FEW = "the FHIR server sent fewer resources than it counted"

_CHUNK = 65_536
_PAUSE_SECONDS = 0.05
_VISIBLE_ASCII = re.compile("[!-~]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a FHIR server may ask of us. `max_bytes` is per answer, `deadline_seconds` for all of them together."""

    deadline_seconds: float = 1.5
    max_pages: int = 10
    max_bytes: int = 20_000_000
    pool_size: int = 32


class FhirError(Exception):
    """The FHIR server could not be asked or did not answer. `reason` is fit for a card: no patient data, no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _PassingError(FhirError):
    """A failure that may be over soon. `pause` is how many seconds to wait, None when the server forbids it."""

    def __init__(self, reason: str, pause: float | None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass(frozen=True, slots=True)
class FhirServer:
    """The server of one hook request and the token that opens it; both end with that request."""

    base: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search brought. When not `complete`, `reason` says why more may exist that we have not seen."""

    resources: list[JsonObject]
    complete: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The one moment at which all waiting for FHIR servers ends, on the given clock (seconds, monotonic).

    Reading stops `margin` seconds before, so that the pages already read can still be handed over.
    """

    ends_at: float
    margin: float
    clock: Callable[[], float]

    def remaining(self) -> float:
        """Seconds that may still be waited, never below 0."""
        return max(0.0, self.ends_at - self.clock())

    def reading(self) -> float:
        """Seconds that may still be spent on the network, never below 0."""
        return max(0.0, self.ends_at - self.margin - self.clock())


def answer_of(future: Future[T], deadline: Deadline) -> T:
    """What was asked for, waiting for it no longer than the deadline. Raises FhirError."""
    try:
        return future.result(timeout=deadline.remaining())
    except (TimeoutError, CancelledError):
        future.cancel()
    raise FhirError(LATE)


class FhirClient:
    """Asks FHIR servers in parallel. Create it anywhere, use it only after the fork: threads and sockets come lazily.

    `is_allowed` decides by base URL whom we talk to; `trust_environment` admits proxies and certificate authorities
    from the environment. Every `submit_…` returns at once; failures and refusals come out of `answer_of` as
    FhirError.
    """

    def __init__(
        self,
        limits: Limits,
        is_allowed: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        trust_environment: bool = False,
    ) -> None:
        self._limits = limits
        self._is_allowed = is_allowed
        self._clock = clock
        self._trust_environment = trust_environment
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._session: requests.Session | None = None

    def deadline(self) -> Deadline:
        """Start the total deadline of one hook request."""
        seconds = self._limits.deadline_seconds
        return Deadline(self._clock() + seconds, min(0.1, seconds / 5), self._clock)

    def submit_read(self, server: FhirServer, path: str, deadline: Deadline) -> Future[JsonObject]:
        """Read one resource: `path` is its type and id ("Patient/1"), relative to the base."""
        return self._submit(server, partial(self._read, path=path, deadline=deadline))

    def submit_search(
        self,
        server: FhirServer,
        path_and_query: str,
        deadline: Deadline,
        *,
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> Future[SearchResult]:
        """Search ("Observation?patient=1&…") and follow the next links.

        `past` sees the resources of each page; True means that the rest is older than we look back, and the result is
        complete. `first` is a first page that the client sent along: it is not asked for again, its resources come
        first in the result, and only its further pages are fetched (`path_and_query` may then be empty). A failure
        before there is a first page raises; a later one, or a limit, makes the result incomplete.
        """
        search = partial(self._search, path=path_and_query, deadline=deadline, past=past, first=first)
        return self._submit(server, search)

    def close(self) -> None:
        """Let go of threads and connections; calls under way end by their own deadline."""
        with self._lock:
            threads, self._threads = self._threads, None
            session, self._session = self._session, None
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)
        if session is not None:
            session.close()

    def _submit(self, server: FhirServer, work: Callable[[FhirServer, requests.Session], T]) -> Future[T]:
        try:
            checked = _checked(server, self._is_allowed)
        except FhirError as refusal:
            refused: Future[T] = Future()
            refused.set_exception(refusal)
            return refused
        with self._lock:
            if self._threads is None or self._session is None:
                self._threads = ThreadPoolExecutor(self._limits.pool_size, "fhir")
                self._session = new_session(self._limits.pool_size, self._trust_environment)
            return self._threads.submit(work, checked, self._session)

    def _read(self, server: FhirServer, session: requests.Session, path: str, deadline: Deadline) -> JsonObject:
        resource = self._get(server, session, _address(server, path), deadline)
        if resource["resourceType"] != path.strip("/").split("/")[0]:
            raise FhirError(OTHER_RESOURCE)
        return resource

    def _search(
        self,
        server: FhirServer,
        session: requests.Session,
        path: str,
        deadline: Deadline,
        past: Past | None,
        first: Mapping[str, Any] | None,
    ) -> SearchResult:
        resources: list[JsonObject] = []
        pages = matches = counted = 0
        try:
            for page in self._pages(server, session, path, deadline, first):
                pages, matches, counted = pages + 1, matches + match_count(page), max(counted, total(page))
                found = bundle_resources(page)
                resources += found
                if past is not None and past(found):
                    return SearchResult(resources)
        except FhirError as error:
            if not pages:
                raise
            return SearchResult(resources, False, error.reason)
        return SearchResult(resources, False, TOO_FEW) if counted > matches else SearchResult(resources)

    def _pages(
        self,
        server: FhirServer,
        session: requests.Session,
        path: str,
        deadline: Deadline,
        first: Mapping[str, Any] | None,
    ) -> Iterator[Mapping[str, Any]]:
        url = _address(server, path) if path or first is None else server.base
        seen = {url}
        for number in range(self._limits.max_pages):
            sent_along = first if number == 0 else None
            page = self._get(server, session, url, deadline) if sent_along is None else sent_along
            if problem := bundle_problem(page):
                raise FhirError(problem)
            yield page
            link = next_link(page)
            if link is None:
                return
            url = _next_address(server, url, link)
            if url in seen:
                raise FhirError(REPEATED)
            seen.add(url)
        raise FhirError(TOO_MANY_PAGES)

    def _get(self, server: FhirServer, session: requests.Session, url: str, deadline: Deadline) -> JsonObject:
        """One JSON resource. A failure that may be over soon is tried once more when the deadline allows."""
        try:
            return _get_once(server, session, url, deadline, self._limits.max_bytes)
        except _PassingError as failure:
            if failure.pause is None or failure.pause >= deadline.reading():
                raise
            pause = failure.pause
        time.sleep(pause)
        return _get_once(server, session, url, deadline, self._limits.max_bytes)


def _checked(server: FhirServer, is_allowed: Callable[[str], bool]) -> FhirServer:
    base = normal_url(server.base)
    if base is None:
        raise FhirError(NOT_A_SERVER)
    if not is_allowed(base):
        raise FhirError(NOT_ALLOWED)
    if server.token is not None and not _VISIBLE_ASCII.fullmatch(server.token):
        raise FhirError(BAD_TOKEN)
    return FhirServer(base.rstrip("/"), server.token)


def _address(server: FhirServer, path_and_query: str) -> str:
    address = _under_base(server, f"{server.base}/{path_and_query.lstrip('/')}")
    if address is None:
        raise FhirError(BAD_PATH)
    return address


def _next_address(server: FhirServer, page_url: str, link: str) -> str:
    """Where a next link leads. FHIR's relative links start at the base, a bare query at the page that holds it."""
    try:
        address = _under_base(server, urljoin(page_url if link.startswith("?") else f"{server.base}/", link))
    except ValueError:
        address = None
    if address is None:
        raise FhirError(ELSEWHERE)
    return address


def _under_base(server: FhirServer, url: str) -> str | None:
    """This address in canonical form when it is the base or below it, else None: the token goes nowhere else."""
    place, mark, query = url.partition("?")
    normal = normal_url(place)
    if normal is None or "#" in query or not f"{normal}/".startswith(f"{server.base}/"):
        return None
    return f"{normal}{mark}{query}"


def _get_once(
    server: FhirServer, session: requests.Session, url: str, deadline: Deadline, max_bytes: int
) -> JsonObject:
    headers = {"Authorization": f"Bearer {server.token}"} if server.token is not None else {}
    left = deadline.reading()
    if left <= 0:
        raise FhirError(LATE)
    # requests takes a urllib3 Timeout too, though its stubs do not say so; only that has a total.
    timeout = cast(Any, urllib3.Timeout(total=left))
    try:
        with session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False) as answer:
            if answer.status_code in (429, 503):
                raise _PassingError(_answered(answer), _pause_asked_for(answer))
            if answer.status_code != 200:
                raise FhirError(_answered(answer))
            body = _read_body(answer, max_bytes)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        failure = _failure(error, deadline)
    else:
        return _fhir_json(body)
    # Raised out here so that the exception carries no address along.
    raise failure


def _failure(error: Exception, deadline: Deadline) -> FhirError:
    if isinstance(error, requests.Timeout) or deadline.reading() <= 0:
        return FhirError(LATE)
    if isinstance(error, requests.exceptions.SSLError):
        return FhirError(NOT_SECURE)
    return _PassingError(UNREACHABLE, _PAUSE_SECONDS)


def _answered(answer: requests.Response) -> str:
    return f"the FHIR server answered {answer.status_code}"


def _pause_asked_for(answer: requests.Response) -> float | None:
    """Retry-After in seconds. A calendar date there is not followed: our deadlines are shorter than its steps."""
    asked = answer.headers.get("Retry-After")
    if asked is None:
        return _PAUSE_SECONDS
    return float(asked) if re.fullmatch("[0-9]{1,9}", asked.strip()) else None


def _read_body(answer: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise FhirError(TOO_LARGE)
    return bytes(body)


def _fhir_json(body: bytes) -> JsonObject:
    """The resource in this body. What the server calls it (Content-Type) proves nothing and is not looked at."""
    try:
        resource = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        resource = None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise FhirError(NOT_FHIR)
    if reports_error(resource):
        raise FhirError(REPORTED_ERROR)
    return cast(JsonObject, resource)


class _Session(requests.Session):
    """A session that never looks where a redirect points; with `allow_redirects` off, requests would still read it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def new_session(pool_size: int, trust_environment: bool) -> requests.Session:
    """A session whose timeouts bound a whole answer, without cookies, logins, retries or a look at redirects."""
    # urllib3 writes request addresses into its logs, and those hold patient ids.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    session = _Session()
    session.trust_env = trust_environment
    # Without a login of our own, requests would let ~/.netrc replace the token.
    session.auth = _no_login
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/fhir+json", "User-Agent": "calciphylaxis-cds"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0))
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class _Adapter(HTTPAdapter):
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
        for *_, address in found:
            try:
                sock = urllib3.util.connection.create_connection(
                    (str(address[0]), int(address[1])), _left(ends_at), self.source_address, self.socket_options
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
