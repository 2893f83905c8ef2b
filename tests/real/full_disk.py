"""A disk that is full for a service, and has room again: by a limit on the size of files, or a small disk of its own.

What may live here: making it so. What the service does then is the business of the tests.
"""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bench.servers import Running

SMALL_BYTES = 200
"""Less than a line of the spool, so that a part of it can be written, and less than a page of SQLite."""
_DISK_SIZE = "8m"
_AT_ONCE = 4096


@contextmanager
def no_file_grows(service: Running) -> Iterator[None]:
    """Whatever its workers write to a file ends after a few bytes. Needs no rights; their log is cut off as well."""
    _limit(service, SMALL_BYTES)
    try:
        yield
    finally:
        _limit(service, resource.RLIM_INFINITY)


def _limit(service: Running, most: int) -> None:
    for pid in (service.pid, *service.workers()):
        with suppress(ProcessLookupError):
            # The hard limit stays: whoever lowers it cannot raise it again.
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of a few megabytes, mounted on this new folder. Skips the test where we may not mount."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_SIZE},mode=700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount on this machine")
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not one block of it is free."""
    ballast = disk / "ballast"
    try:
        with ballast.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(_AT_ONCE)):
                pass
        yield
    finally:
        ballast.unlink()
