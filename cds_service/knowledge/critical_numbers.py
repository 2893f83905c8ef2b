"""Numbers of a site policy by which fewer patients would get a critical card of calciphylaxis.

What may live here: comparing a clinic's numbers with those that ship. Which numbers decide that, and in which way,
stands beside them in `thresholds.toml` (`fewer_critical`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from fhir_mappings.packaged import packaged_data
from fhir_mappings.site_changes import section_of


def numbers_for_two(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where the site policy moves a number so that fewer patients would get a critical card: its key, and the place."""
    for entry in document.get("threshold", ()):
        name = entry["name"]
        section = section_of(_shipped(), name)
        shipped = _from(section["values"], entry["from"])
        ours, its = _number(entry), [_number(one) for one in shipped]
        if said := _fewer(section.get("fewer_critical"), ours, its):
            yield name, f"[[threshold]] {name} = {ours:g}, {said}, which ships"


def _fewer(way: str | None, ours: float, shipped: Sequence[float]) -> str:
    """How the number differs from what ships, where fewer patients would get a critical card by it; else nothing."""
    if way in ("higher", "either") and ours > min(shipped):
        return f"higher than {min(shipped):g}"
    if way in ("lower", "either") and ours < max(shipped):
        return f"lower than {max(shipped):g}"
    return ""


@cache
def _shipped() -> Mapping[str, Any]:
    return packaged_data("thresholds")


def _from(values: Sequence[Mapping[str, Any]], day: date) -> list[Mapping[str, Any]]:
    """The values that ship for a day and all later ones: those of the clinic hold in their place."""
    begun = [one for one in values if one["since"] <= day] or values[:1]
    return [begun[-1], *(one for one in values if one["since"] > day)]


def _number(entry: Mapping[str, Any]) -> float:
    """The value; of a window for how long a result is used at all."""
    return float(entry["value"] if "value" in entry else entry["usable"])
