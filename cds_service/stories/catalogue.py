"""What the everyday words of the vignettes stand for, from `catalogue.toml`.

What may live here: reading that file, and finding the words of a story that it does not have.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from fhir_mappings.data_files import parsed, text_of

_CHAPTERS = {
    "conditions": ("is", "condition"),
    "results": ("of", "result"),
    "procedures": ("is", "procedure"),
    "active": ("is", "drug"),
    "history": ("is", "drug"),
    "orders": ("is", "drug"),
}
"""For each list of a story: the key that holds a word, and the chapter in which it stands."""


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Drugs, conditions, procedures, results and panels by their everyday names."""
    file = resources.files("cds_service.stories").joinpath("catalogue.toml")
    return parsed(text_of(file.read_bytes()), "catalogue.toml")


def unknown_words(entries: Mapping[str, tuple[Mapping[str, Any], ...]], labs: str) -> Iterator[str]:
    """One line, with list and place, for each word of a story that the catalogue does not have."""
    for name, (key, chapter) in _CHAPTERS.items():
        for place, entry in enumerate(entries[name], start=1):
            if key in entry and entry[key] not in catalogue()[chapter]:
                yield f"{name}[{place}].{key}: {_unknown(entry[key], chapter)}"
    if labs and labs not in catalogue()["panel"]:
        yield f"labs: {_unknown(labs, 'panel')}"


def _unknown(word: str, chapter: str) -> str:
    near = difflib.get_close_matches(word, catalogue()[chapter], n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"catalogue.toml has no {chapter} {word}{meant}"
