"""The file of the kill switch: which cards are switched off at once, since when, by whom and why.

What may live here: the file from its bytes to a value and back. It lies beside the folder of the spool, is private to
the user of the service, and is replaced as a whole, so that nobody ever reads half of it. When a worker looks at it is
the business of `kill_switch`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from cds_service.durable_files import replace_file, sync_content
from cds_service.storage.spool import Spool
from cds_service.storage.store_error import StoreError

_ENDING, _LOCK = ".kill-switch.json", ".lock"
_USED = b"The kill switch has been used: without its file beside this one nobody knows what is switched off.\n"
"""Stands in the lock as soon as there was a file, which then always stays, with an empty list too."""

GONE = "the file of the kill switch is gone"


class KillSwitchError(StoreError):
    """The file cannot be read or written, or is not one of ours. The text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """Cards that are not shown: of one topic, or of all; for one tenant, or for all. `since` has a time zone."""

    since: datetime
    by: str
    reason: str
    topic: str | None = None
    tenant: str | None = None

    def is_for(self, topic: str | None, tenant: str | None) -> bool:
        """Is it exactly this that was switched off?"""
        return (self.topic, self.tenant) == (topic, tenant)

    def concerns(self, tenant: str | None) -> bool:
        """Does this tenant get fewer cards by it? None asks for every tenant."""
        return None in (tenant, self.tenant) or tenant == self.tenant


def file_beside(spool: Spool | None) -> Path | None:
    """Where the file of a service with this spool lies; None for one without, whose database is in memory."""
    return spool.folder.with_name(f"{spool.folder.name}{_ENDING}") if spool else None


def read_switched_off(path: Path) -> tuple[SwitchedOff, ...]:
    """What is switched off; nothing where there is no file yet.

    Raises:
        KillSwitchError: it cannot be read, or there was one and it is gone.
    """
    entries = _entries(path)
    if entries is None and _was_used(path):
        raise KillSwitchError(GONE)
    return entries or ()


def _entries(path: Path) -> tuple[SwitchedOff, ...] | None:
    """What the file holds, None where there is none. Raises KillSwitchError."""
    try:
        told = orjson.loads(path.read_bytes())
        return tuple(map(_entry, told["off"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise KillSwitchError(f"the kill switch cannot be read ({type(error).__name__})") from None


def _was_used(path: Path) -> bool:
    """Raises KillSwitchError where nobody can tell."""
    try:
        return _lock_of(path).stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise KillSwitchError(f"the kill switch cannot be read ({type(error).__name__})") from None


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + _LOCK)


def _entry(one: Mapping[str, Any]) -> SwitchedOff:
    """One entry of the file. Raises TypeError, ValueError or KeyError."""
    since, told = datetime.fromisoformat(one["since"]), (one["by"], one["reason"])
    narrowed = [one.get("topic"), one.get("tenant")]
    if since.tzinfo is None or not all(
        isinstance(text, str) for text in (*told, *(text for text in narrowed if text is not None))
    ):
        raise ValueError("of another kind")
    return SwitchedOff(since, *told, *narrowed)


@contextmanager
def changing(path: Path) -> Iterator[list[SwitchedOff]]:
    """What is switched off, to be changed; what it is at the end of the block is written. One at a time may change it.

    Where the file is gone, that is nothing: whoever switches begins anew.

    Raises:
        KillSwitchError: it cannot be read or written, and is as it was; or the disk did not confirm what was written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_written(error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        off = list(_entries(path) or ())
        yield off
        _write(path, off, lock)
    finally:
        os.close(lock)


def _write(path: Path, off: Sequence[SwitchedOff], lock: int) -> None:
    whole = orjson.dumps({"off": [asdict(one) for one in off]}, option=orjson.OPT_INDENT_2)
    try:
        replace_file(path, whole)
        if not os.fstat(lock).st_size:
            os.write(lock, _USED)
            sync_content(lock)
    except OSError as error:
        raise _not_written(error) from None


def _not_written(error: OSError) -> KillSwitchError:
    return KillSwitchError(f"the kill switch cannot be written ({type(error).__name__})", str(error.strerror))
