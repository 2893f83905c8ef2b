"""The same database, for whoever may wait longer for an answer than a clinician's call.

What may live here: that.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from cds_service.storage.database import Database


@dataclass(frozen=True, slots=True)
class Patiently:
    """A database of which a statement may take so many seconds. To be read: it writes nothing."""

    database: Database
    seconds: float

    def connected(self) -> AbstractContextManager[Connection]:
        """A transaction. Raises StoreError where the database cannot be used, or took longer."""
        return self.database.connected(self.seconds)
