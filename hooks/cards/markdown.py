"""GitHub-flavoured Markdown for narrow side panels.

What may live here: escaping and joining of text. Some EHRs render a card's detail as HTML, so text from a record may
carry neither markup nor a link: it is shown, never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"([\\`*_\[\]|~#!])")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
"""Control and direction characters, and those that show nothing but carry text."""
_WEB_NAME = re.compile(r"(\w)\.(?=[^\W\d_]{2})|(www)\.", re.IGNORECASE)
"""The full stop of what a renderer may take for an address: "www.", or letters on both sides of it."""
_SPACES = re.compile(r"\s+")
_WORD = r"[A-Za-z0-9(),.;%+/'-]+"
_HARMLESS = re.compile(rf"(?!.*(?:www\.|//|\w\.[a-z]{{2}})){_WORD}(?: {_WORD})*", re.IGNORECASE | re.ASCII)
"""What most of a record is made of: nothing to take out, fold or escape."""
RECORD_TEXT_LIMIT = 120
"""A text taken from a record is cut after this many characters: it is a name or a phrase, not a document."""


def plain(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """A record's text on one line: control and direction characters gone, white space folded, cut at `limit`."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text
    line = _SPACES.sub(" ", _UNSEEN.sub(" ", text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """A record's text made harmless in Markdown and in HTML: no markup, no entity, no automatic link."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text
    line = plain(text, limit)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    line = _SPECIAL.sub(r"\\\1", line)
    # Many renderers link bare addresses by themselves, with and without a scheme.
    return _WEB_NAME.sub(r"\1\2&#46;", line.replace("//", "/&#47;").replace("@", "&#64;"))


def bullets(title: str, lines: Iterable[str]) -> str:
    """A bold title with a list below it, or nothing when there is no line."""
    items = [f"- {line}" for line in lines if line]
    return "\n".join([f"**{title}**", "", *items]) if items else ""


def numbered(title: str, lines: Iterable[str]) -> str:
    """A bold title with a numbered list below it, or nothing when there is no line."""
    items = [f"{number}. {line}" for number, line in enumerate((line for line in lines if line), 1)]
    return "\n".join([f"**{title}**", "", *items]) if items else ""


def paragraphs(*parts: str) -> str:
    """The non-empty parts with a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def listed(words: Iterable[str]) -> str:
    """'a', 'a and b', 'a, b and c'; repeated words once."""
    unique = list(dict.fromkeys(words))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}" if unique else ""
