"""The threads that have requests answered, one after the other each; started by the first requests.

What may live here: those threads. They are told what to do by the main loop alone.
"""

from __future__ import annotations

import threading
from queue import Queue
from typing import Protocol


class Answers(Protocol):
    """Something with an answer to give."""

    def service(self) -> None:
        """Give it; nothing may be raised."""


class Threads:
    """At most so many threads. They are daemons: the end of the process does not wait for a call that hangs."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: Queue[Answers] = Queue()
        self._threads: list[threading.Thread] = []

    def start_another(self) -> bool:
        """Start one more, where there may be more; False when the system does not allow it.

        The first requests start a thread each, needed or not, and these take turns: on a busy machine one thread
        for all requests of a single caller was seen to take three times as long.
        """
        if len(self._threads) == self._most:
            return True
        thread = threading.Thread(target=self._work, name=f"answers-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            return False
        self._threads.append(thread)
        return True

    def let_answer(self, one: Answers) -> bool:
        """The next free thread takes it; False when there is not one thread, and nobody ever would."""
        if self._threads:
            self._waiting.put(one)
        return bool(self._threads)

    def take_back(self, one: Answers) -> bool:
        """It shall wait no longer; False when a thread has taken it already."""
        with self._waiting.mutex:
            is_waiting = one in self._waiting.queue
            if is_waiting:
                self._waiting.queue.remove(one)
        return is_waiting

    def _work(self) -> None:
        while True:
            one = self._waiting.get()
            one.service()
            # What is kept here until the next one comes would be a patient's.
            del one
