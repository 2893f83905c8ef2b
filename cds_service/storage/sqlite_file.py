"""The file of an SQLite database: made for us alone, and noticed when it is no longer the one that was opened.

What may live here: looking at the file from outside. It is never opened here while SQLite has it open: closing it
again would take SQLite's locks away.

A process may go on writing to a file that was deleted or moved away, without any error. So the database asks before
and after each transaction whether the path still leads to the file that it opened, and to its write-ahead log.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy.engine import URL

from cds_service.durable_files import sync_content, sync_names
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

_READABLE_BY_OTHERS = 0o044
Inode = tuple[int, int] | None
"""Device and number of a file; None where there is no file."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Where the database lies. `may_be_made` is False where the URL says that the file has to be there."""

    path: Path
    may_be_made: bool = True

    def make(self) -> None:
        """Make it where there is none, readable by nobody else, whatever the umask. SQLite's other files follow it."""
        # Where it cannot be made SQLite cannot open it either, and says why.
        with suppress(OSError):
            if self.may_be_made:
                os.close(os.open(self._behind_links(), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def is_readable_by_others(self) -> bool:
        """May other users of this machine read it?"""
        with suppress(OSError):
            return bool(self.path.stat().st_mode & _READABLE_BY_OTHERS)
        return False

    def inode(self) -> Inode:
        """Which file the path leads to at this moment. Raises StoreError where that cannot be seen."""
        return _inode(self.path)

    def opened(self, inode: Inode) -> OpenedFile:
        """What is open now: the file that was seen as `inode` before it was opened, with its write-ahead log."""
        # SQLite keeps the log beside the file itself, not beside a link to it.
        log_path = Path(f"{self._behind_links()}-wal")
        return OpenedFile(self.path, inode, log_path, _inode(log_path))

    def to_disk(self) -> None:
        """Wait until the disk has all that was committed: what is no longer in the log is on the disk already.

        Raises:
            StoreError: the disk did not confirm it.
        """
        behind = Path(self._behind_links())
        try:
            with suppress(FileNotFoundError):
                _synchronise(Path(f"{behind}-wal"))
            with suppress(FileNotFoundError):
                sync_names(behind.parent)
        except OSError as error:
            raise StoreError(f"the disk did not confirm what was written ({type(error).__name__})") from None

    def named_in(self, url: URL) -> URL:
        """The same URL with this path in full: a relative one would change with the folder of the process."""
        is_uri = (url.database or "").startswith("file:")
        return url.set(database=f"file:{quote(str(self.path))}" if is_uri else str(self.path))

    def _behind_links(self) -> str:
        return os.path.realpath(self.path)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The file and the log that connections have open; the log stays as long as there is a connection."""

    path: Path
    inode: Inode
    log_path: Path
    log_inode: Inode

    def is_there(self) -> bool:
        """Do their paths still lead to them? Raises StoreError where that cannot be seen."""
        return _inode(self.path) == self.inode and _inode(self.log_path) == self.log_inode


def sqlite_file(url: URL) -> SqliteFile | None:
    """The file of this URL; None for a database in memory, and for one on a server."""
    name, mode = url.database or ":memory:", url.query.get("mode", "rwc")
    if url.get_backend_name() != "sqlite" or name == ":memory:" or mode == "memory":
        return None
    if not name.startswith("file:"):
        return SqliteFile(Path(name).absolute())
    path = unquote(urlsplit(name).path)
    return None if path == ":memory:" else SqliteFile(Path(path).absolute(), mode == "rwc")


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync_content(descriptor)
    finally:
        os.close(descriptor)


def _inode(path: Path) -> Inode:
    try:
        seen = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"the database could not be used ({type(error).__name__})") from None
    return seen.st_dev, seen.st_ino
