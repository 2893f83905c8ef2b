"""Signs in the phrases of `conditions.toml` that mean nothing where they stand: such a phrase would never be found.

What may live here: these questions. What the signs mean stands in `phrases.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_mappings.screening import telling_piece
from fhir_mappings.vocabulary.file_problems import FileProblems
from fhir_mappings.vocabulary.phrases import spellings

Path = tuple[str | int, ...]

_ACCENTED = ("dialysis_words", "dialysis")
_LITERAL = (("reading", "abbreviations"), ("reading", "common"), ("calciphylaxis", "present_not"), ("masked", "words"))
_SIGN = re.compile(r"[*#^]|\.\.\.|<\d>")
_LOST_STAR = re.compile(r"(?<=\w)\*(?=\w)|(?<!\w)\*(?!\w)")
_SCREENED = {
    "calciphylaxis": ("names",),
    "changed_skin_texture": ("words",),
    "sign": ("alone", "near"),
    "dialysis_words": ("dialysis", "end_stage"),
    "valve_words": ("mechanical", "near", "biological", "replaced"),
    "words": ("words",),
}
"""The lists for whose sake a text is read at all."""


def check_signs(file: FileProblems) -> None:
    """Note every phrase with a sign that means nothing there, and every phrase for which no text would be read."""
    for table, value in file.data.items():
        for path, phrase in _phrases(value, (table,)) if table != "concept" else ():
            for problem in _problems(path, phrase):
                file.note(problem, *path)


def _phrases(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text that stands in a list, and where."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _phrases(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _phrases(inner, (*path, number))
    elif isinstance(path[-1], int):
        yield path, value


def _problems(path: Path, phrase: str) -> Iterator[str]:
    lists = tuple(step for step in path if isinstance(step, str))
    if "=" in (phrase.removeprefix("=") if lists == _ACCENTED else phrase):
        yield "`=` means something only at the beginning of a phrase of [dialysis_words] dialysis"
    written_out = spellings(phrase)
    if any(re.search(r"[()|]", spelling) for spelling in written_out):
        yield "( and ) must stand in pairs, and | between them"
    if any(map(_LOST_STAR.search, written_out)):
        yield "`*` must stand at the beginning or the end of a word"
    if lists in _LITERAL and _SIGN.search(phrase):
        yield "the phrases of this list are taken as they are written: signs mean nothing in them"
    if lists[-1] in _SCREENED.get(lists[0], ()) and not all(map(telling_piece, written_out)):
        yield "holds no word, so that no text would be read for it"
