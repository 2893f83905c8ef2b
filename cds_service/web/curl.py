"""A request as a cURL command for POSIX shells: the words around the JSON are quoted here for all pages.

What may live here: quoting. A request that is made here carries no token, so none can stand in the command.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

_END = "END_OF_REQUEST"


class Around(NamedTuple):
    """What stands before the JSON and behind it."""

    before: str
    behind: str


def around_json(url: str) -> Around:
    """The command that posts to this address, without the JSON that it posts.

    That goes into a here-document with a quoted end, in which a shell replaces nothing. It has to be ASCII, so that no
    terminal and no clipboard changes it, and without "!", which a shell that remembers commands might replace. No line
    of JSON is the end: each begins with a blank or a brace.
    """
    before = (
        f"curl --request POST {shlex.quote(url)} \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data-binary @- <<'{_END}'\n"
    )
    return Around(before, f"\n{_END}\n")


def as_curl(url: str, body: Mapping[str, Any]) -> str:
    """The command that posts the body to this address. Where a page's own JSON is copied, `exchange.js` puts it in."""
    written = json.dumps(body, indent=1).replace("\x7f", r"\u007f").replace("!", r"\u0021")
    before, behind = around_json(url)
    return f"{before}{written}{behind}"
