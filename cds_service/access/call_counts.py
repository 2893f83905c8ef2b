"""Counting calls against a rate such as "600 per minute": for one worker, or for all of them together in Redis.

What may live here: the counts. Who is counted stands in `rate_limit`. While Redis does not answer, each worker counts
for itself: a clinician gets advice even when a counter is gone.

Redis is asked by threads of our own. No limit of the library holds for a name server that hangs, and callers are not to
wait for that.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Protocol

from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from cds_service.storage import Crew

log = logging.getLogger("cds_service")

_PATIENCE_SECONDS = 0.2
"""How long Redis is waited for: the clinician waits for the answer meanwhile."""
_LONGEST_SECONDS = 0.5
"""The same with the look-up of its name, and with the turns of busy threads."""
_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS}
_THREADS = 8
_AGAIN_SECONDS = 5.0
"""For so long a Redis that did not answer is not asked again."""
_AWAY = "calls cannot be counted in Redis: each worker counts for itself"
_TOLD_SECONDS = 60.0
"""For so long after it was away it is told as away, where no call has tried it since."""
_STEPS = 60
"""A period is counted in so many steps: a call counts for the period and up to a step more."""
MOST_COUNTED = 10_000
"""Callers that a worker counts at a time; of more, those are forgotten that have not called for longest."""


class Counts(Protocol):
    """Calls of the last period, by caller."""

    def spend(self, who: str) -> int:
        """Count a call. 0 where it is within the rate, else in how many seconds the next one may be."""

    def over(self, who: str) -> int:
        """The same for a call that is not counted."""


class Rated(Counts, Protocol):
    """The counts that a rate goes by."""

    def faults(self) -> list[str]:
        """Why they are not the counts of all workers, although they should be, in words."""


def counts_of(rate: str, storage: str) -> Rated:
    """The counts for this rate, kept where `storage` says. Nothing is connected to before the first call."""
    item = parse(rate)
    here = WorkerCounts(item.amount, item.get_expiry())
    return here if storage.startswith("memory") else SharedCounts(RedisCounts(item, storage), here)


class WorkerCounts:
    """Counts in the memory of one worker: a few numbers for each caller, and for so many callers at most."""

    def __init__(
        self, calls: int, seconds: float, monotonic: Callable[[], float] = time.monotonic, most: int = MOST_COUNTED
    ) -> None:
        self._calls, self._step, self._monotonic, self._most = calls, seconds / _STEPS, monotonic, most
        self._lock = threading.Lock()
        self._callers: OrderedDict[str, deque[list[int]]] = OrderedDict()

    def spend(self, who: str) -> int:
        """See Counts."""
        with self._lock:
            steps = self._callers[who] = self._of_this_period(self._callers.pop(who, deque()))
            if len(self._callers) > self._most:
                self._callers.popitem(last=False)
            wait = self._wait(steps)
            if not wait:
                self._count(steps)
        return wait

    def over(self, who: str) -> int:
        """See Counts."""
        with self._lock:
            return self._wait(self._of_this_period(self._callers.get(who, deque())))

    def faults(self) -> list[str]:
        """See Rated."""
        return []

    def _of_this_period(self, steps: deque[list[int]]) -> deque[list[int]]:
        while steps and steps[0][0] + _STEPS < self._now():
            steps.popleft()
        return steps

    def _count(self, steps: deque[list[int]]) -> None:
        if not steps or steps[-1][0] != self._now():
            steps.append([self._now(), 0])
        steps[-1][1] += 1

    def _wait(self, steps: deque[list[int]]) -> int:
        if sum(calls for _, calls in steps) < self._calls:
            return 0
        ends_at = (steps[0][0] + _STEPS + 1) * self._step
        return max(1, math.ceil(ends_at - self._monotonic()))

    def _now(self) -> int:
        return int(self._monotonic() // self._step)


class RedisCounts:
    """Counts in Redis, over all workers and services that use it. Any method may raise."""

    def __init__(self, item: RateLimitItem, storage: str) -> None:
        self._item = item
        self._limiter = MovingWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True, **_TIMEOUTS))

    def spend(self, who: str) -> int:
        """See Counts."""
        return 0 if self._limiter.hit(self._item, who) else self._wait(who)

    def over(self, who: str) -> int:
        """See Counts."""
        return 0 if self._limiter.test(self._item, who) else self._wait(who)

    def _wait(self, who: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(self._item, who).reset_time - time.time()))


class SharedCounts:
    """The counts of all workers, and those of this one while the others cannot be had."""

    def __init__(self, shared: Counts, here: Counts, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._shared, self._here, self._monotonic = shared, here, monotonic
        self._crew = Crew(_THREADS, "calls in Redis")
        self._lock = threading.Lock()
        self._away_until = 0.0

    def spend(self, who: str) -> int:
        """See Counts."""
        return self._ask(lambda counts: counts.spend(who))

    def over(self, who: str) -> int:
        """See Counts."""
        return self._ask(lambda counts: counts.over(who))

    def faults(self) -> list[str]:
        """See Rated."""
        with self._lock:
            return [_AWAY] if self._away_until and self._monotonic() < self._away_until + _TOLD_SECONDS else []

    def _ask(self, question: Callable[[Counts], int]) -> int:
        if not self._may_ask():
            return question(self._here)
        try:
            answer = self._shared_answer(question)
        except Exception:
            # Not only those of Redis: whatever it is, a call goes on without it.
            self._is_away()
            return question(self._here)
        self._is_there()
        return answer

    def _may_ask(self) -> bool:
        """Where it was away, one caller tries it now and then; the others do not wait for him."""
        with self._lock:
            now = self._monotonic()
            if now < self._away_until:
                return False
            if self._away_until:
                self._away_until = now + _AGAIN_SECONDS
            return True

    def _shared_answer(self, question: Callable[[Counts], int]) -> int:
        answer = self._crew.do(lambda: question(self._shared), _LONGEST_SECONDS)
        try:
            return answer.result(timeout=_LONGEST_SECONDS)
        finally:
            answer.cancel()  # Where all threads hang it was not even begun.

    def _is_away(self) -> None:
        with self._lock:
            if not self._away_until:
                log.warning(_AWAY)
            self._away_until = self._monotonic() + _AGAIN_SECONDS

    def _is_there(self) -> None:
        with self._lock:
            if self._away_until:
                self._away_until = 0.0
                log.warning("calls are counted in Redis again")
