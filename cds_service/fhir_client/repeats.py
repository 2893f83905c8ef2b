"""Which resources of a page stood on an earlier page of the same search.

What may live here: telling resources apart. What follows from a page that brings nothing new is decided in `found`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from cds_service.fhir_client.bundles import JsonObject, match_entries

Key = tuple[str, ...] | bytes | None
"""What makes a resource this one: where it lies, its type, id and version; where it has no id, all that it holds."""


class Repeats:
    """What the pages of one search held so far.

    Only matches of the type searched for can be repeats: a server may include the same drug on every page. What stands
    twice on one page is none either: some searches join it twice.
    """

    def __init__(self, resource_type: str) -> None:
        self._resource_type = resource_type
        self._seen: set[Key] = set()
        self._last: Mapping[str, Any] = {}

    def on(self, page: Mapping[str, Any]) -> tuple[int, bool]:
        """How many matches of this page were seen on earlier ones, and whether it brings nothing else.

        A resource without an id is one only on a page that brings nothing new: two may be alike.
        """
        # Most searches have one page, which costs nothing here.
        earlier, self._last = self._last, page
        if not earlier:
            return 0, False
        self._seen.update(self._keys(earlier))
        keys = list(self._keys(page))
        known = [key for key in keys if key is not None and key in self._seen]
        if keys and len(known) == len(keys):
            return len(keys), True
        return sum(isinstance(key, tuple) for key in known), False

    def _keys(self, page: Mapping[str, Any]) -> Iterator[Key]:
        for full_url, resource in match_entries(page):
            if self._resource_type in ("", resource.get("resourceType")):
                yield _key(full_url, resource)


def _key(full_url: object, resource: JsonObject) -> Key:
    id, meta = resource.get("id"), resource.get("meta")
    if isinstance(id, str | int):
        # An address in "urn:" may be made anew for each answer.
        place = full_url if isinstance(full_url, str) and not full_url.startswith("urn:") else ""
        version = meta.get("versionId") if isinstance(meta, dict) else None
        return place, str(resource.get("resourceType")), str(id), str(version)
    try:
        return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        # Nested too deeply to be written: not told from any other.
        return None
