"""The one error of this room.

What may live here: nothing else, so that every module of the room can raise it.
"""

from __future__ import annotations

import re

_NAME_OF_A_CLASS = re.compile(r" \([A-Z]\w+\)$")


class StoreError(Exception):
    """The database could not be used. The text holds neither values nor the address of the database.

    `said` is what the driver says about it, "" where that could quote a row. It may name the address: it is for whoever
    operates the database, and for no log.
    """

    def __init__(self, text: str, said: str = "") -> None:
        super().__init__(text)
        self.said = said

    @property
    def in_words(self) -> str:
        """The same for whoever operates the database: what the driver says, in place of its kind of error."""
        text = _NAME_OF_A_CLASS.sub("", str(self))
        return f"{text}: {self.said}" if self.said else text
