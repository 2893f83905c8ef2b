"""Codes of a site policy by which a critical card could go, or what it warns of.

What may live here: finding a clinic's codes of such findings, drug classes and analytes. Which ones these are stands
beside them in `conditions.toml`, `drug_rules.toml` and `labs.toml` (`fewer_critical`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fhir_mappings.packaged import packaged_data


def codes_for_two(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where the site policy gives a code such a meaning: the finding or class, and the place in words."""
    decisive = (
        ("condition", "finding", _findings()),
        ("drug", "drug_class", _classes()),
        ("lab", "analyte", _analytes()),
    )
    for section, key, marked in decisive:
        for entry in document.get(section, ()):
            if entry[key] in marked:
                yield entry[key], f"[[{section}]] {entry['code']} = {entry[key]}"


@cache
def _analytes() -> frozenset[str]:
    return frozenset(one["name"] for one in packaged_data("labs")["analyte"] if one.get("fewer_critical"))


@cache
def _findings() -> frozenset[str]:
    return frozenset(one["name"] for one in packaged_data("conditions")["concept"] if one.get("fewer_critical"))


@cache
def _classes() -> frozenset[str]:
    classes = packaged_data("drug_rules")["classes"]
    return frozenset(name for name, entry in classes.items() if entry.get("fewer_critical"))
