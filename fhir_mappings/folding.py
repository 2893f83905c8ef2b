"""Text without letter case and accents, letter by letter, so that places in it are places in the composed text.

What may live here: how letters are compared; no words. There are two modules for it: this one keeps places, for readers
that quote clauses; `letters` folds freely ("ß" is "ss"), for names that are only compared.
"""

from __future__ import annotations

import unicodedata

_SAME = {ord(dash): "-" for dash in "‐‑‒–—−"} | {ord(mark): "'" for mark in "‘’ʼ"} | {ord(mark): " " for mark in "_＿"}
_UNSEEN = "Cf"
"""The category of such characters. They are not printable, which is quickly asked of a whole text."""
_KEPT_BELOW = 0x250
"""Letters of European languages are worked out once; others are rare and not kept."""


class _Letters(dict[int, str]):
    """Every letter without its accents and in lower case; one letter stays one letter."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFKD", letter)
        plain = (parts[0] if all(map(unicodedata.combining, parts[1:])) else letter).lower()
        found = plain if len(plain) == 1 else letter
        if code < _KEPT_BELOW:
            self[code] = found
        return found


class _Lower(dict[int, str]):
    """Every letter in lower case, with its accents; one letter stays one letter."""

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()
        return lower if len(lower) == 1 else chr(code)


_LETTERS, _LOWER = _Letters(_SAME), _Lower(_SAME)


def composed(text: str) -> str:
    """The text with each accented letter as one sign and without characters that nobody sees (soft hyphens, joiners).

    Places in a text are counted in what this answers.
    """
    if text.isascii():
        return text
    if not text.isprintable():
        text = "".join(letter for letter in text if unicodedata.category(letter) != _UNSEEN)
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """A composed text without letter case and accents, of the same length; "_" is a blank."""
    return text.lower().replace("_", " ") if text.isascii() else text.translate(_LETTERS)


def lower(text: str) -> str:
    """A composed text without letter case but with its accents, of the same length; "_" is a blank."""
    return text.lower().replace("_", " ") if text.isascii() else text.translate(_LOWER)
