"""Which resources of a page stood on an earlier page of the same search.

What may live here: telling resources apart. What follows from a page that brings nothing new is decided in `found`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from cds_service.fhir_client.bundles import JsonObject, match_entries


class _Key(NamedTuple):
    """What makes a resource this one: `name` is its type and id, `state` where it lies and its version.

    Without an id it has no state, and its name is all that it holds, None where that is nested too deeply to be told.
    """

    name: tuple[str, str] | bytes | None
    state: tuple[str, str] | None = None


class Repeats:
    """What the pages of one search held so far.

    Only matches of the type searched for can be repeats: a server may include the same drug on every page. What stands
    twice on one page is none either: some searches join it twice.
    """

    def __init__(self, resource_type: str) -> None:
        self._resource_type = resource_type
        self._seen: set[_Key] = set()
        self._names: set[tuple[str, str] | bytes | None] = set()
        self._last: Mapping[str, Any] = {}

    def on(self, page: Mapping[str, Any]) -> tuple[int, bool]:
        """How many matches of this page were seen on earlier ones, and whether it brings nothing else.

        Where all were seen by type and id, it is an earlier page: versions and hosts may be made up for each answer.
        Else a gateway may have one id of two servers. A resource without an id is a repeat only on a page that brings
        nothing new: two may be alike.
        """
        # Most searches have one page, which costs nothing here.
        earlier, self._last = self._last, page
        if not earlier:
            return 0, False
        for key in self._keys(earlier):
            self._seen.add(key)
            self._names.add(key.name)
        keys = list(self._keys(page))
        if keys and all(key.name is not None and key.name in self._names for key in keys):
            return len(keys), True
        return sum(key.state is not None and key in self._seen for key in keys), False

    def _keys(self, page: Mapping[str, Any]) -> Iterator[_Key]:
        for full_url, resource in match_entries(page):
            if self._resource_type in ("", resource.get("resourceType")):
                yield _key(full_url, resource)


def _key(full_url: object, resource: JsonObject) -> _Key:
    id, meta = resource.get("id"), resource.get("meta")
    if isinstance(id, str | int):
        # An address in "urn:" may be made anew for each answer.
        place = full_url if isinstance(full_url, str) and not full_url.startswith("urn:") else ""
        version = meta.get("versionId") if isinstance(meta, dict) else None
        return _Key((str(resource.get("resourceType")), str(id)), (place, str(version)))
    try:
        return _Key(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS))
    except orjson.JSONEncodeError:
        return _Key(None)
