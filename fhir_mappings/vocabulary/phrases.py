"""Phrases of the data files as compiled patterns: whole words in any letter case, with a few simple signs.

What may live here: how a phrase is turned into a pattern. The signs: a blank or hyphen stands for either, `word*` for
any ending, `*word` for any beginning, `#` for a number, `...` for up to 40 letters, `<2>` for up to two words, and at
the beginning `^` for the start of the text. `spellings` writes out `(a)` and `(a|b)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

_TOKEN = re.compile(r"\.\.\.|<\d>|[#+/,?]|[^\s\-#+/,?.<>]+(?:\.[^\s\-#+/,?.<>]+)*")
_NUMBER = r"\d+(?:[.,]\d+)?"
_ANYTHING = r".{0,40}?"
_SIGNS = {"#": _NUMBER, "...": _ANYTHING}
_WORD_BEGINS = r"(?<!\w)"
_GROUP = re.compile(r"\(([^()]*)\)")

SPACE = r"(?>(?:[^\w.;:,]|\.(?=\d))+)"
"""Between two words of one clause: all of it, for what gives parts back is tried in very many ways in a long text."""
_SPACE_WITHOUT_POINT = r"(?>[^\w.;:,]+)"
_PART = r"(?>\w[\w'/]*)"
_OPEN_WORD = rf"{_PART}(?:(?:-|\.(?=\d)){_PART}){{0,3}}"
"""A word that may also end within itself: what is looked for can be its last part ("leg-ulcer")."""
WORD = rf"(?>{_OPEN_WORD})"
"""A word, all of it; "in-center" and "2.5" are one."""

NEVER = re.compile(r"(?!)")
"""A pattern that finds nothing: what an empty list of phrases means."""


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the phrases, the longest first where several begin at one place."""
    sources = one_of(phrases)
    return re.compile(sources, re.IGNORECASE) if sources else NEVER


def one_of(phrases: Iterable[str]) -> str:
    """The source of a pattern for any of the phrases; "" for none.

    That a word begins is asked once for all of them: most places of a text are not the beginning of a word.
    """
    sources = map(source_of, sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase)))
    words: list[str] = []
    others: list[str] = []
    for source in sources:
        (words if source.startswith(_WORD_BEGINS) else others).append(source.removeprefix(_WORD_BEGINS))
    return "|".join([*([f"{_WORD_BEGINS}(?:{'|'.join(words)})"] if words else []), *others])


def spellings(phrase: str) -> list[str]:
    """Every way to write a phrase: `h(a)emorrhage` is two words, `(liver|hepatic) failure` two phrases."""
    group = _GROUP.search(phrase)
    if group is None:
        return [" ".join(phrase.split())]
    choices = group[1].split("|") if "|" in group[1] else ["", group[1]]
    before, after = phrase[: group.start()], phrase[group.end() :]
    return [spelling for choice in choices for spelling in spellings(before + choice + after)]


def near(words: Iterable[str], others: Iterable[str], within: int) -> str:
    """The source of a pattern: a word of each list with at most `within` words between them, in either order.

    A comma may follow the first word when it qualifies ("painful, non-healing wound"), or stand before the last word of
    a clause ("ulcer of the calf, painful").
    """
    first = f"(?:{one_of(words)})"
    second = f"{_WORD_BEGINS}(?:{'|'.join(source_of(word, plural=True).removeprefix(_WORD_BEGINS) for word in others)})"
    gap, over = (space + up_to(within, space) for space in (SPACE, f",?{SPACE}"))
    return rf"{first},?{gap}{second}|{second}{gap}{first}|{second}{over}{first}(?=\s*(?:[.;:,]|$))"


def up_to(number: int, space: str = SPACE) -> str:
    """The source of a pattern: at most so many words, each with a space behind it, as few as possible.

    Only the last of them may end within itself, so that a text is not tried in every way of cutting its words.
    """
    return rf"(?:(?:{WORD}{space}){{0,{number - 1}}}?{_OPEN_WORD}{space})??" if number else ""


def source_of(phrase: str, *, plural: bool = False) -> str:
    """The source of the pattern of one phrase; `plural` also allows an s or es at its end."""
    start = r"^\W*" if phrase.startswith("^") else ""
    tokens = _TOKEN.findall(phrase.removeprefix("^"))
    source = _bare(tokens[0])
    for before, token in pairwise(tokens):
        source += _gap(before, token) + _bare(token)
    if plural:
        source += "(?:e?s)?"
    head = _WORD_BEGINS if tokens[0][0].isalnum() or tokens[0][0] == "*" else ""
    tail = r"(?!\w)" if tokens[-1][-1].isalnum() else ""
    return f"{start}{head}{source}{tail}"


def _bare(token: str) -> str:
    if token in _SIGNS:
        return _SIGNS[token]
    if token.startswith("<"):
        return up_to(int(token[1]), _SPACE_WITHOUT_POINT)
    source = re.escape(token.strip("*"))
    return (r"\w*" if token.startswith("*") else "") + source + (r"\w*" if token.endswith("*") else "")


def _gap(before: str, after: str) -> str:
    """What may stand between two tokens: at least one blank or hyphen between words, anything less around signs."""
    if "..." in (before, after) or before.startswith("<"):
        return ""
    if after.startswith("<"):
        return _SPACE_WITHOUT_POINT
    return r"[\s\-]+" if before[-1].isalnum() and after[0].isalnum() else r"[\s\-]*"
