"""GitHub-flavoured Markdown for narrow side panels.

What may live here: escaping and joining of text. Some EHRs render a card's detail as HTML, so text from a record may
carry neither markup nor a link: it is shown, never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hooks.cards import record_text
from hooks.cards.record_text import RECORD_TEXT_LIMIT

_SPECIAL = re.compile(r"([\\`*_\[\]|~#!])")
_ESCAPED = re.compile(r"\\([\\`*_\[\]|~#!])")
_WORD = r"[A-Za-z0-9(),.;%+/'-]+"
_HARMLESS = re.compile(rf"(?!.*(?:www\.|//|\w\.[a-z]{{2}})){_WORD}(?: {_WORD})*", re.IGNORECASE | re.ASCII)
"""What most of a record is made of: nothing to take out, fold or escape."""


def plain(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """A record's text where no Markdown is read: one line, only what is seen, no link, no markup, cut at `limit`."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text
    return record_text.plain(text, limit)


def escape(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """The same for Markdown: its signs and those of HTML are escaped, and shown as they were typed."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text
    line = record_text.one_line(text, limit)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return _SPECIAL.sub(r"\\\1", line)


def unescaped(text: str) -> str:
    """Words of a card as plain text: what `escape` has done to a record's text is undone."""
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    if "&" in text:
        for sign, entity in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("&", "&amp;")):
            text = text.replace(entity, sign)
    return text


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
