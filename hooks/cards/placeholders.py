"""The values of a text's placeholders, each worked out once and only when the text asks for it.

What may live here: this mapping.
"""

from __future__ import annotations

from collections.abc import Callable


class Placeholders(dict[str, str]):
    """Made for `str.format_map`; `make` gives the words for a name and raises KeyError for an unknown name."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> str:
        """The words for a name that was not asked for before."""
        self[name] = words = self._make(name)
        return words
