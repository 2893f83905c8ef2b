"""A PostgreSQL and a Redis server for these tests only, on loopback, in a folder that is deleted with them.

What may live here: finding, starting and stopping the servers. Debian packages: postgresql, redis-server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

START_SECONDS = 60


def postgresql_folder() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return folders[-1] if folders else None


@dataclass
class Postgresql:
    """A server that can be stopped and started again on its port. `url` is SQLAlchemy's."""

    programs: Path
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://cds@127.0.0.1:{self.port}/postgres"

    def client(self, name: str) -> str:
        """Where a client program such as pg_dump is: the servers' folder, or the PATH."""
        beside = self.programs / name
        return str(beside) if beside.is_file() else shutil.which(name) or name

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data}"
        self._ctl("start", "-w", "-t", str(START_SECONDS), "-o", options, "-l", str(self.data / "server.log"))

    def stop(self) -> None:
        self._ctl("stop", "-m", "immediate", "-w")

    def create(self) -> None:
        run_unprivileged([self.programs / "initdb", "-D", self.data, "-U", "cds", "-A", "trust", "-E", "UTF8"])

    def _ctl(self, *arguments: str) -> None:
        run_unprivileged([self.programs / "pg_ctl", "-D", self.data, *arguments])


def run_unprivileged(command: Sequence[str | Path]) -> None:
    """Run a command as a user that PostgreSQL accepts: it refuses to be root."""
    words = [str(word) for word in command]
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(words, user=user, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd="/")
    assert done.returncode == 0, (words[0], done.stderr.decode(errors="replace")[-1000:])


@contextmanager
def running_postgresql(programs: Path) -> Iterator[Postgresql]:
    with tempfile.TemporaryDirectory(prefix="cds-postgresql-") as folder:
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            os.chown(data, owner.pw_uid, owner.pw_gid)
        server = Postgresql(programs, data, free_port())
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def silent(postgresql: Postgresql) -> Iterator[None]:
    """Every process of the server is stopped where it stands: it neither answers nor refuses."""
    with _stopped(_leader(postgresql), *_children(postgresql)):
        yield


@contextmanager
def silent_sessions(postgresql: Postgresql) -> Iterator[None]:
    """The sessions that are there at this moment are stopped where they stand; whoever connects anew is served."""
    with _stopped(*_sessions(postgresql)):
        yield


class OneProcess(Protocol):
    """A server of one process."""

    process: subprocess.Popen[bytes] | None


@contextmanager
def frozen(server: OneProcess) -> Iterator[None]:
    """The server is stopped where it stands: it neither answers nor refuses."""
    assert server.process is not None
    with _stopped(server.process.pid):
        yield


class CanStop(Protocol):
    """A server that can be stopped, and started again where it was."""

    def stop(self) -> None:
        """And wait until it has ended."""

    def start(self) -> None:
        """And wait until it answers."""


@contextmanager
def away(server: CanStop) -> Iterator[None]:
    """The server is stopped, and started again."""
    server.stop()
    try:
        yield
    finally:
        server.start()


def _leader(postgresql: Postgresql) -> int:
    return int((postgresql.data / "postmaster.pid").read_text().splitlines()[0])


def _children(postgresql: Postgresql) -> list[int]:
    leader = _leader(postgresql)
    return [int(child) for child in Path(f"/proc/{leader}/task/{leader}/children").read_text().split()]


def _sessions(postgresql: Postgresql) -> list[int]:
    """The processes that serve a client each: their titles name its user and database."""
    found = []
    for child in _children(postgresql):
        # Those that are just ending have no title any more.
        with suppress(OSError):
            if b": cds " in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


@contextmanager
def _stopped(*processes: int) -> Iterator[None]:
    try:
        _signal(processes, signal.SIGSTOP)
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        # A session may have ended meanwhile.
        with suppress(ProcessLookupError):
            os.kill(process, number)


@dataclass
class Redis:
    """A server that can be stopped and started again on its port."""

    program: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([self.program, *options], stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < end, "Redis did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            self.process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False


@contextmanager
def running_redis(program: str) -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="cds-redis-") as folder:
        server = Redis(program, Path(folder), free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
