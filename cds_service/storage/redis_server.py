"""A Redis that is asked while a caller waits: by threads of our own, for so long at most, and whatever it answers.

What may live here: asking. What is kept there, and what happens without it, is the business of those who ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cds_service.storage.crew import Crew
from cds_service.storage.store_error import StoreError

_THREADS = 4
T = TypeVar("T")


class RedisServer:
    """Create it anywhere; nothing is connected to before the first question. Needs the package `redis`."""

    def __init__(self, url: str, name: str, step_seconds: float) -> None:
        """`name` is that of the threads; a step, connecting or one answer, takes no longer than `step_seconds`."""
        from redis import Redis

        timeouts: dict[str, Any] = {"socket_connect_timeout": step_seconds, "socket_timeout": step_seconds}
        self._redis = Redis.from_url(url, **timeouts)
        self._crew = Crew(_THREADS, name)

    def ask(self, work: Callable[[Any], T], seconds: float) -> T:
        """What `work` makes of the client of Redis, in so many seconds: no limit of that holds for a name look-up.

        Raises:
            StoreError: it could not be had, whatever the reason; a call goes on without it.
        """
        try:
            answer = self._crew.do(lambda: work(self._redis), seconds)
            try:
                return answer.result(timeout=seconds)
            finally:
                answer.cancel()  # Where all threads hang it was not even begun.
        except Exception as error:
            # Not only those of Redis: a setting that only its client finds wrong, and a value of another release.
            raise StoreError(f"Redis could not be used ({type(error).__name__})") from None
