"""Who answers for something, by name: are two names those of one person?

What may live here: comparing names as people write them.
"""

from __future__ import annotations

import unicodedata

_TITLES = frozenset({"dr", "doctor", "prof", "professor", "mr", "mrs", "ms", "sr", "herr", "frau"})
_WHOLE_NAME = 2


def person(name: str) -> str:
    """The name without titles, dots and letter case, to be compared; "" where nothing of it is left.

    What follows the comma after a whole name is what somebody does: Dr Ana Silva, nephrology. After one word (as in
    Silva, Ana) it belongs to the name.
    """
    before, _, after = name.partition(",")
    words = _words(before)
    return " ".join(words if len(words) >= _WHOLE_NAME else words + _words(after))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().replace(".", " ")
    return [word for word in plain.split() if word not in _TITLES]
