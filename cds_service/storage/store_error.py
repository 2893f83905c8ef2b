"""The one error of this room.

What may live here: nothing else, so that every module of the room can raise it.
"""

from __future__ import annotations


class StoreError(Exception):
    """The database could not be used. The text holds neither values nor the address of the database."""
