"""A card's detail: GitHub-flavoured Markdown of any service as HTML that is safe on our pages.

What may live here: how Markdown becomes HTML. Raw HTML in it is shown as text, pictures are not loaded, and a link
leads to http or https addresses only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from cds_service.web.markdown import safe_parser

_LOWEST_HEADING, _STEP = 6, 3
"""A heading of the text stands below the heading of its card, which is an h3."""


@dataclass(frozen=True, slots=True)
class Detail:
    """The first paragraph, which says what matters, and all the rest; each may be empty."""

    lead: Markup
    rest: Markup


def render_detail(text: str) -> Detail:
    """The Markdown as HTML in two parts."""
    tokens = _parser().parse(text)
    for token in tokens:
        _make_fit(token)
    cut = next((at + 1 for at, token in enumerate(tokens) if token.type == "paragraph_close" and not token.level), 0)
    first = cut if tokens and tokens[0].type == "paragraph_open" else 0
    return Detail(_html(tokens[:first]), _html(tokens[first:]))


def _make_fit(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(_LOWEST_HEADING, int(token.tag[1]) + _STEP)}"
    for child in token.children or ():
        if child.type == "link_open":
            child.attrSet("rel", "noopener noreferrer")
            child.attrSet("target", "_blank")


def _html(tokens: Sequence[Token]) -> Markup:
    parser = _parser()
    # The parser escapes all text and has raw HTML switched off.
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704


@cache
def _parser() -> MarkdownIt:
    return safe_parser().enable(["table", "strikethrough"])
