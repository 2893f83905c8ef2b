"""How many entries of Bundles one call may fetch.

What may live here: counting. What was fetched is read after the deadline, and many small entries take longer to read
than as many bytes in a few.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.fhir_client.bundles import JsonObject

_OF_ITS_OWN = 100
"""One in so many each search may have besides: a long list that comes first leaves the others something."""


class EntryLimit:
    """What one call may still fetch: `left` entries, by one search or by many. What a resource contains is counted as
    an entry is.
    """

    def __init__(self, most: int) -> None:
        self.left = most
        self._of_its_own = max(1, most // _OF_ITS_OWN)

    def share(self) -> Share:
        """For one more search."""
        return Share(self, self._of_its_own)


class Share:
    """What one search of a call may still fetch: what is its own, and what is left for all."""

    def __init__(self, limit: EntryLimit, own: int) -> None:
        self._limit, self._own = limit, own

    def kept(self, found: Sequence[JsonObject]) -> list[JsonObject]:
        """The first of these, as many as may still come."""
        kept: list[JsonObject] = []
        for one in found:
            contained = one.get("contained")
            entries = 1 + (len(contained) if isinstance(contained, list) else 0)
            of_all = max(0, entries - self._own)
            if of_all > self._limit.left:
                break
            self._own = max(0, self._own - entries)
            self._limit.left -= of_all
            kept.append(one)
        return kept
