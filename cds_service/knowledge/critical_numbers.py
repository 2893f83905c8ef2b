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
        section, number = section_of(_shipped(), name), _number(entry)
        shipped = _from(section["values"], entry["from"])
        match section.get("fewer_critical"):
            case "higher" if number > min(shipped):
                yield name, f"[[threshold]] {name} = {number:g}, higher than {min(shipped):g}, which ships"
            case "lower" if number < max(shipped):
                yield name, f"[[threshold]] {name} = {number:g}, lower than {max(shipped):g}, which ships"


@cache
def _shipped() -> Mapping[str, Any]:
    return packaged_data("thresholds")


def _from(values: Sequence[Mapping[str, Any]], day: date) -> list[float]:
    """The values that ship for a day and all later ones: those of the clinic hold in their place."""
    begun = [one for one in values if one["since"] <= day] or values[:1]
    return [_number(one) for one in (begun[-1], *(one for one in values if one["since"] > day))]


def _number(entry: Mapping[str, Any]) -> float:
    """The value; of a window for how long a result is used at all."""
    return float(entry["value"] if "value" in entry else entry["usable"])
