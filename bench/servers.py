"""The servers under test as processes of ours: started, looked at through /proc, and stopped by their own id.

What may live here: processes and what the kernel says about them. Linux only.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

START_WITHIN_SECONDS, STOP_WITHIN_SECONDS = 60.0, 30.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """A server did not start; the message ends with the end of its log."""


@dataclass(frozen=True)
class Memory:
    """Megabytes. `rss` and `pss` are the mean of the workers; `total_pss` is that of master and workers together.

    RSS counts a page that several processes share in full for each of them, PSS counts its share only.
    """

    rss: float
    pss: float
    total_pss: float


@dataclass(frozen=True)
class Running:
    """A server that answers on 127.0.0.1:`port`.

    With `forks`, `pid` is gunicorn's master and the workers are its children; without, `pid` itself does the work.
    """

    pid: int
    port: int
    forks: bool = True

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return sorted(pid for pid in _processes() if _parent(pid) == self.pid) if self.forks else [self.pid]

    def cpu_seconds(self) -> float:
        """Processor time that all workers have used so far, in user and kernel mode."""
        return sum(_cpu_seconds(pid) for pid in self.workers())

    def threads(self) -> int:
        """Threads of all workers."""
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in self.workers())

    def sockets(self) -> int:
        """Open sockets of all workers, also the socket they listen on."""
        links = (entry for pid in self.workers() for entry in Path(f"/proc/{pid}/fd").iterdir())
        return sum(_is_socket(link) for link in links)

    def memory(self) -> Memory:
        """What the workers, and all processes together, occupy now."""
        workers = [_memory(pid) for pid in self.workers()]
        resident, proportional = (sum(sizes) for sizes in zip(*workers, strict=True))
        master = _memory(self.pid)[1] if self.forks else 0.0
        return Memory(resident / len(workers), proportional / len(workers), proportional + master)


@contextmanager
def running(
    name: str,
    module: tuple[str, ...],
    workers: int,
    folder: Path,
    *,
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
    forks: bool = True,
) -> Iterator[Running]:
    """Run `python -m module… PORT` in `folder` with nothing set but what a benchmark needs and `variables`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / f"{name}-{workers}.log"
    command = (python, "-m", *module, str(port))
    environment = {**_environment(name, workers, folder), **(variables or {})}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_healthy(process, port, log)
            yield Running(process.pid, port, forks)
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(name: str, workers: int, folder: Path) -> Mapping[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CDS_")}
    ours = {
        "CDS_WORKERS": str(workers),
        "CDS_DATABASE_URL": f"sqlite:///{folder}/{name}-{workers}.sqlite3",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    return inherited | ours


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise ServerFailed(f"no answer on port {port}:\n{log.read_text(errors='replace')[-1500:]}")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name in brackets; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND if fields else 0.0


def _is_socket(link: Path) -> bool:
    try:
        return os.readlink(link).startswith("socket:")
    except FileNotFoundError:
        return False


def _memory(pid: int) -> tuple[float, float]:
    """RSS and PSS in megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {name: fields.split()[0] for name, _, fields in (line.partition(":") for line in lines[1:])}
    return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024
