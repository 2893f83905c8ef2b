"""The talk with a server that may not be asked.

What may live here: saying no, in the form of a talk. No socket is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.look_up import LookUp, refused
from cds_service.fhir_client.terms import Deadline, Past, SearchResult

T = TypeVar("T")


class RefusedTalk:
    """See `Talk`. Nobody is asked: every look-up fails for this reason."""

    def __init__(self, reason: str, deadline: Deadline) -> None:
        self._reason, self.deadline = reason, deadline

    def read(self, path: str) -> LookUp[JsonObject]:
        """See `Talk`."""
        return refused(self._reason)

    def search(
        self,
        *paths: str,
        name: str = "",
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> LookUp[SearchResult]:
        """See `Talk`."""
        return refused(self._reason)

    def known(self, about: str) -> str:
        """See `Talk`. Nothing is known of who may not be asked."""
        return ""

    def note(self, about: str, what: str) -> None:
        """See `Talk`. Nothing is remembered."""

    def answer(self, look_up: LookUp[T]) -> T:
        """See `Talk`."""
        return look_up.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
