"""The server: bare sockets on loopback, no HTTP library that would mend what a mode spoils. And the trap beside it.

What may live here: taking connections, reading requests, handing them to a mode, and the record of what was asked.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.fuzz.hostile.chart import Question
from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.mode import Mode

_MOST_OF_A_HEAD = 200_000
_ASKED = re.compile(
    r"GET /(?P<mode>[\w-]+)/(?P<part>[\w-]+)/fhir/(?P<kind>[A-Z][A-Za-z]+)(/(?P<id>[\w.-]+))?"
    r"(\?(?P<query>\S*))? HTTP/1\.[01]\r\n"
)
SOME = "conditions"
SPOILT = {SOME: "Condition", "medications": "MedicationRequest", "results": "Observation"}
"""The parts of a base below which a mode spoils the searches for one type only."""


@dataclass
class Listening:
    """A listener on loopback with a thread for each connection; all end with it."""

    backlog: int = 256
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._socks: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=self.backlog)
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0

    def serve(self, converse: Callable[[socket.socket], None]) -> None:
        """Take connections from now on."""
        self._start(self._accept, converse)

    def stop(self) -> None:
        """Hang up on everybody and wait for all threads."""
        self.stopping.set()
        with self._lock:
            socks = list(self._socks)
        for sock in [self._listener, *socks]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self, converse: Callable[[socket.socket], None]) -> None:
        with suppress(OSError):
            while not self.stopping.is_set():
                sock, _ = self._listener.accept()
                self.connections += 1
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._socks.add(sock)
                self._start(self._serve, converse, sock)

    def _serve(self, converse: Callable[[socket.socket], None], sock: socket.socket) -> None:
        with suppress(OSError), sock:
            converse(sock)
        with self._lock:
            self._socks.discard(sock)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        with self._lock:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)


@dataclass
class HostileFhir:
    """Below `base(mode)` the server answers in that mode; `calm` is the set of bases at which it answers as it should.

    `heads` are the last requests, as they came; `strays` are those of them that ask for nothing below such a base.
    """

    modes: dict[str, Mode]
    elsewhere: str
    calm: set[str] = field(default_factory=set)
    heads: deque[str] = field(default_factory=lambda: deque(maxlen=5_000))
    strays: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        takes = all(mode.accepts for mode in self.modes.values())
        self._listening = Listening(256 if takes else 0)
        self._waiting: list[socket.socket] = []
        self.origin = self._listening.origin
        self.stop = self._listening.stop
        self._by_slug = {slug(name): mode for name, mode in self.modes.items()}
        if takes:
            self._listening.serve(self._converse)
        else:
            self._fill_the_queue()

    def base(self, mode: Mode, part: str = "all") -> str:
        """The base URL of this mode; `part` makes it another one; those of `SPOILT` spoil one type only."""
        return f"{self.origin}/{slug(mode.name)}/{part}/fhir"

    def stop_waiting(self) -> None:
        """Let go of the connections that keep others from being taken."""
        for sock in self._waiting:
            sock.close()

    def _fill_the_queue(self) -> None:
        """As many connections as the kernel takes for a listener that accepts none; every further one hangs."""
        host, port = self.origin.removeprefix("http://").split(":")
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect((host, int(port)))
            self._waiting.append(sock)

    def _converse(self, sock: socket.socket) -> None:
        read, number = b"", 0
        while not self._listening.stopping.is_set():
            while b"\r\n\r\n" not in read:
                more = sock.recv(65_536)
                if not more or len(read) > _MOST_OF_A_HEAD:
                    return
                read += more
            head, _, read = read.partition(b"\r\n\r\n")
            number += 1
            self.heads.append(head.decode("latin-1"))
            if not self._answer(sock, self.heads[-1], number):
                return

    def _answer(self, sock: socket.socket, head: str, number: int) -> bool:
        """Answer one request; False when the connection is at its end."""
        asked = _ASKED.match(head)
        if asked is None or asked["mode"] not in self._by_slug:
            self.strays.append(head)
            sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        base = f"{self.origin}/{asked['mode']}/{asked['part']}/fhir"
        question = Question(base, asked["kind"], unquote(asked["id"] or ""), asked["query"] or "")
        token = head.partition("\r\nAuthorization: Bearer ")[2].partition("\r\n")[0]
        exchange = Exchange(sock, question, token, number, self._listening.stopping, self.elsewhere)
        only = SPOILT.get(asked["part"].partition("_")[0])
        is_spared = only is not None and (question.kind != only or not question.is_search)
        if base in self.calm or is_spared:
            exchange.answer()
        else:
            self._by_slug[asked["mode"]].act(exchange)
        return sock.fileno() >= 0


def slug(name: str) -> str:
    """The name as a step of a path."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)


@dataclass
class Trap:
    """An origin where nobody has any business: `visits` are the first bytes of everybody who came."""

    visits: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = Listening()
        self.origin, self.stop = self._listening.origin, self._listening.stop
        self._listening.serve(self._note)

    @property
    def connections(self) -> int:
        return self._listening.connections

    def _note(self, sock: socket.socket) -> None:
        sock.settimeout(2)
        self.visits.append(sock.recv(2_000))


@contextmanager
def hostile_fhir(*modes: Mode, elsewhere: str) -> Iterator[HostileFhir]:
    """A server of its own for these modes."""
    server = HostileFhir({mode.name: mode for mode in modes}, elsewhere)
    try:
        yield server
    finally:
        server.stop()
        server.stop_waiting()


@contextmanager
def trap() -> Iterator[Trap]:
    laid = Trap()
    try:
        yield laid
    finally:
        laid.stop()
