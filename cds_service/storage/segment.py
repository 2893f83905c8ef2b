"""One file of the spool: lines that are appended, and a lock that ends with the process that holds it.

What may live here: a file from its first line to its removal. Which files there are, and who may write them, is the
business of `spool`.

A line that was written whole survives the death of the process (kill -9): it lies with the system, not with us.
`to_disk` also hands it to the disk, for what may not be lost with the power.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cds_service.durable_files import sync_content, sync_names

_READ_AT_ONCE = 1 << 20
_PRIVATE = 0o600
_CLOSED = -1


class Segment:
    """A file that this process holds: `made_in` makes one, `adopted` takes over what another process left.

    `is_sound` is False where a part of a line stands at its end, that could not be taken away.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor, self.is_sound = path, descriptor, True
        self.bytes = os.fstat(descriptor).st_size

    @classmethod
    def made_in(cls, folder: Path, name: str) -> Segment:
        """A new, empty one. Raises OSError: BlockingIOError where another process took it over before we held it."""
        path = folder / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, _PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                path.unlink(missing_ok=True)
            raise
        segment = cls(path, descriptor)
        if not segment.is_there():
            segment.let_go()
            raise BlockingIOError(errno.EWOULDBLOCK, "it was taken over and removed")
        return segment

    @classmethod
    def adopted(cls, path: Path) -> Segment | None:
        """The file that a process left which has ended; None where somebody holds it or has just removed it."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return None
            raise
        segment = cls(path, descriptor)
        if segment.is_there():
            return segment
        segment.let_go()
        return None

    def is_there(self) -> bool:
        """Does the file still have a name? What is written into one without would be gone with us."""
        return os.fstat(self._descriptor).st_nlink > 0

    def append(self, lines: bytes) -> None:
        """Add whole lines. Raises OSError; then nothing of them stands in the file, as long as it is sound."""
        try:
            written = os.write(self._descriptor, lines)
            if written < len(lines):
                raise OSError(errno.ENOSPC, "not all could be written")
        except OSError:
            self.is_sound = False
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.bytes)
                self.is_sound = True
            raise
        self.bytes += written

    def try_out(self, size: int) -> None:
        """Could so many bytes be added? They are, and taken away again. Raises OSError where not."""
        before = self.bytes
        self.append(b"\n" * size)
        os.ftruncate(self._descriptor, before)
        self.bytes = before

    def handle(self) -> int:
        """A further descriptor of this file, for `to_disk`: it stays what it is when the file is removed."""
        return os.dup(self._descriptor)

    def lines(self) -> Iterator[bytes]:
        """All lines from the first on, without what a process that was killed did not write to its end."""
        for line in self._parts():
            if line.endswith(b"\n"):
                yield line[:-1]

    def _parts(self) -> Iterator[bytes]:
        with open(os.dup(self._descriptor), "rb", buffering=_READ_AT_ONCE) as file:  # a descriptor
            file.seek(0)
            yield from file

    def remove(self) -> None:
        """Its lines are kept elsewhere now."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self.let_go()

    def let_go(self) -> None:
        """Leave the file to whoever comes; a second time this does nothing."""
        descriptor, self._descriptor = self._descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)


def to_disk(folder: Path, descriptor: int) -> None:
    """Wait until the disk has this file, its name too, and close the descriptor. Raises OSError."""
    try:
        sync_content(descriptor)
    finally:
        os.close(descriptor)
    sync_names(folder)
