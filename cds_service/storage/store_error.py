"""The one error of this room.

What may live here: nothing else, so that every module of the room can raise it.
"""

from __future__ import annotations


class StoreError(Exception):
    """The database could not be used. The text holds neither values nor the address of the database.

    `said` is what the driver says about it, "" where that could quote a row. It may name the address: it is for whoever
    operates the database, and for no log.
    """

    def __init__(self, text: str, said: str = "") -> None:
        super().__init__(text)
        self.said = said
