"""What the pages of one search hold, as they come in.

What may live here: adding up pages. Which page is asked for next is decided in `look_up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir_client.asked import AskedSearch
from cds_service.fhir_client.bundles import JsonObject, read_page, total
from cds_service.fhir_client.entry_limit import Share
from cds_service.fhir_client.repeats import Repeats
from cds_service.fhir_client.terms import (
    OTHER_PATIENT,
    REPEATED,
    TOO_FEW,
    TOO_MANY_ENTRIES,
    FhirError,
    SearchResult,
)
from fhir_mappings.bases import bases_named


class Found:
    """What the pages read so far hold. `is_full`: there was more on the last one than a call may fetch."""

    def __init__(self, resource_type: str, asked: AskedSearch | None, share: Share) -> None:
        self.resources: list[JsonObject] = []
        self._resource_type, self._asked, self._share = resource_type, asked, share
        self._repeats, self._is_repeating = Repeats(resource_type), False
        self._bases: set[str] = set()
        self.pages = self._came = 0
        self._counted = 0.0
        self.is_full = False

    def add(self, page: Mapping[str, Any], *, was_sent: bool = False) -> list[JsonObject]:
        """One more page; what is kept of its resources: all where it `was_sent` along.

        FhirError when it is no sound Bundle, or a further page of somebody else, or nothing of it may be kept.
        """
        problem, resources, _, counted = read_page(page)
        if problem:
            raise FhirError(problem)
        if self.pages and self._asked is not None and self._asked.are_strangers(resources):
            raise FhirError(OTHER_PATIENT)
        kept = resources if was_sent else self._share.kept(resources)
        if resources and not kept:
            raise FhirError(TOO_MANY_ENTRIES)
        self.is_full = len(kept) < len(resources)
        self.pages += 1
        repeated, is_nothing_new = self._repeats.on(page)
        self._is_repeating |= is_nothing_new
        self._came += counted - repeated
        self._counted = max(self._counted, total(page))
        self.resources += kept
        self._bases.update(bases_named(page, self._resource_type))
        return kept

    @property
    def lacks_some(self) -> bool:
        """Has the server counted more than it sent, includes and remarks among it, repeats not?"""
        return self._counted > self._came

    def result(self, doubt: str = "") -> SearchResult:
        """What all pages brought, when there are no more. A count of the server that was reached settles the doubt.

        What stood on an earlier page counts once: a page in its place, with other resources, may never have come.
        """
        doubt = doubt or (REPEATED if self._is_repeating else "")
        return self.so_far(TOO_FEW if self.lacks_some else "" if self._counted else doubt)

    def so_far(self, reason: str = "") -> SearchResult:
        """What was read, and why there may be more that matters."""
        return SearchResult(self.resources, not reason, reason, frozenset(self._bases))
