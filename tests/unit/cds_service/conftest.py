"""A misbehaving server on this machine, for what a faked answer cannot show: sockets, slowness, hang-ups."""

import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings

# Made for these tests only, for localhost, and trusted by nobody.
KEY_AND_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4r39lWpiRNVhE0Og
g5z/Uoa1p27Iofis58GXRFg4TLmhRANCAAQw2nd50gFB/ENZB9nJL3xIbRSnSJbt
gC3rbF8YJFkB99tUAAaOM6fh1R5x2dwAPE/haNCbab9AAWwxUxkMMV+r
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBeDCCAR2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDDad3nSAUH8Q1kH
2ckvfEhtFKdIlu2ALetsXxgkWQH321QABo4zp+HVHnHZ3AA8T+Fo0Jtpv0ABbDFT
GQwxX6ujXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBQetUQ2ifKlII1xaVE8VzP2+JL5qzAOBgNVHQ8BAf8E
BAMCAoQwCgYIKoZIzj0EAwIDSQAwRgIhAPsR5xxOHIrAc/OqWenGTQZjgn8hlzie
vcNentZSYpk8AiEApkrGl+sKOZUTY/hKonDe2ZiLieWH5R+xtoUpJ0A9tAw=
-----END CERTIFICATE-----
"""


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """What a test starts hears Ctrl-C, also where the test run itself was started in the background and does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


Behaviour = Callable[["Connection"], None]


@dataclass
class Connection:
    """One accepted connection, in the hands of a behaviour. `head` is the request read last, of `requests` so far."""

    sock: socket.socket
    server: "Loopback"
    head: str = ""
    requests: int = 0

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes, status: str = "200 OK", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def drip(self, byte: bytes = b" ") -> None:
        """Send a byte every few hundredths of a second until the other side hangs up."""
        while not self.server.stopping.wait(0.03):
            self.send(byte)

    def stay_silent(self) -> None:
        """Say nothing until the other side hangs up."""
        self.sock.recv(1)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.sock.close()


def drip_headers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n")
    connection.drip(b"X")


def drip_body(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    connection.drip()


def truncate(connection: Connection) -> None:
    connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"resourceType": "Patient"}')
    connection.sock.close()


def not_http(connection: Connection) -> None:
    connection.send(b"SSH-2.0-OpenSSH\r\n")
    connection.sock.close()


class Clock:
    """A monotonic clock that a test can put forward, so that connections have had a rest."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.skipped


@dataclass
class Loopback:
    """A server on 127.0.0.1: reads each request and hands the connection to `behaviour`."""

    behaviour: Behaviour
    tls: ssl.SSLContext | None = None
    heads: list[str] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._socks: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many were made."""
        return len(self._socks)

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def stop(self) -> None:
        self.stopping.set()
        for sock in [self._listener, *self._socks]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.stopping.is_set():
                sock, _ = self._listener.accept()
                self._socks.append(sock)
                self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
                self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            if self.tls is None:
                self._converse(Connection(sock, self))
            else:
                with self.tls.wrap_socket(sock, server_side=True) as secured:
                    self._converse(Connection(secured, self))
        self.hung_up.set()

    def _converse(self, connection: Connection) -> None:
        while connection.sock.fileno() >= 0:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = connection.sock.recv(1)
                if not byte:
                    return
                head += byte
            connection.head = head.decode()
            connection.requests += 1
            self.heads.append(connection.head)
            self.behaviour(connection)


@pytest.fixture
def serve() -> Iterator[Callable[..., Loopback]]:
    """Start servers that behave as told; they are stopped after the test."""
    servers: list[Loopback] = []

    def start(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Loopback:
        servers.append(Loopback(behaviour, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, with its key, that nobody trusts by default."""
    path = tmp_path / "certificate.pem"
    path.write_text(KEY_AND_CERTIFICATE)
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The packaged files, read once."""
    return load_knowledge(Settings())
