"""Letters as names are compared: in any letter case, with or without accents, however the characters are composed.

What may live here: the folding of texts. Which words count stands in the data files. There are two modules for it: this
one folds freely, for names that are only compared; `folding` keeps places, for readers that quote clauses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SPELT_OUT = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'", "‘": "'"}
    | dict.fromkeys("‐‒–—−", "-")
    | {"_": " "}
)
"""Letters that Unicode does not take apart, and signs that stand for plainer ones."""

_BROKEN = re.compile("[\ud800-\udfff\ufffd]")
"""Half characters, and the character that stands for what could not be read."""

_BETWEEN_WORD_AND_NUMBER = re.compile(r"(?<=[^\W\d_]{2})(?=\d)|(?<=\d)(?=[^\W\d_]{2})")

_UNSEEN = frozenset({"Mn", "Cf"})
"""Accents, once they stand alone, and characters that nobody sees (soft hyphens, joiners)."""

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category, which nobody sees either."""


def folded(text: str) -> str:
    """The text as names are compared: "ACÉTATE" and "acetate", "Straße" and "STRASSE" are the same; "_" is a blank."""
    if text.isascii():
        return text.lower().replace("_", " ")
    # The trademark sign would come apart into two letters of the name in front of it.
    apart = unicodedata.normalize("NFKD", text.casefold().replace("™", " ")).translate(_SPELT_OUT)
    return "".join(letter for letter in apart if not _is_unseen(letter))


def parted(text: str) -> str:
    """The text with a blank for each character that nobody sees; "" where it has none.

    Some stand within a word, some between two: `folded` leaves them out, as within a word.
    """
    if text.isascii():
        return ""
    apart = "".join(" " if _is_hidden(letter) else letter for letter in text)
    return "" if apart == text else apart


def as_seen(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts, and once more those with characters that nobody sees, which may stand between two words."""
    texts = tuple(texts)
    return (*texts, *filter(None, map(parted, texts)))


def spaced(text: str) -> str:
    """The text with a blank between words and numbers: codes are glued to names ("WARFARIN5MG").

    A single letter belongs to its number: "D5W" is a solution of sugar and holds no vitamin D.
    """
    return _BETWEEN_WORD_AND_NUMBER.sub(" ", text)


def mended(text: str, letter: str) -> str:
    """The text with this letter in the place of each half character, or of what came in place of one."""
    return _BROKEN.sub(letter, text)


def is_broken(text: str) -> bool:
    """Is half a character in the text, or what came in place of one?"""
    return _BROKEN.search(text) is not None


def has_other_script(text: str) -> bool:
    """Is there a letter that is not Latin?"""
    return not text.isascii() and any(
        letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN") for letter in text
    )


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN or letter in _FILLERS


def _is_hidden(letter: str) -> bool:
    """As `_is_unseen`, in a text as it came: there an accent belongs to its letter."""
    return unicodedata.category(letter) == "Cf" or letter in _FILLERS
