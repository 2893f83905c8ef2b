"""One look-up on a FHIR server, step by step: which address is asked next, and what the answers amount to.

What may live here: reading one resource, following the pages of a search, and where a link may lead. How an address is
asked is decided in `talk`; nothing here opens a socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, TypeVar

from cds_service.addresses import below, joined, normal_url
from cds_service.fhir_client.asked import Asked
from cds_service.fhir_client.bundles import JsonObject, next_link, read_page, total
from cds_service.fhir_client.terms import (
    BAD_PATH,
    BAD_TOKEN,
    ELSEWHERE,
    LATE,
    NOT_A_SERVER,
    NOT_ALLOWED,
    REPEATED,
    TOO_FEW,
    TOO_MANY_PAGES,
    FhirError,
    FhirServer,
    Past,
    SearchResult,
)

T = TypeVar("T")
_VISIBLE_ASCII = re.compile("[!-~]+")
_LONGEST_LINK = 16_000
"""Python keeps the last addresses that it has taken apart, whatever their length."""
Steps = Generator[str, JsonObject, T]
"""Yields the address to ask next, is sent the resource there or thrown a FhirError, and returns what it brings."""


class LookUp(Generic[T]):
    """A look-up under way: `url` is what it asks for next; what it brought, or a FhirError, comes out of `result`.

    `body` is what is posted there, None to get it; `asked` knows which answers are those of another question. Where no
    answer could be told from that for another patient, `on_new_connection` is set.
    """

    __slots__ = ("_change", "_failure", "_result", "_steps", "asked", "body", "is_done", "on_new_connection", "url")

    def __init__(self, steps: Steps[T], asked: Asked | None = None, body: bytes | None = None) -> None:
        self._steps, self.asked, self.body = steps, asked, body
        self.on_new_connection = False
        self._result: tuple[T] | tuple[()] = ()
        self._failure: Exception | None = None
        self._change: Callable[[T], T] | None = None
        self.url, self.is_done = "", False
        self._go_on(lambda: next(self._steps))

    def objection(self, resource: JsonObject) -> str | None:
        """Why this resource answers another question than that asked at `url`, None when it may answer it."""
        return None if self.asked is None else self.asked.objection(resource)

    def take(self, resource: JsonObject) -> None:
        """This is what stands at `url`."""
        self._go_on(lambda: self._steps.send(resource))

    def fail(self, failure: Exception) -> None:
        """What stands at `url` could not be had."""
        self._go_on(lambda: self._steps.throw(failure))

    def change(self, change: Callable[[T], T]) -> None:
        """What it brings is to be changed in this way, whether it is there already or not."""
        self._change = change

    def result(self) -> T:
        """What it brought. Raises FhirError."""
        if isinstance(self._failure, FhirError):
            # A new one: that of the look-up would name the frames of the caller, and those name the look-up. This
            # reference cycle would keep the request in memory until garbage collection.
            raise self._failure.anew()
        if self._failure is not None:
            raise self._failure
        if not self._result:
            raise FhirError(LATE)
        return self._result[0] if self._change is None else self._change(self._result[0])

    def _go_on(self, step: Callable[[], str]) -> None:
        try:
            self.url = step()
        except StopIteration as end:
            self.is_done, self._result = True, (end.value,)
        except Exception as failure:
            # Without the frames it came through: they name it, and would be kept with all they have read.
            self.is_done, self._failure = True, failure.with_traceback(None)


def refused(reason: str) -> LookUp[Any]:
    """A look-up that asks nothing and has failed."""
    return LookUp(_refusing(reason))


def _refusing(reason: str) -> Steps[Any]:
    yield from ()
    raise FhirError(reason)


def as_it_is(url: str) -> Steps[JsonObject]:
    """Whatever resource is found at this address."""
    return (yield url)


def reading(server: FhirServer, path: str) -> Steps[JsonObject]:
    """One resource: `path` is its type and id ("Patient/1"), relative to the base."""
    return (yield _address(server, path))


def searching(
    server: FhirServer, path: str, max_pages: int, past: Past | None, first: Mapping[str, Any] | None
) -> Steps[SearchResult]:
    """A search and its next pages; see `Talk.search`."""
    found = _Found()
    url = _address(server, path) if path or first is None else server.base
    seen = {url}
    page: Mapping[str, Any] | None = first
    try:
        for _ in range(max_pages):
            page = (yield url) if page is None else page
            resources, link = found.add(page), next_link(page)
            # Dates are read only where it matters whether more may exist.
            if (link is not None or found.lacks_some) and past is not None and past(resources):
                return SearchResult(found.resources)
            if link is None:
                return found.result()
            url = _next_address(server, url, link)
            if url in seen:
                raise FhirError(REPEATED)
            seen.add(url)
            page = None
        raise FhirError(TOO_MANY_PAGES)
    except FhirError as failure:
        if not found.pages:
            raise
        return SearchResult(found.resources, False, failure.reason)


class _Found:
    """What the pages read so far hold."""

    def __init__(self) -> None:
        self.resources: list[JsonObject] = []
        self.pages = self._matches = self._counted = 0

    def add(self, page: Mapping[str, Any]) -> list[JsonObject]:
        """One more page; its resources. FhirError when it is no sound Bundle."""
        problem, resources, matches = read_page(page)
        if problem:
            raise FhirError(problem)
        self.pages += 1
        self._matches += matches
        self._counted = max(self._counted, total(page))
        self.resources += resources
        return resources

    @property
    def lacks_some(self) -> bool:
        """Has the server counted more matches than it sent?"""
        return self._counted > self._matches

    def result(self) -> SearchResult:
        """What all pages brought, when there are no more."""
        return SearchResult(self.resources, False, TOO_FEW) if self.lacks_some else SearchResult(self.resources)


def checked(server: FhirServer, is_allowed: Callable[[str], bool]) -> FhirServer:
    """The server in canonical form. FhirError when it must not be contacted, or its token cannot be sent."""
    base = normal_url(server.base)
    if base is None:
        raise FhirError(NOT_A_SERVER)
    if not is_allowed(base):
        raise FhirError(NOT_ALLOWED)
    if server.token is not None and not _VISIBLE_ASCII.fullmatch(server.token):
        raise FhirError(BAD_TOKEN)
    return FhirServer(base.rstrip("/"), server.token)


def _address(server: FhirServer, path_and_query: str) -> str:
    address = below(server.base, f"{server.base}/{path_and_query.lstrip('/')}")
    if address is None:
        raise FhirError(BAD_PATH)
    return address


def _next_address(server: FhirServer, page_url: str, link: str) -> str:
    """Where a next link leads. FHIR's relative links start at the base, a bare query at the page that holds it."""
    if len(link) > _LONGEST_LINK:
        raise FhirError(BAD_PATH)
    address = joined(page_url if link.startswith("?") else f"{server.base}/", link)
    address = below(server.base, address) if address is not None else None
    if address is None:
        raise FhirError(ELSEWHERE)
    return address
