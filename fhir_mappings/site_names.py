"""The names that a clinic's changes may use: do they lead somewhere?

What may live here: what the packaged files call things, and one sentence for each name that none of them has.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_mappings.data_faults import Path
from hooks.policy import PLAIN_CLASSES

_SAYS_NOTHING = "other"
"""The class of drugs that are known and of which nothing is said: a clinic's code of it could only silence."""
_NEAR = 3
"""So many names that look like an unknown one are told."""


@dataclass(frozen=True, slots=True)
class Names:
    """What stands in the parsed data files: numbers by their key, with their first day, and all that has a name."""

    thresholds: Mapping[str, date]
    topics: Collection[str]
    analytes: Collection[str]
    drug_classes: Collection[str]
    findings: Collection[str]

    @classmethod
    def of(cls, files: Mapping[str, Mapping[str, Any]]) -> Names:
        """The names in these files, whose shapes have been checked."""
        return cls(
            dict(_thresholds(files["thresholds"])),
            tuple(files["reasons"]["topics"]),
            tuple(one["name"] for one in files["labs"]["analyte"]),
            (*files["drug_rules"]["classes"], *(name for name in PLAIN_CLASSES if name != _SAYS_NOTHING)),
            tuple(one["name"] for one in files["conditions"]["concept"]),
        )


def text_places(reasons: Mapping[str, Any], drug_rules: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Where the texts of each topic stand: file and section of [texts]."""
    places = {
        topic: [("status_cards", text) for text in entry.get("texts", ())] for topic, entry in reasons["topics"].items()
    }
    for row in drug_rules["rules"]:
        place = ("drug_rules", row.get("text", row.get("topic", "")))
        if not row.get("silent") and place not in places[row["topic"]]:
            places[row["topic"]].append(place)
    return places


def unknown(what: str, name: object, known: Collection[str]) -> str:
    """That there is no such thing, with the names that look like it; "" where there is one, or no name."""
    if not isinstance(name, str) or name in known:
        return ""
    near = difflib.get_close_matches(name, sorted(known), n=_NEAR)
    return f"there is no {what} {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def name_problems(document: Mapping[str, Any], names: Names) -> Iterator[tuple[Path, str]]:
    """What names in these changes lead nowhere, and where they stand. What has another shape is not looked at."""
    places: tuple[tuple[str, str, str, Collection[str]], ...] = (
        ("threshold", "name", "number", names.thresholds),
        ("lab", "analyte", "result", names.analytes),
        ("drug", "drug_class", "drug class", names.drug_classes),
        ("condition", "finding", "finding", names.findings),
        ("wording", "topic", "topic", names.topics),
        ("shadow", "topic", "topic", names.topics),
    )
    for section, key, what, known in places:
        for number, entry in tables(document, section):
            if problem := unknown(what, entry.get(key), known):
                yield (section, number, key), problem
    for number, entry in tables(document, "override_reason"):
        named = entry.get("topics")
        for place, topic in enumerate(named if isinstance(named, list) else ()):
            if problem := unknown("topic", topic, names.topics):
                yield ("override_reason", number, "topics", place), problem
    switched = document.get("topics")
    for topic in switched if isinstance(switched, dict) else ():
        if problem := unknown("topic", topic, names.topics):
            yield ("topics", topic), problem
    yield from _day_problems(dict(tables(document, "threshold")), names.thresholds)


def tables(document: Mapping[str, Any], section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The tables of a section, with their places."""
    entries = document.get(section)
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield number, entry


def _thresholds(data: Mapping[str, Any]) -> Iterator[tuple[str, date]]:
    for key, section in data.items():
        if key in ("windows", "points"):
            yield from ((f"{key}.{name}", inner["values"][0]["since"]) for name, inner in section.items())
        else:
            yield key, section["values"][0]["since"]


def _day_problems(entries: Mapping[int, Mapping[str, Any]], known: Mapping[str, date]) -> Iterator[tuple[Path, str]]:
    """A number has one value on a day, and what the packaged file said first stays."""
    dated = {number: (one["name"], one["from"]) for number, one in entries.items() if _is_dated(one)}
    times = Counter(dated.values())
    for number, (name, since) in dated.items():
        if times[name, since] > 1:
            yield ("threshold", number, "from"), f"{name} has two values from {since} on"
        if name in known and since <= known[name]:
            yield ("threshold", number, "from"), f"must be after {known[name]}, the first day of the packaged value"


def _is_dated(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("name"), str) and type(entry.get("from")) is date
