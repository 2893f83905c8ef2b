"""What a spreadsheet does with a text in a CSV file.

What may live here: one guard for every file that we write for spreadsheets.
"""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@")
_BREAKS = ("\t", "\r", "\n")
"""Some spreadsheets leave these out and read on, others begin a new cell with them."""


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it, whatever blanks it begins with."""
    begins_with_a_break = text.lstrip(" ").startswith(_BREAKS)
    return f"'{text}" if begins_with_a_break or text.lstrip().startswith(_FORMULA) else text
