"""Opening the database of a worker at its first use, and again where the file of SQLite was replaced.

What may live here: the engine that is open, and who opens it while the others wait. What is done with it stands in
`database`.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from cds_service.storage.engine import new_engine
from cds_service.storage.migrating import bring_up_to_date
from cds_service.storage.sqlite_file import OpenedFile, SqliteFile
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine, and for SQLite the file that it opened."""

    engine: Engine
    file: OpenedFile | None = None

    def is_there(self) -> bool:
        """Is it still the database that was opened?"""
        return self.file is None or self.file.is_there()


class Opening:
    """One database that is open, or can be opened. Create it anywhere, use it after the fork."""

    def __init__(self, url: URL, file: SqliteFile | None) -> None:
        """`file` is that of SQLite; None for a database in memory or on a server."""
        self._url, self._file = url, file
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._warned = False

    def opened(self, timeout_seconds: float) -> Opened:
        """What is open; it is opened where need be, with its tables made ready.

        Raises:
            StoreError: it cannot be opened, or somebody else has been opening it for that long.
        """
        opened = self._opened
        if opened is not None and opened.is_there():
            return opened
        # The thread that opens the database may get no answer; the others wait no longer than agreed.
        if not self._lock.acquire(timeout=timeout_seconds):
            raise StoreError("the database could not be used (it is still being opened)")
        try:
            if self._opened is not None and not self._opened.is_there():
                log.error("the database file was deleted or replaced: what was stored in it before is gone with it")
                self._let_go()
            if self._opened is None:
                self._opened = self._newly_opened()
            return self._opened
        finally:
            self._lock.release()

    def anew(self) -> Opening:
        """The same database, not opened yet: it takes the place of this one, which is given up."""
        other = Opening(self._url, self._file)
        other._warned = self._warned
        return other

    def give_up(self) -> None:
        """Close what nobody uses, and wait for nobody. Nobody new comes here.

        Whoever comes back from here later calls this again: then that connection is closed.
        """
        opened = self._opened
        if opened is not None:
            # Not the engine's own `dispose`: that makes a new pool, and connections come back to the old one.
            opened.engine.pool.dispose()

    def _newly_opened(self) -> Opened:
        engine = new_engine(self._url, in_memory=self._url.get_backend_name() == "sqlite" and self._file is None)
        try:
            return self._with_file(engine, self._file) if self._file else self._without_file(engine)
        except BaseException:
            engine.dispose()
            raise

    def _with_file(self, engine: Engine, file: SqliteFile) -> Opened:
        file.make()
        self._warn_of_readers(file)
        # Seen before it is opened: a file that takes its place meanwhile is another one.
        inode = file.inode()
        bring_up_to_date(engine)
        return Opened(engine, file.opened(inode))

    def _without_file(self, engine: Engine) -> Opened:
        bring_up_to_date(engine)
        return Opened(engine)

    def _let_go(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.engine.dispose()

    def _warn_of_readers(self, file: SqliteFile) -> None:
        if not self._warned and file.is_readable_by_others():
            self._warned = True
            log.warning("other users of this machine can read the database file; it may hold clinicians' comments")
