"""The threads that have requests answered, one after the other each; started by the first requests.

What may live here: those threads. They are told what to do by the main loop alone.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Protocol


class Answers(Protocol):
    """Something with an answer to give."""

    def service(self) -> None:
        """Give it; nothing may be raised."""


class Threads:
    """At most so many threads. They are daemons: the end of the process does not wait for a call that hangs."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: SimpleQueue[Answers | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def let_answer(self, one: Answers) -> None:
        """The next free thread takes it.

        The first requests start a thread each, needed or not, and these take turns: on a busy machine one thread
        for all requests of a single caller was seen to take three times as long.
        """
        if len(self._threads) < self._most:
            thread = threading.Thread(target=self._work, name=f"answers-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._waiting.put(one)

    def stop(self, seconds: float) -> None:
        """End when what waits has been answered; each thread is waited for no longer than this."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(seconds)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            one.service()
            # What is kept here until the next one comes would be a patient's.
            del one
