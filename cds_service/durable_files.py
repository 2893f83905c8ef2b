"""Files that a power cut leaves whole: as they are now, or as they were before.

What may live here: what a file or a name needs to be on the disk, and how a name is told. What stands in a file is not
known here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_NO_FOLDERS = {errno.EACCES, errno.EISDIR, errno.EBADF, errno.EINVAL, errno.ENOTSUP}
"""What file systems answer that hand no folder to the disk, and folders that we may write and not read."""

_NO_WHOLE_WAY = {errno.EINVAL, errno.ENOTTY, errno.ENOTSUP}
"""What file systems answer that cannot be asked to wait until nothing is left in the memory of the disk itself."""


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that only our user can read, in one step: nobody ever reads half of it, after a power cut neither.

    Raises:
        OSError: it could not be written, and is as it was; or it was written and the disk did not confirm its name.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            sync_content(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    sync_names(path.parent)


def sync_content(descriptor: int) -> None:
    """Wait until the disk has what stands in this file.

    Raises:
        OSError: the disk did not confirm it.
    """
    # macOS has no fdatasync.
    _sync(descriptor, getattr(os, "fdatasync", os.fsync))


def sync_names(folder: Path) -> None:
    """Wait until the disk has the names in this folder, where its file system can be asked for that.

    Raises:
        OSError: the disk did not confirm them, or the folder is not there.
    """
    try:
        names = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync(names, os.fsync)
        finally:
            os.close(names)
    except OSError as error:
        if error.errno not in _NO_FOLDERS:
            raise


def _sync(descriptor: int, usual: Callable[[int], None]) -> None:
    """As `usual` does; on macOS that one does not wait for the disk itself, and there is another one."""
    whole_way = getattr(fcntl, "F_FULLFSYNC", None)
    if whole_way is not None:
        try:
            fcntl.fcntl(descriptor, whole_way)
            return
        except OSError as error:
            if error.errno not in _NO_WHOLE_WAY:
                raise
    usual(descriptor)


def told_name(name: str) -> str:
    """The name of a file as text, with ? for each byte that is none: a log, JSON and a terminal hold text alone."""
    return name.encode("utf-8", "replace").decode("utf-8")
