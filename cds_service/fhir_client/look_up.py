"""One look-up on a FHIR server, step by step: which address is asked next, and what the answers amount to.

What may live here: reading one resource, following the pages of a search, and where a link may lead. How an address is
asked is decided in `talk`; nothing here opens a socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cds_service.addresses import below, normal_url
from cds_service.fhir_client.asked import Asked, AskedSearch
from cds_service.fhir_client.bundles import JsonObject, next_link
from cds_service.fhir_client.entry_limit import EntryLimit
from cds_service.fhir_client.found import Found
from cds_service.fhir_client.step import Step
from cds_service.fhir_client.terms import (
    BAD_PATH,
    BAD_TOKEN,
    ELSEWHERE,
    LATE,
    NOT_A_SERVER,
    NOT_ALLOWED,
    REPEATED,
    TOO_MANY_ENTRIES,
    TOO_MANY_PAGES,
    FhirError,
    FhirServer,
    Past,
    RefusedError,
    SearchResult,
)
from cds_service.next_page import LONGEST_LINK, next_address

T = TypeVar("T")
_NO_TYPE = frozenset({""})
_VISIBLE_ASCII = re.compile("[!-~]+")
_UNKNOWN_PARAMETER = frozenset({400, 404, 405, 422, 501})
"""Servers refuse with these what they do not know: each plainer form of a search is worth a try."""
_PERHAPS = frozenset({403, 500})
"""These mostly mean something else: one plainer form is tried."""
Steps = Generator[str, JsonObject, T]
"""Yields the address to ask next, is sent the resource there or thrown a FhirError, and returns what it brings."""


class LookUp(Generic[T]):
    """A look-up under way: `url` is what it asks for next; what it brought, or a FhirError, comes out of `result`.

    `body` is what is posted there, None to get it; `asked` knows which answers are those of another question. Where no
    answer could be told from that for another patient, `on_new_connection` is set. A `step` is told when it is done.
    """

    __slots__ = (
        "_change",
        "_failure",
        "_result",
        "_steps",
        "asked",
        "body",
        "is_done",
        "on_new_connection",
        "step",
        "url",
    )

    def __init__(self, steps: Steps[T], asked: Asked | None = None, body: bytes | None = None) -> None:
        self._steps, self.asked, self.body = steps, asked, body
        self.on_new_connection = False
        self._result: tuple[T] | tuple[()] = ()
        self._failure: Exception | None = None
        self._change: Callable[[T], T] | None = None
        self.url, self.is_done = "", False
        self.step: Step | None = None
        self._go_on(lambda: next(self._steps))

    def objection(self, resource: JsonObject) -> str | None:
        """Why this resource answers another question than that asked at `url`, None when it may answer it."""
        return None if self.asked is None else self.asked.objection(resource)

    @property
    def kinds(self) -> frozenset[str]:
        """The types of resources that are asked for; "" stands for what is no type."""
        return _NO_TYPE if self.asked is None else self.asked.kinds or _NO_TYPE

    def is_named_by(self, resource: JsonObject) -> bool:
        """Does this resource, to which there is no objection, say that it answers what was asked at `url`?"""
        return self.asked is not None and self.asked.is_named_by(resource, self.url)

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
            self._tell()
        except Exception as failure:
            # Without the frames it came through: they name it, and would be kept with all they have read.
            self.is_done, self._failure = True, failure.with_traceback(None)
            self._tell()

    def _tell(self) -> None:
        if self.step is not None:
            self.step.over(self._failure)


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is to bring: see `Talk.search`.

    `paths` are the forms of the search in the order in which they are tried; `answered` is told the form that was, ""
    where the server refused them all. `entries` are what the call may still fetch. `asked` knows which page belongs to
    another search.
    """

    paths: tuple[str, ...]
    max_pages: int
    entries: EntryLimit
    past: Past | None = None
    first: Mapping[str, Any] | None = None
    answered: Callable[[str], None] = lambda path: None
    asked: AskedSearch | None = None

    @property
    def resource_type(self) -> str:
        """What is searched for, "" where the paths do not tell."""
        return self.paths[0].partition("?")[0].strip("/")


def searching(server: FhirServer, wanted: Wanted) -> Steps[SearchResult]:
    """A search and its next pages; see `Talk.search`."""
    found = Found(wanted.resource_type, wanted.asked, wanted.entries.share())
    if wanted.first is not None:
        url, page = _address(server, wanted.paths[0]) if wanted.paths[0] else server.base, wanted.first
    else:
        url, page = yield from _first_page(server, wanted)
    seen = {url}
    try:
        for number in range(wanted.max_pages):
            page = (yield url) if number else page
            resources = found.add(page, was_sent=page is wanted.first)
            link, is_cut = next_link(page), found.is_full or found.lacks_some
            # Dates are read only where it matters whether more may exist.
            if (link is not None or is_cut) and wanted.past is not None and wanted.past(resources):
                return found.so_far()
            if found.is_full:
                raise FhirError(TOO_MANY_ENTRIES)
            address = None if link is None else _next_address(server, url, link, wanted)
            # Some servers write a next link on their last page: to the page itself.
            if address is None or address == url:
                return found.result()
            if address in seen:
                return found.result(REPEATED)
            url = address
            seen.add(url)
        raise FhirError(TOO_MANY_PAGES)
    except FhirError as failure:
        if not found.pages:
            raise
        return found.so_far(failure.reason)


def _first_page(server: FhirServer, wanted: Wanted) -> Generator[str, JsonObject, tuple[str, JsonObject]]:
    """The first page, and where it was found: a form of the search that is refused is followed by a plainer one."""
    first: RefusedError | None = None
    for tried, path in enumerate(wanted.paths):
        url = _address(server, path)
        try:
            page = yield url
        except RefusedError as refusal:
            first = first or refusal
            if first.status not in _UNKNOWN_PARAMETER and (first.status not in _PERHAPS or tried > 0):
                raise first from None
        else:
            if first is None or first.status in _UNKNOWN_PARAMETER:
                wanted.answered(path)
            return url, page
    wanted.answered("")
    raise first or FhirError(BAD_PATH)


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


def _next_address(server: FhirServer, page_url: str, link: str, wanted: Wanted) -> str:
    if len(link) > LONGEST_LINK:
        raise FhirError(BAD_PATH)
    address = next_address(server.base, page_url, link, wanted.resource_type)
    if address is None or (wanted.asked is not None and wanted.asked.is_another(address)):
        raise FhirError(ELSEWHERE)
    return address
