"""Text from outside as it may be shown: what a reader sees of it, and nothing that a renderer takes for more than text.

What may live here: which characters are shown, and where a space keeps a renderer from making a link. Markdown stands
in `markdown`.
"""

from __future__ import annotations

import re
import unicodedata

RECORD_TEXT_LIMIT = 120
"""A text taken from a record is cut after this many characters: it is a name or a phrase, not a document."""
_LOOKED_AT = 8
"""So many times its limit is looked at of a text: the rest could be invisible characters, or a whole document."""

_VISIBLE_MARKS = frozenset([*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])
"""Signs of Arabic, Syriac and Kaithi that are drawn around numbers: format characters, and seen all the same."""
_FILLERS = frozenset([0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0])
"""Letters and a pattern that are drawn as a blank."""
_UNDRAWN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""What is no format character and is not drawn either (Unicode: Default_Ignorable), variation selectors among it."""
_JOINERS = re.compile("(?<=[\u0600-\u109f\u1780-\u1cff\ua800-\uabff])([\u200c\u200d])|[\u200c\u200d]")
"""One (non-)joiner after a letter of Persian, Hindi, Malayalam … belongs to the spelling; all others show nothing."""

_ADDRESSES = r"""
    /(?:\\?/)+ (?=[^\s/])                            # //evil.example, with and without a scheme
    | \b(?:mailto|xmpp|tel|sms|callto|skype|javascript|vbscript|data|file): (?=\S)
    | @ (?=[^\s@]*\w\\?\.\w)                         # a@evil.example
    | www\. (?=\S)
    | (?<=[\w\\]) \. (?=[^\W\d_]{2})                 # evil.example: letters behind a full stop
"""
_MARKUP = r"""
    | < (?=[a-z/!?])                                 # <b>, </b>, <!-- -->, <evil:x>
    | \] (?=[(\[:])                                  # [x](evil), [x][y], [x]: evil
    | & (?=\#?[a-z0-9]+;)                            # &#46; and &period; stand for signs of an address
"""
_FLAGS = re.IGNORECASE | re.VERBOSE
_ADDRESS = re.compile(f"({_ADDRESSES})", _FLAGS)
_LINK = re.compile(f"({_ADDRESSES}{_MARKUP})", _FLAGS)
"""What a renderer may make a link or markup of, each up to where a space behind it ends that."""


class _Shown(dict[int, int | str]):
    """For `str.translate`: what is shown of each character. Nothing is kept: there are a million of them."""

    def __missing__(self, point: int) -> int | str:
        letter = chr(point)
        if point in _FILLERS:
            return " "
        if _UNDRAWN.match(letter):
            return ""
        match unicodedata.category(letter):
            case "Cc" | "Zs" | "Zl" | "Zp":
                return " "
            case "Cf" if letter not in "\u200c\u200d" and point not in _VISIBLE_MARKS:
                return ""
            case "Cs":
                return "\ufffd"
        return point


_SHOWN = _Shown()


def visible(text: str) -> str:
    """What a reader sees of a text, on one line.

    Control characters, line breaks and blanks of any kind become spaces. What is not drawn goes: direction marks, soft
    hyphens, zero-width and tag characters, variation selectors. Half a character becomes U+FFFD. A rule by Unicode
    category, so that it holds for the characters of later versions, too.
    """
    if text.isprintable() and not _UNDRAWN.search(text):
        return text
    return _JOINERS.sub(r"\1", text.translate(_SHOWN))


def one_line(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """A text from outside on one line: only what is seen, white space folded, no address, cut at `limit`.

    It may still hold markup. An address is ended by a space, because entities and backslashes do not hold everywhere:
    GitHub's own renderer looks for e-mail addresses when they are gone. Where clinical text looks like an address
    ("Fr.Dr.med", "5.mg") it reads as if it were typed so.
    """
    return _one_line(text, limit, _ADDRESS)


def plain(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """The same without markup, for places where none is read, or nobody knows whether it is."""
    return _one_line(text, limit, _LINK)


def _one_line(text: str, limit: int, ended: re.Pattern[str]) -> str:
    line = " ".join(text.split())
    cut = line[: _LOOKED_AT * limit]
    shown = ended.sub(r"\1 ", " ".join(visible(cut).split()))
    if len(shown) <= limit and len(cut) == len(line):
        return shown
    return shown[: limit - 1].rstrip() + "…"
