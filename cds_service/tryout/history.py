"""A history Bundle: which of its resources were deleted in the end.

What may live here: telling which entry of a resource is its newest. Where nobody can tell, nothing counts as deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from typing import NamedTuple

from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import Json, as_object, as_text, is_uuid
from fhir_mappings.references import Name, name_of, names_of

_NUMBER = re.compile(r'(?:W/)?"?([0-9]{1,15})"?')


class _Version(NamedTuple):
    """An entry, by its place in the Bundle."""

    place: int
    entry: Json

    @property
    def is_deletion(self) -> bool:
        return as_text(as_object(self.entry.get("request")).get("method")).strip().upper() == "DELETE"


def deleted_in(bundle: Json, entries: Sequence[object]) -> Iterator[frozenset[int]]:
    """For each resource of which the newest entry is a DELETE: the places of all its entries.

    In other Bundles than a history a DELETE is something that is asked for, and no record of what became of it.
    """
    if as_text(bundle.get("type")).strip().lower() != "history":
        return
    found: dict[Name, list[_Version]] = {}
    for place, entry in enumerate(entries):
        version = _Version(place, as_object(entry))
        if name := _name(version):
            found.setdefault(name, []).append(version)
    for versions in found.values():
        newest = _newest(versions)
        if newest is not None and newest.is_deletion:
            yield frozenset(version.place for version in versions)


def _name(version: _Version) -> Name | None:
    """Which resource the entry is about; None where it does not say. A DELETE of one version alone is about none."""
    url = as_text(as_object(version.entry.get("request")).get("url"))
    if version.is_deletion and ("/_history/" in url or "?" in url):
        return None
    own = names_of(as_object(version.entry.get("resource")))
    told = (*own, *map(name_of, (url, as_text(version.entry.get("fullUrl")))))
    name = next((name for name in told if name.kind and name.identifier), None)
    return name.lower if name and is_uuid(name.identifier) else name


def _newest(versions: Sequence[_Version]) -> _Version | None:
    """By the numbers of all versions, else by their moments, else the first, as FHIR orders a history.

    None where the number or the moment of another one says otherwise.
    """
    for measure in (_number, _moment):
        last = _last(versions, measure)
        if last is not None:
            return last
    first = versions[0]
    return None if any(_is_before(first, other) for other in versions[1:]) else first


def _last(versions: Sequence[_Version], measure: Callable[[_Version], float | None]) -> _Version | None:
    measured = [(value, version) for version in versions if (value := measure(version)) is not None]
    highest = max((value for value, _ in measured), default=None)
    rivals = [version for value, version in measured if value == highest]
    return rivals[0] if len(measured) == len(versions) and len(rivals) == 1 else None


def _is_before(one: _Version, other: _Version) -> bool:
    pairs = ((measure(one), measure(other)) for measure in (_number, _moment))
    return any(mine is not None and theirs is not None and mine < theirs for mine, theirs in pairs)


def _number(version: _Version) -> float | None:
    own = as_object(as_object(version.entry.get("resource")).get("meta")).get("versionId")
    told = (as_text(own), as_text(as_object(version.entry.get("response")).get("etag")))
    found = (_NUMBER.fullmatch(text.strip()) for text in told)
    return next((float(one[1]) for one in found if one), None)


def _moment(version: _Version) -> float | None:
    """To the second at least: on one day a resource may be written and deleted."""
    own = as_object(as_object(version.entry.get("resource")).get("meta")).get("lastUpdated")
    told = (as_object(version.entry.get("response")).get("lastModified"), own)
    found = (read_moment(value, UTC) for value in told)
    return next((moment.at for moment in found if moment and moment.timed), None)
