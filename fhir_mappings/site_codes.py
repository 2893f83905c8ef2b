"""Codes to which a clinic gives a meaning: do the packaged files give them, or the drug of this name, another one?

What may live here: one sentence for each such code or name. With a second meaning the first could be hidden: a code of
dialysis that also said "transplant" would take its patients from the rules, and warfarin as something else its card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_mappings.code_systems import system_of
from fhir_mappings.data_faults import Path
from fhir_mappings.drug_matching import drugs_named, find_drugs
from fhir_mappings.drug_routes import Route
from fhir_mappings.fhir_json import Coding
from fhir_mappings.site_names import tables
from fhir_mappings.vocabulary import Vocabulary


def code_problems(document: Mapping[str, Any], packaged: Vocabulary) -> Iterator[tuple[Path, str]]:
    """The codes of findings and drugs that already mean something else, and where they stand."""
    for section, key, meanings in (("condition", "finding", _findings), ("drug", "drug_class", _classes)):
        for number, entry in tables(document, section):
            if all(isinstance(entry.get(name), str) for name in ("system", "code", key)):
                meant = meanings(entry, packaged)
                if meant and entry[key] not in meant:
                    others = ", ".join(sorted(meant))
                    yield (
                        (section, number, "code"),
                        f"means {others} in the packaged files; a second meaning could hide that",
                    )
    yield from _names(document, packaged)


def _names(document: Mapping[str, Any], packaged: Vocabulary) -> Iterator[tuple[Path, str]]:
    """The drugs whose name is, in the packaged files, that of a drug of another class."""
    for number, entry in tables(document, "drug"):
        name, given = entry.get("name"), entry.get("drug_class")
        if isinstance(name, str) and isinstance(given, str):
            classes = {one for drug in drugs_named(name, packaged.drugs) for one in drug.classes}
            if classes and given not in classes:
                has = ", ".join(sorted(classes))
                yield (
                    ("drug", number, "name"),
                    f"{name} is of the class {has} in the packaged files, not {given}: an order could lose its card",
                )


def _coding(entry: Mapping[str, Any]) -> Coding:
    return Coding(system_of(entry["system"]), entry["code"], "", entry["system"])


def _findings(entry: Mapping[str, Any], packaged: Vocabulary) -> set[str]:
    coding, known = _coding(entry), packaged.conditions
    return {*known.conditions.of(coding), *known.procedures.of(coding)}


def _classes(entry: Mapping[str, Any], packaged: Vocabulary) -> set[str]:
    found = find_drugs([_coding(entry)], (), Route.UNKNOWN, packaged.drugs)
    return {match.drug_class for match in found.matches}
