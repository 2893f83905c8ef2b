"""Connections that strangers hold open: silent ones, and ones that stop in the middle of a head or of a body.

What may live here: opening them, and opening others where the service hangs up. What they may cost stands in the soak.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from bench.writers import CARDS, PATH

_HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BEGINNINGS = (
    b"",
    _HEAD[:40].encode(),
    f"{_HEAD}Content-Length: {len(CARDS)}\r\n\r\n".encode() + CARDS[: len(CARDS) // 2],
)
"""What is sent on them: nothing, half a head, half a body."""
LOOK_SECONDS = 0.5


@dataclass
class HeldOpen:
    """So many of them, from entering to leaving the block; `hung_up` counts those that the service has ended."""

    port: int
    count: int
    hung_up: int = 0

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._socks: list[socket.socket | None] = [None] * self.count
        self._thread = threading.Thread(target=self._hold, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)
        for sock in self._socks:
            if sock is not None:
                sock.close()

    def _hold(self) -> None:
        while not self._stopping.is_set():
            for place, sock in enumerate(self._socks):
                if sock is not None and self._is_ended(sock):
                    self.hung_up += 1
                    sock.close()
                    self._socks[place] = sock = None
                if sock is None:
                    self._socks[place] = self._opened(BEGINNINGS[place % len(BEGINNINGS)])
            self._stopping.wait(LOOK_SECONDS)

    def _opened(self, beginning: bytes) -> socket.socket | None:
        with suppress(OSError):
            sock = socket.create_connection(("127.0.0.1", self.port), timeout=2)
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.send(beginning)
            return sock
        return None

    @staticmethod
    def _is_ended(sock: socket.socket) -> bool:
        """Has the service hung up? What it said before that is read and forgotten."""
        try:
            return sock.recv(65_536) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
