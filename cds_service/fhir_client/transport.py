"""The ways to one FHIR server within one deadline: an open connection where there is one at hand, else a thread.

What may live here: sending one request and one more try of it. What is asked, and what an answer means for a look-up,
is decided in `conversation`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, urlsplit

import requests
import urllib3

from cds_service.fhir_client.answer import PAUSE_SECONDS, read_whole, resource_of
from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.open_answers import Coming, OpenRequest, Pool
from cds_service.fhir_client.session import Session
from cds_service.fhir_client.terms import LATE, NOT_SECURE, UNREACHABLE, Deadline, FhirError, FhirServer, PassingError

# What requests leaves as it is in an address.
_SAFE = "!#$%&'()*+,/:;=?@[]~"


class Transport:
    """Sends requests to one server, each with its token. A request with a body is a POST, one without a GET."""

    def __init__(
        self, server: FhirServer, deadline: Deadline, session: Session, threads: ThreadPoolExecutor, max_bytes: int
    ) -> None:
        self.server = server
        self.deadline = deadline
        self._session = session
        self._threads = threads
        self._max_bytes = max_bytes
        self._headers = {"Authorization": f"Bearer {server.token}"} if server.token is not None else {}

    def send(self, url: str, body: bytes | None = None) -> Coming | None:
        """Send this on an open connection, without waiting; None when there is none or it turns out to be closed."""
        connection = self._pool.take_open() if self._pool is not None else None
        if connection is None or self._pool is None:
            return None
        coming = Coming(connection, self._pool, self._host, self._max_bytes)
        headers = self._open_headers if body is None else {**self._open_headers, **_of(body)}
        target = quote(url[len(self._origin) :], safe=_SAFE) or "/"
        request = OpenRequest("GET" if body is None else "POST", url, target, headers, body, coming)
        try:
            response: Any = self._session.timed_adapter.send(request, stream=True)
        except requests.RequestException:
            response = None
        if isinstance(response, Coming):
            return response
        coming.drop()
        return None

    def in_thread(self, work: Callable[[], object]) -> None:
        """Do this in a thread, as soon as one is free. FhirError when the client was closed meanwhile."""
        try:
            self._threads.submit(work)
        except RuntimeError:
            raise FhirError(UNREACHABLE) from None

    def fetch(self, url: str, body: bytes | None = None) -> JsonObject:
        """Ask and wait. A failure that may be over soon is tried once more when the deadline allows."""
        try:
            return self.fetch_once(url, body)
        except PassingError as failure:
            self.pause(failure)
        return self.fetch_once(url, body)

    def pause(self, failure: PassingError) -> None:
        """Wait as long as was asked for. Raises the failure when there is no time for that."""
        if failure.pause is None or failure.pause >= self.deadline.reading():
            raise failure
        time.sleep(failure.pause)

    def fetch_once(self, url: str, body: bytes | None = None) -> JsonObject:
        """Ask and wait, with no second try. Raises FhirError, PassingError where another try may help."""
        left = self.deadline.reading()
        if left <= 0:
            raise FhirError(LATE)
        # requests takes a urllib3 Timeout too, though its stubs do not say so; only that has a total.
        how: Any = {"timeout": urllib3.Timeout(total=left), "stream": True, "allow_redirects": False}
        headers = self._headers if body is None else {**self._headers, **_of(body)}
        try:
            with self._session.request(
                "GET" if body is None else "POST", url, headers=headers, data=body, **how
            ) as response:
                answer = read_whole(response, self._max_bytes)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = self._failure(error)
            _let_go(error)
        else:
            return resource_of(answer)
        try:
            # Raised out here so that the exception carries no address along.
            raise failure
        finally:
            del failure

    def _failure(self, error: Exception) -> FhirError:
        if isinstance(error, requests.Timeout) or self.deadline.reading() <= 0:
            return FhirError(LATE)
        if isinstance(error, requests.exceptions.SSLError):
            return FhirError(NOT_SECURE)
        return PassingError(UNREACHABLE, PAUSE_SECONDS)

    @cached_property
    def _pool(self) -> Pool | None:
        return self._session.pool_of(self._origin)

    @cached_property
    def _host(self) -> str:
        return urlsplit(self.server.base).netloc

    @cached_property
    def _origin(self) -> str:
        return f"{urlsplit(self.server.base).scheme}://{self._host}"

    @cached_property
    def _open_headers(self) -> dict[str, str]:
        return {**cast("dict[str, str]", dict(self._session.headers)), **self._headers}


def _let_go(error: BaseException | None) -> None:
    """Empty the frames an exception left: urllib3 names it in one of them, a circle that keeps all we have read."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _of(body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/fhir+json", "Content-Length": str(len(body))}
