"""The counts of several workers together, in a folder that only they use.

What may live here: that folder, and what becomes of it when a process ends or is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from cds_service.metrics.counted import NAME, is_on

NEEDED_BYTES = 32_000_000
"""So much room it needs: a few files for each worker that ever was."""
FOLDER = f"{NAME}-metrics-"
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the library knows it; read when the library is first imported."""


def share(folder: Path | None = None) -> Path | None:
    """Let the workers of this process count together, in a folder of their own; called before `switch_on`.

    Without a folder one is made, in memory where there is a file system for that: a disk that is full would end whoever
    counts. What earlier processes left there is removed. None where there is no room: each worker counts by itself.
    """
    _remove_left_over()
    made = folder or _made()
    if shutil.disk_usage(made).free < NEEDED_BYTES:
        shutil.rmtree(made, ignore_errors=True)
        return None
    os.environ[MULTIPROCESS] = str(made)
    atexit.register(_remove, made, os.getpid())
    return made


def worker_ended(pid: int) -> None:
    """A worker is gone; what it counted stays."""
    if MULTIPROCESS in os.environ and is_on():
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _in_memory() -> str | None:
    shared = "/dev/shm"  # noqa: S108 (memory, and a folder of our own in it)
    return shared if os.path.isdir(shared) and os.access(shared, os.W_OK) else None


def _made() -> Path:
    """A new folder that is held: by this process and those that are forked from it, until the last of them ends."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=FOLDER, dir=_in_memory()))
        descriptor = _opened(made)
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if made.is_dir():
                return made
            os.close(descriptor)


def _opened(folder: Path) -> int | None:
    """None where another process that starts has just taken it for left over."""
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _remove(folder: Path, pid: int) -> None:
    """At the end of the process that made it, and of none that was forked from it."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_over() -> None:
    """The folders of our own processes that were killed.

    Nobody holds these any more. The number of a process would not tell: that of a killed one is soon another's, and in
    a container each one has the same.
    """
    for left in Path(_in_memory() or tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):
            if left.stat().st_uid == os.getuid():
                _remove_unless_held(left)


def _remove_unless_held(folder: Path) -> None:
    descriptor = _opened(folder)
    if descriptor is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
