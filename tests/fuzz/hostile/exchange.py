"""One request in the hands of a mode: what was asked, the right answer to it, and the bare socket to answer on.

What may live here: sending bytes in every form that a mode may want. Which mode sends what stands in the modes.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from tests.fuzz.hostile.chart import PAGE, Question, sound

FHIR = "application/fhir+json"
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass
class Exchange:
    """One request, and the token it came with.

    `number` counts those of its connection from 1; `elsewhere` is the origin that must not be asked.
    """

    sock: socket.socket
    question: Question
    token: str
    number: int
    stopping: threading.Event
    elsewhere: str

    @property
    def right(self) -> bytes:
        """The right answer, as JSON."""
        return json.dumps(sound(self.question)).encode()

    def paged(self, next_link: str) -> bytes:
        """The right answer in pages, the next of which is said to lie at `next_link`."""
        return json.dumps(sound(self.question, page=PAGE, next_link=next_link)).encode()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes | None = None, status: str = "200 OK", **headers: str) -> None:
        """A sound answer: with its length, on a connection that stays open."""
        self.send(whole(self.right if body is None else body, status, headers))

    def pause(self, seconds: float) -> bool:
        """Wait; True when the server is to stop."""
        return self.stopping.wait(seconds)

    def endlessly(self, piece: Callable[[int], bytes], seconds: float = 0.0) -> None:
        """Send piece after piece until the other side hangs up, or we stop."""
        number = 0
        while not self.stopping.wait(seconds) if seconds else not self.stopping.is_set():
            self.send(piece(number))
            number += 1

    def hold(self) -> None:
        """Say nothing until the other side hangs up, or we stop."""
        self.sock.settimeout(0.2)
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                if not self.sock.recv(1_024):
                    break
        self.close()

    def close(self) -> None:
        """Hang up as one does."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """Hang up with an RST in place of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.sock.close()


def whole(body: bytes, status: str = "200 OK", headers: Mapping[str, str] | None = None) -> bytes:
    """Status line, headers and body of a sound answer; "_" in the name of a header stands for "-"."""
    more = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    return head({"Content-Type": FHIR, "Content-Length": str(len(body)), **more}, status) + body


def head(headers: Mapping[str, str], status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    """Status line and headers, with the empty line after them."""
    lines = [f"{version} {status}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunked(body: bytes, size: int = 1_000, extension: str = "") -> bytes:
    """The body in chunks of this size, with the last one."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(one), extension.encode(), one) for one in pieces) + b"0\r\n\r\n"


CHUNKED = {"Content-Type": FHIR, "Transfer-Encoding": "chunked"}
