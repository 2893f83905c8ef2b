"""One look-up on a FHIR server, step by step: which address is asked next, and what the answers amount to.

What may live here: reading one resource, following the pages of a search, and where a link may lead. How an address is
asked is decided in `conversation`; nothing here opens a socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from cds_service.addresses import below, joined, normal_url
from cds_service.fhir_client.bundles import JsonObject, bundle_problem, bundle_resources, match_count, next_link, total
from cds_service.fhir_client.terms import (
    BAD_PATH,
    BAD_TOKEN,
    ELSEWHERE,
    NOT_A_SERVER,
    NOT_ALLOWED,
    OTHER_RESOURCE,
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
    """A look-up under way: `url` is what it asks for next, `answer` what it brought (or a FhirError).

    `body` is what is posted there, None to get it.
    """

    def __init__(self, steps: Steps[T], body: bytes | None = None) -> None:
        self._steps = steps
        self.url = ""
        self.body = body
        self.answer: Future[T] = Future()

    def start(self) -> None:
        """Find out what is asked first."""
        self._go_on(lambda: next(self._steps))

    @property
    def is_done(self) -> bool:
        """Nothing is left to ask."""
        return self.answer.done()

    def take(self, resource: JsonObject) -> None:
        """This is what stands at `url`."""
        self._go_on(lambda: self._steps.send(resource))

    def fail(self, failure: Exception) -> None:
        """What stands at `url` could not be had."""
        self._go_on(lambda: self._steps.throw(failure))

    def _go_on(self, step: Callable[[], str]) -> None:
        try:
            self.url = step()
        except StopIteration as end:
            self.answer.set_result(end.value)
        except Exception as failure:
            # Without the frames it came through: they name it, and would be kept with all they have read.
            self.answer.set_exception(failure.with_traceback(None))


def as_it_is(url: str) -> Steps[JsonObject]:
    """Whatever resource is found at this address."""
    return (yield url)


def reading(server: FhirServer, path: str) -> Steps[JsonObject]:
    """One resource: `path` is its type and id ("Patient/1"), relative to the base."""
    resource = yield _address(server, path)
    if resource["resourceType"] != path.strip("/").split("/")[0]:
        raise FhirError(OTHER_RESOURCE)
    return resource


def searching(
    server: FhirServer, path: str, max_pages: int, past: Past | None, first: Mapping[str, Any] | None
) -> Steps[SearchResult]:
    """A search and its next pages; see `FhirClient.submit_search`."""
    found = _Found()
    url = _address(server, path) if path or first is None else server.base
    seen = {url}
    page: Mapping[str, Any] | None = first
    try:
        for _ in range(max_pages):
            page = (yield url) if page is None else page
            resources = found.add(page)
            if past is not None and past(resources):
                return SearchResult(found.resources)
            link = next_link(page)
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
        if problem := bundle_problem(page):
            raise FhirError(problem)
        self.pages += 1
        self._matches += match_count(page)
        self._counted = max(self._counted, total(page))
        resources = bundle_resources(page)
        self.resources += resources
        return resources

    def result(self) -> SearchResult:
        """What all pages brought, when there are no more."""
        if self._counted > self._matches:
            return SearchResult(self.resources, False, TOO_FEW)
        return SearchResult(self.resources)


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
