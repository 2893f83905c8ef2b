"""Phrases of the data files as compiled patterns: whole words in any letter case, with a few simple signs.

What may live here: how a phrase is turned into a pattern. The signs: a blank or hyphen stands for either, `word*` for
any ending, `#` for a number, `...` for up to 40 letters, a leading `^` for the start of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

_TOKEN = re.compile(r"\.\.\.|[#+/,?]|[^\s\-#+/,?.]+(?:\.[^\s\-#+/,?.]+)*")
_NUMBER = r"\d+(?:[.,]\d+)?"
_ANYTHING = r".{0,40}?"
_SIGNS = {"#": _NUMBER, "...": _ANYTHING}

NEVER = re.compile(r"(?!)")
"""A pattern that finds nothing: what an empty list of phrases means."""


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the phrases, the longest first where several begin at one place."""
    sources = [source_of(phrase) for phrase in sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))]
    return re.compile("|".join(sources), re.IGNORECASE) if sources else NEVER


def near(words: Iterable[str], others: Iterable[str], within: int) -> str:
    """The source of a pattern: a word of each list with at most `within` words between them, in either order."""
    gap = rf"(?:\W+\w+){{0,{within}}}?\W+"
    first = f"(?:{'|'.join(map(source_of, words))})"
    second = f"(?:{'|'.join(source_of(word, plural=True) for word in others)})"
    return f"{first}{gap}{second}|{second}{gap}{first}"


def source_of(phrase: str, *, plural: bool = False) -> str:
    """The source of the pattern of one phrase; `plural` also allows an s or es at its end."""
    start = r"^\W*" if phrase.startswith("^") else ""
    tokens = _TOKEN.findall(phrase.removeprefix("^"))
    source = _bare(tokens[0])
    for before, token in pairwise(tokens):
        source += _gap(before, token) + _bare(token)
    if plural:
        source += "(?:e?s)?"
    head = r"(?<!\w)" if tokens[0][0].isalnum() else ""
    tail = r"(?!\w)" if tokens[-1][-1].isalnum() else ""
    return f"{start}{head}{source}{tail}"


def stem_of(phrase: str) -> str:
    """A piece, in lower case, of every text in which the phrase can be found: its longest word without its ending."""
    return max(re.findall(r"[^\W_]+", phrase.lower()), key=len, default="")


def _bare(token: str) -> str:
    if token in _SIGNS:
        return _SIGNS[token]
    return re.escape(token.removesuffix("*")) + (r"\w*" if token.endswith("*") else "")


def _gap(before: str, after: str) -> str:
    """What may stand between two tokens: at least one blank or hyphen between words, anything less around signs."""
    if "..." in (before, after):
        return ""
    return r"[\s\-]+" if before[-1].isalnum() and after[0].isalnum() else r"[\s\-]*"
