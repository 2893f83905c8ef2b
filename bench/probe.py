"""A call that always costs the same, again and again: how long this machine and the service make everybody wait.

What may live here: that call and its times.
"""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

PATH, PAUSE_SECONDS, TIMEOUT_SECONDS = "/cds-services", 0.05, 30.0


@dataclass
class Probe:
    """Asks for the discovery document, on a connection of its own each time, from entering to leaving the block."""

    port: int
    seconds: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(2 * TIMEOUT_SECONDS)

    def _ask(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", PATH)
                connection.getresponse().read()
            connection.close()
            self.seconds.append(time.perf_counter() - began)
