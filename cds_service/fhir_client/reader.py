"""What the rest of the service may expect of a class that asks FHIR servers.

What may live here: protocols. `FhirClient` opens the sockets; other classes stand before it and let less through.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.look_up import LookUp
from cds_service.fhir_client.terms import Deadline, FhirServer, Past, SearchResult

T = TypeVar("T")


class Talk(Protocol):
    """All look-ups on one server until one deadline, under way side by side. For one thread, and for one request."""

    @property
    def deadline(self) -> Deadline:
        """When it ends."""
        ...

    def read(self, path: str) -> LookUp[JsonObject]:
        """Start to read one resource: `path` is its type and id ("Patient/1"), relative to the base."""
        ...

    def search(
        self,
        *paths: str,
        name: str = "",
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> LookUp[SearchResult]:
        """Start a search ("Observation?patient=1&…") that follows the next links.

        Further `paths` are plainer forms of the same search, tried one after another where the server refuses; which
        one it answered is remembered for some minutes under `name`, and then asked first.
        `past` sees the resources of each page; True means that the rest is older than we look back, and the result is
        complete. `first` is a first page that the client sent along: it is not asked for again, its resources come
        first in the result, and only its further pages are fetched. A failure before there is a first page raises; a
        later one, or a limit, makes the result incomplete.
        """
        ...

    def known(self, about: str) -> str:
        """What was noted about this server in the last minutes, by this call or another one; "" when nothing was."""
        ...

    def note(self, about: str, what: str) -> None:
        """Remember this about the server for some minutes."""
        ...

    def answer(self, look_up: LookUp[T]) -> T:
        """What this look-up brings, waiting for it no longer than the deadline. Raises FhirError."""
        ...


class FhirReader(Protocol):
    """Asks FHIR servers."""

    def deadline(self) -> Deadline:
        """Start the total deadline of one request."""
        ...

    def talk(self, server: FhirServer, deadline: Deadline) -> AbstractContextManager[Talk]:
        """Talk with this server; it is contacted when something is looked up. A refusal comes out of `answer`."""
        ...
