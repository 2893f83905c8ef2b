"""A request as a cURL command for POSIX shells.

What may live here: quoting. A request that is made here carries no token, so none can stand in the command.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

_END = "END_OF_REQUEST"


def as_curl(url: str, body: Mapping[str, Any]) -> str:
    """The command that posts the body to this address.

    The JSON stands in a here-document with a quoted end, in which a shell replaces nothing. It is ASCII, so that no
    terminal and no clipboard changes it, and has no "!", which a shell that remembers commands might replace. No line
    of JSON is the end: each begins with a blank or a brace.
    """
    written = json.dumps(body, indent=1).replace("\x7f", r"\u007f").replace("!", r"\u0021")
    return (
        f"curl --request POST {shlex.quote(url)} \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data-binary @- <<'{_END}'\n{written}\n{_END}\n"
    )
