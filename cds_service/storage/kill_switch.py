"""The kill switch as one worker sees it: what is switched off now, noticed within about a second.

What may live here: when the file is looked at, and what holds while it cannot be read. Its form stands in
`kill_switch_file`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cds_service.storage.kill_switch_file import GONE, KillSwitchError, SwitchedOff, read_switched_off

log = logging.getLogger("cds_service")

LOOK_SECONDS = 1.0
"""So often the file is looked at, at most; each call that comes after that looks."""


@dataclass(frozen=True, slots=True)
class KillState:
    """What is switched off; `fault` says in words why that may not be the newest state, "" where it is.

    `is_unknown`: this process has never read the file, so that cards may be shown which somebody has switched off.
    """

    off: tuple[SwitchedOff, ...] = ()
    fault: str = ""
    is_unknown: bool = False


AS_BEFORE = "what was switched off before stays so"
NOT_KNOWN = "it is not known what was switched off; all cards are on"
_NOTHING = KillState()
_NO_FILE: tuple[int, int, int] | None = None


class KillSwitch:
    """Create it anywhere; it needs no thread."""

    _is_known: bool
    _has_looked: bool
    _look_at: float

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a path nothing can be switched off. `clock` gives monotonic seconds."""
        self._path, self._clock = path, clock
        self._forget()

    def begin(self) -> None:
        """In a worker, before its first call: it may come weeks after what its master saw, which does not count."""
        self._forget()
        self.now()

    def now(self) -> KillState:
        """What is switched off, as it was about a second ago at the oldest; the last known where it cannot be read.

        Nobody waits for somebody who is looking, but where this process has never looked.
        """
        is_fresh = self._has_looked and self._clock() < self._look_at
        if self._path is None or is_fresh or not self._lock.acquire(blocking=not self._has_looked):
            return self._state
        try:
            # Whoever has waited finds that somebody has just looked.
            if not (self._has_looked and self._clock() < self._look_at):
                self._look(self._path)
                self._look_at = self._clock() + LOOK_SECONDS
                self._has_looked = True
        finally:
            self._lock.release()
        return self._state

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._state, self._seen = _NOTHING, _NO_FILE
        self._is_known = self._has_looked = False
        self._look_at = 0.0

    def _look(self, path: Path) -> None:
        try:
            seen = _signature(path)
            if seen is _NO_FILE and self._seen is not _NO_FILE:
                raise KillSwitchError(GONE)
            # Without a file each time: it may have come and gone since.
            if seen is _NO_FILE or seen != self._seen or self._state.fault:
                self._take_up(KillState(read_switched_off(path)))
                self._seen = seen
            self._is_known = seen is not _NO_FILE
        except KillSwitchError as error:
            told = AS_BEFORE if self._is_known else NOT_KNOWN
            self._take_up(KillState(self._state.off, f"{error}; {told}", not self._is_known))

    def _take_up(self, state: KillState) -> None:
        before, self._state = self._state, state
        if state.fault and state.fault != before.fault:
            log.error("%s", state.fault)
        elif state != before:
            log.warning(
                "the kill switch was changed, or can be read again: it has %d entries of cards that are off",
                len(state.off),
            )


def _signature(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file is replaced; None where there is none. Raises KillSwitchError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KillSwitchError(f"the kill switch cannot be read ({type(error).__name__})") from None
    return found.st_ino, found.st_mtime_ns, found.st_size
