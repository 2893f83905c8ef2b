"""Sentences of the clinicians' data files as safe HTML: thresholds filled in, what comes from a record as a slot.

What may live here: turning one text into markup. The texts hold no patient data; a card's {drug} is shown as a word
that stands for the drug.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from cds_service.web.markdown import safe_parser
from hooks.reasons import Numbers, filled

_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Around the words of a slot on their way through the Markdown parser, which has no meaning for these characters."""


def _markdown() -> MarkdownIt:
    parser = safe_parser().disable(["autolink", "html_inline"])
    parser.add_render_rule("link_open", _link)
    return parser


def _link(_: Any, tokens: Any, index: int, *__: Any) -> str:
    return f'<a href="{escape(tokens[index].attrs["href"])}" rel="noopener noreferrer">'


_PARSER = _markdown()


@dataclass(frozen=True, slots=True)
class ReasonsWords:
    """Texts as they read on a day."""

    numbers: Numbers
    slots: Mapping[str, str]
    on: date

    def plain(self, text: str) -> str:
        """A sentence of `reasons.toml`, with the thresholds in force and their units."""
        return filled(text, self.numbers, self.on)

    def card(self, text: str) -> Markup:
        """A line of a card's text: Markdown, with the thresholds in force and a slot for each fact of a patient."""
        html = _PARSER.renderInline(_PLACEHOLDER.sub(self._fill, text))
        # Made by the parser from our own data files, with HTML switched off.
        return Markup(html.replace(_OPEN, '<var class="slot">').replace(_CLOSE, "</var>"))  # noqa: S704

    def as_written(self, text: str) -> Markup:
        """A sentence of one clinic: Markdown, in which nothing is filled."""
        return Markup(_PARSER.renderInline(text))  # noqa: S704  # made by the parser, with HTML switched off

    def _fill(self, match: re.Match[str]) -> str:
        name = match[1]
        if name in self.numbers:
            return self.numbers[name].on(self.on).bare
        return f"{_OPEN}{self.slots[name]}{_CLOSE}"
