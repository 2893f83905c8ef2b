"""Which calls are looked at for what costs too much for all of them.

What may live here: that choice.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta


class Sampled:
    """Of the calls of one worker one in each second: all of a quiet clinic, few of a busy one."""

    def __init__(self, every: timedelta = timedelta(seconds=1)) -> None:
        self._every, self._lock = every, threading.Lock()
        self._last: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Is the call of this moment one of them? A clock that was set back begins anew."""
        with self._lock:
            last = self._last
            if last is not None and last <= now < last + self._every:
                return False
            self._last = now
            return True
