"""The commands that the documents show, as a reader would type them.

What may live here: finding them. A command is a line of a fenced block of shell, a line after the prompt `$ ` in a
block that shows a terminal, or what stands in backticks and begins with a program of ours. What comes of each is said
in `table`.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_SHELL = {"sh", "bash", "shell", "console"}
_OURS = re.compile(r"(?:[A-Z_]+=\S+ )*(?:calciphylaxis-cds|make|docker compose|\.venv/bin/\S+|\.) \S")


def shown(document: str) -> list[str]:
    """The commands of a document in the order in which they stand, each once."""
    found = [command for kind, text in _pieces(document) for command in _commands(kind, text)]
    return list(dict.fromkeys(found))


def _pieces(document: str) -> list[tuple[str, str]]:
    """(language, text) of each fenced block, "text" where it has none; ("", text) of what stands between them."""
    parts = _FENCE.split(document)
    kinds = [kind or "text" for kind in parts[1::3]]
    blocks, prose = parts[2::3], parts[3::3]
    rest = [
        piece for kind, block, after in zip(kinds, blocks, prose, strict=True) for piece in ((kind, block), ("", after))
    ]
    return [("", parts[0]), *rest]


def _commands(kind: str, text: str) -> list[str]:
    if not kind:
        spans = [" ".join(span.split()) for span in _SPAN.findall(text)]
        return [span for span in spans if _OURS.match(span)]
    lines = [line.strip() for line in text.splitlines()]
    if kind not in _SHELL:
        return [bare(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]
    return [bare(line) for line in lines if bare(line)]


def bare(line: str) -> str:
    """Without a comment at its end."""
    return re.sub(r"(^|\s)#\s.*$", "", line).strip()


def fenced(document: str, holding: str) -> str:
    """The first fenced block of a document that holds these words, without its indentation."""
    for _, text in _pieces(document):
        if holding in text and text in _FENCE.split(document)[2::3]:
            indent = len(text) - len(text.lstrip(" "))
            return re.sub(rf"^ {{0,{indent}}}", "", text, flags=re.MULTILINE)
    raise LookupError(holding)
