"""Resources that came more than once: which version of one resource counts.

What may live here: comparing versions by their meta data. What a resource says is of no interest here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC

from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import Json, as_object, as_text, id_of


def versions(resources: Iterable[Json]) -> list[list[Json]]:
    """The resources of one type in their order, those with one id together: the latest version alone, or, where
    nothing tells which is the latest, every different one. A resource without id stands for itself.
    """
    found: dict[str | int, list[Json]] = {}
    for number, resource in enumerate(resources):
        found.setdefault(id_of(resource) or number, []).append(resource)
    return [copies if len(copies) == 1 else _latest(copies) for copies in found.values()]


def _latest(copies: list[Json]) -> list[Json]:
    """Without those that another one is known to follow: by its number, else by the moment of its last update."""
    if all(copy is copies[0] for copy in copies):
        return copies[:1]
    known = [(_number(copy), _updated(copy), copy) for copy in copies]
    highest = max((number for number, _, _ in known if number is not None), default=None)
    rivals = [(updated, copy) for number, updated, copy in known if number is None or number == highest]
    last = max((updated for updated, _ in rivals if updated is not None), default=None)
    kept = [copy for updated, copy in rivals if updated is None or updated == last]
    # The same copy again is no other version.
    return list({_content(copy): copy for copy in reversed(kept)}.values())[::-1]


def _content(resource: Json) -> str | int:
    """What tells a resource from another one; each that is nested deeper than Python can follow is one of its own."""
    try:
        return json.dumps(resource, sort_keys=True)
    except RecursionError:
        return id(resource)


def _number(resource: Json) -> float | None:
    version = as_object(resource.get("meta")).get("versionId")
    text = str(version) if type(version) is int else as_text(version)
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _updated(resource: Json) -> float | None:
    moment = read_moment(as_object(resource.get("meta")).get("lastUpdated"), UTC)
    return moment.at if moment else None
