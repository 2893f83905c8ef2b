"""Markdown as HTML that is safe on our pages, from any source.

What may live here: the one parser that all pages start from, and which addresses may be links.
"""

from __future__ import annotations

from markdown_it import MarkdownIt


def safe_parser() -> MarkdownIt:
    """Raw HTML is shown as text, pictures are not loaded, and a link leads to http or https addresses only."""
    parser = MarkdownIt("commonmark", {"html": False}).disable("image")
    parser.validateLink = is_web_address  # type: ignore[method-assign]  # the library's own way to set it
    return parser


def is_web_address(url: str) -> bool:
    """Does the address begin as one of the web?"""
    return url.lower().startswith(("http://", "https://"))
