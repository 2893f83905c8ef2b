"""Threads that work for callers who do not wait for ever, and how it is noticed that one of them does not come back.

What may live here: those threads. What they do, and what happens when they hang, is the business of those who have a
crew: `database`, and the counts of calls in Redis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Crew:
    """At most so many threads. They are daemons: the end of the process does not wait for work that hangs.

    Create it anywhere: no thread is made before there is something to do, so this may come before a fork.
    """

    def __init__(self, most: int, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._most, self._name, self._clock = most, name, clock
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any], float] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._due: dict[Future[Any], float] = {}

    def do(self, work: Callable[[], T], seconds: float) -> Future[T]:
        """The next free thread does this; `seconds` is how long it should take at most."""
        answer: Future[T] = Future()
        with self._lock:
            if self._threads < self._most:
                thread = threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True)
                thread.start()
                self._threads += 1
            self._waiting.put((answer, work, seconds))
        return answer

    def hangs(self, seconds: float) -> bool:
        """Has a thread not come back so many seconds after the time that its work should have taken?"""
        with self._lock:
            earliest = min(self._due.values(), default=None)
        return earliest is not None and self._clock() >= earliest + seconds

    def is_at_work(self) -> bool:
        """Has a thread not come back yet?"""
        with self._lock:
            return bool(self._due)

    def dismiss(self) -> None:
        """The threads end when what waits has been done, those that hang when they come back. Nothing comes after."""
        with self._lock:
            for _ in range(self._threads):
                self._waiting.put(None)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            self._do(*one)
            # What is kept here until the next one comes could be what a clinician wrote.
            del one

    def _do(self, answer: Future[Any], work: Callable[[], Any], seconds: float) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        with self._lock:
            self._due[answer] = self._clock() + seconds
        try:
            result = work()
        except BaseException as error:
            self._has_come_back(answer)
            answer.set_exception(error)
            # The error knows this frame, and so would keep the answer.
            del answer
        else:
            self._has_come_back(answer)
            answer.set_result(result)

    def _has_come_back(self, answer: Future[Any]) -> None:
        with self._lock:
            del self._due[answer]
