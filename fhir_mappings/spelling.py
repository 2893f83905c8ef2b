"""US or international spelling of our own words, by one table: `hooks/spelling.toml`.

What may live here: which parts of a file are words of ours (its schema says so: `prose`), and the words of the other
side in their place. Files are respelled when they are read. A card never is: there the record is quoted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_mappings.data_files import packaged_schema

WRITTEN = "en-GB"
"""The spelling in which the files are written."""
LOCALES = (WRITTEN, "en-US")

Spell = Callable[[str], str]
"""A text of ours to the same text in the spelling of a locale."""

_PROSE = "#/$defs/prose"
_SECTIONS = ("words", "further")
_KEPT = r"\{[^{}]*\}|“[^”]*”|\]\([^)\s]*\)|https?://\S+"
"""Placeholders, quotations, and addresses, in Markdown links or bare."""


def spelling_problems(table: Mapping[str, Any]) -> Iterator[str]:
    """What no schema can check in the parsed `spelling.toml`: no word stands twice, or on both sides."""
    pairs = [
        (f"spelling.toml: [{section}] {ours}", ours, us) for section in _SECTIONS for ours, us in table[section].items()
    ]
    here, there = (Counter(pair[side] for pair in pairs) for side in (1, 2))
    for where, ours, us in pairs:
        if us in here:
            yield f"{where}: {us} stands on the left, too"
        if here[ours] > 1 or there[us] > 1:
            yield f"{where}: one of the two words stands in another line, too"


def speller(table: Mapping[str, Any], locale: str) -> Spell:
    """The spelling of a locale by the parsed `spelling.toml`, which has no problems."""
    if locale == WRITTEN:
        return str
    pairs = {ours: us for section in _SECTIONS for ours, us in table[section].items()}
    # A word that a hyphen joins may be a code, such as a topic: it stays, unless it stands in the table as a whole.
    pattern = re.compile(rf"{_KEPT}|(?<![\w-])(?:{'|'.join(pairs)})(?![\w-])", re.IGNORECASE)
    return lambda text: pattern.sub(lambda found: _as_written(found[0], pairs.get(found[0].lower(), found[0])), text)


def respelled(name: str, data: Mapping[str, Any], spell: Spell) -> dict[str, Any]:
    """The values of the data file of this name ("wording"), its words of ours respelled; its shape has been checked."""
    schema = packaged_schema(name).whole
    changed: dict[str, Any] = _respelled(data, schema, schema.get("$defs", {}), spell)
    return changed


def _respelled(value: Any, part: Mapping[str, Any], named: Mapping[str, Any], spell: Spell) -> Any:
    """A value whose shape is this part of a schema."""
    target = part.get("$ref")
    if target == _PROSE:
        return spell(value)
    wider = [named[target.rpartition("/")[2]]] if target else part.get("allOf", ())
    for inner in wider:
        value = _respelled(value, inner, named, spell)
    if isinstance(value, dict):
        own, others = part.get("properties", {}), part.get("additionalProperties") or {}
        return {key: _respelled(inner, own.get(key, others), named, spell) for key, inner in value.items()}
    if isinstance(value, list):
        first, others = part.get("prefixItems", []), part.get("items", {})
        shapes = [*first, *[others] * (len(value) - len(first))]
        return [_respelled(inner, shape, named, spell) for inner, shape in zip(value, shapes, strict=True)]
    return value


def _as_written(found: str, word: str) -> str:
    """The word with the capitals of the one that it replaces."""
    if found.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if found[0].isupper() else word
