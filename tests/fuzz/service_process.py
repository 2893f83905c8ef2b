"""The service as its users run it: gunicorn with workers, started and ended by us, and looked at through /proc.

What may live here: one process tree, and what the kernel says about its workers. Linux only.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Running

START_WITHIN_SECONDS, STOP_WITHIN_SECONDS = 60.0, 30.0
REST_WITHIN_SECONDS = 10.0
_LISTENS = "0A"


@dataclass(frozen=True)
class Figures:
    """One worker at one moment: resident memory in megabytes, threads, connections of its callers, connections that it
    opened to others, and everything else that it holds open.
    """

    megabytes: float
    threads: int
    inbound: int
    outbound: int
    files: int


def grown(earlier: Mapping[int, Figures], later: Mapping[int, Figures]) -> float:
    """Megabytes added by the worker that grew most, between two moments; endless when a worker was replaced."""
    if earlier.keys() != later.keys():
        return float("inf")
    return max(later[pid].megabytes - figures.megabytes for pid, figures in earlier.items())


@dataclass(frozen=True)
class Service:
    """A service that answers on 127.0.0.1:`port`."""

    process: Running
    log: Path

    @property
    def port(self) -> int:
        return self.process.port

    def figures(self) -> dict[int, Figures]:
        """What every worker uses now, by process id."""
        return {pid: _figures(Path(f"/proc/{pid}"), self.port) for pid in self.process.workers()}

    def at_rest(self) -> dict[int, Figures]:
        """The same when the callers have hung up: waits until no worker holds a connection of theirs, but not for ever.

        Anything still there then is in the figures.
        """
        give_up = time.monotonic() + REST_WITHIN_SECONDS
        figures = self.figures()
        while any(worker.inbound for worker in figures.values()) and time.monotonic() < give_up:
            time.sleep(0.1)
            figures = self.figures()
        return figures


@contextmanager
def running_service(folder: Path, workers: int, dev: bool = True, /, **variables: str) -> Iterator[Service]:
    """`calciphylaxis-cds serve --dev` with a database in this folder; `variables` are settings by name.

    Without `dev`, some of them have to name trusted clients.
    """
    with started(folder, workers, variables, dev=dev) as process:
        service = Service(Running(process.pid, port_of(process)), folder / "service.log")
        try:
            wait_until_healthy(process, service.port, service.log)
            yield service
        finally:
            stop(process)


def started(
    folder: Path, workers: int, variables: Mapping[str, str], *, dev: bool = True, port: int = 0
) -> subprocess.Popen[bytes]:
    """The process alone, on this port or a free one, its log appended to that in the folder; see `running_service`."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
    how = ("--dev",) if dev else ()
    command = (sys.executable, "-m", "cds_service.commands.cli", "serve", *how, "--port", str(port))
    with (folder / "service.log").open("ab") as output:
        return subprocess.Popen(command, env=_environment(folder, workers, variables), stdout=output, stderr=output)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as one should, or else by force."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def port_of(process: subprocess.Popen[bytes]) -> int:
    """Where it listens."""
    arguments = process.args
    assert isinstance(arguments, tuple)
    return int(arguments[-1])


def _environment(folder: Path, workers: int, variables: Mapping[str, str]) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    ours = {
        "CDS_WORKERS": str(workers),
        "CDS_DATABASE_URL": f"sqlite:///{folder}/cards.sqlite3",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return {**inherited, **ours, **variables}


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path, asked: str = "/health") -> None:
    """Until this address of it answers 200. RuntimeError with the end of its log when it ends, or takes too long."""
    give_up = time.monotonic() + START_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", asked)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{log.read_text(errors='replace')[-1500:]}")


def _figures(process: Path, port: int) -> Figures:
    memory = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS:"))
    threads, opened = len(list((process / "task").iterdir())), _opened(process)
    came_in = [at == port for link, at in _connections(process).items() if link in opened]
    inbound, outbound = came_in.count(True), came_in.count(False)
    return Figures(int(memory.split()[1]) / 1024, threads, inbound, outbound, len(opened) - inbound - outbound)


def _opened(process: Path) -> list[str]:
    """What the process holds open, in the kernel's words: "socket:[4711]", "/tmp/cards.sqlite3"."""
    links: list[str] = []
    for number in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(os.readlink(number))
    return links


def _connections(process: Path) -> dict[str, int]:
    """The local port of every TCP connection in the namespace of the process; a socket that only listens is none."""
    rows = [line.split() for line in (process / "net" / "tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]": int(row[1].rpartition(":")[2], 16) for row in rows if row[3] != _LISTENS}
