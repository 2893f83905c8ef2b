"""Which texts are worth reading: most hold no word that could tell anything, and are put aside at once.

What may live here: from phrases to the first letters and pieces that a text must hold. Texts and phrases are folded
(`folding.fold`). A screen may let a text pass for nothing, but never keeps one back in which a phrase stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

KEY_LENGTH = 4
"""So many first letters of the words of a text are looked at before it is read."""
_BEGINS = re.compile(rf"(?<!\w)\w{{1,{KEY_LENGTH}}}")
# No `*word`, and no `word*` that is shorter than the first letters of the words it stands for.
_WORD = re.compile(rf"(?<![\w*<])(?!\w{{1,{KEY_LENGTH - 1}}}\*)(?:[^\W\d_]\w*|\d[^\W\d_]\w*)")
_PIECE = re.compile(r"(?<!<)[^\W_]+")


@dataclass(frozen=True, slots=True)
class Screen:
    """What makes a text worth reading: one of `keys` begins a word of it, or one of `inside` stands anywhere in it."""

    keys: frozenset[str]
    inside: tuple[str, ...]

    @classmethod
    def of(cls, phrases: Iterable[str], common: Collection[str]) -> Screen:
        """The screen for phrases without any of their alternatives; for the sake of `common` words no text is read."""
        keys, inside = set(), set()
        for phrase in phrases:
            if word := telling_word(phrase, common):
                keys.add(word[:KEY_LENGTH])
            elif piece := telling_piece(phrase):
                inside.add(piece)
        return cls(frozenset(keys), tuple(sorted(inside)))

    @classmethod
    def any_of(cls, screens: Iterable[Screen]) -> Screen:
        """The screen that lets pass what one of these does."""
        screens = tuple(screens)
        inside = {piece for screen in screens for piece in screen.inside}
        return cls(frozenset(key for screen in screens for key in screen.keys), tuple(sorted(inside)))

    def passes(self, begins: Collection[str], plain: str) -> bool:
        """Is this text worth reading, whose words begin like this?"""
        if not self.keys.isdisjoint(begins):
            return True
        # Most screens have no pieces; asking `any` would cost each of them more than all the rest.
        return bool(self.inside) and any(piece in plain for piece in self.inside)


def begins_of(plain: str) -> list[str]:
    """The first letters of the words of a text."""
    return _BEGINS.findall(plain)


def telling_word(phrase: str, common: Collection[str] = ()) -> str:
    """The longest word of a phrase (the last of several) that is not common: its first letters stand in the text."""
    words = _WORD.findall(phrase.lower())
    return max(words, key=lambda word: (word not in common, len(word), words.index(word)), default="")


def telling_piece(phrase: str) -> str:
    """The longest row of letters of a phrase, for one that has no telling word; "" for one of signs alone."""
    return max(_PIECE.findall(phrase), key=len, default="")
