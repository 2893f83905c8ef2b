"""Letters as names are compared: in any letter case, with or without accents, however the characters are composed.

What may live here: the folding of texts. Which words count stands in the data files. There are two modules for it: this
one folds freely, for names that are only compared; `folding` keeps places, for readers that quote clauses.
"""

from __future__ import annotations

import unicodedata

_SPELT_OUT = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'", "‘": "'"}
    | dict.fromkeys("‐‒–—−", "-")
)
"""Letters that Unicode does not take apart, and signs that stand for plainer ones."""

_UNSEEN = frozenset({"Mn", "Cf"})
"""Accents, once they stand alone, and characters that nobody sees (soft hyphens, joiners)."""


def folded(text: str) -> str:
    """The text as names are compared: "ACÉTATE" and "acetate", "Straße" and "STRASSE" become the same."""
    if text.isascii():
        return text.lower()
    # The trademark sign would come apart into two letters of the name in front of it.
    apart = unicodedata.normalize("NFKD", text.casefold().replace("™", " ")).translate(_SPELT_OUT)
    return "".join(letter for letter in apart if unicodedata.category(letter) not in _UNSEEN)
