"""Two services behind nginx, with one PostgreSQL and one Redis and a spool each: as on two machines.

What may live here: starting them, killing one, and asking them through the balancer or one by one. The balancer's
configuration is that of `deploy/`, with the addresses of these two.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import Running
from bench.writers import CARDS, JSON, PATH
from tests.fuzz.service_process import Service, port_of, started, stop, wait_until_healthy
from tests.real.databases import free_port
from tests.real.proxy import nginx_program
from tests.waiting import until

ROOT = Path(__file__).parents[2]
NAMES = ("cds-1", "cds-2")


@dataclass
class Host:
    """One service that can be killed as a whole, as when its machine loses power, and started again on its port."""

    folder: Path
    settings: Mapping[str, str]
    dev: bool
    workers: int = 2
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default=0)

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    def start(self) -> None:
        """And wait until it answers."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        more = {"CDS_SPOOL": str(self.folder / "spool"), **self.settings}
        self.process = started(self.folder, self.workers, more, dev=self.dev, port=self.port)
        self.port = port_of(self.process)

    def wait(self) -> None:
        assert self.process is not None
        wait_until_healthy(self.process, self.port, self.log, "/health/live")

    def service(self) -> Service:
        """As it runs now."""
        assert self.process is not None
        return Service(Running(self.process.pid, self.port), self.log)

    def kill(self) -> None:
        """Master and workers at once, without any warning."""
        assert self.process is not None
        for pid in (self.process.pid, *self.service().process.workers()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        # Its port is closed when the last of them is gone.
        until(lambda: not is_open(self.port))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its port is open, and nobody answers there."""
        running = self.service().process
        stopped = (running.pid, *running.workers())
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process)
            self.process = None


@dataclass
class TwoHosts:
    """`balancer` is the port at which both are reached."""

    hosts: list[Host]
    balancer: int
    process: subprocess.Popen[bytes]

    def kill_balancer(self) -> None:
        """With all connections that go through it."""
        for pid in (self.process.pid, *Running(self.process.pid, self.balancer).workers()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def configuration(hosts: list[Host], port: int, folder: Path) -> str:
    """The balancer's own, for these ports; what it writes stays in this folder."""
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8")
    for name, host in zip(NAMES, hosts, strict=True):
        text = text.replace(f"{name}:5000", f"127.0.0.1:{host.port}")
    text = text.replace("listen 8000;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")
    text = re.sub(r"/dev/std(err|out)", f"{folder}/\\1.log", text)
    return f"daemon off;\n{text}"


@contextmanager
def balancing(hosts: list[Host]) -> Iterator[int]:
    """nginx before these hosts; gives its port."""
    with _balancer(hosts) as (port, _):
        yield port


@contextmanager
def _balancer(hosts: list[Host]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    program, port = nginx_program(), free_port()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="cds-balancer-") as name:
        # Its workers are no root.
        os.chmod(name, 0o755)
        file = Path(name) / "nginx.conf"
        file.write_text(configuration(hosts, port, Path(name)), "utf-8")
        process = subprocess.Popen([program, "-p", name, "-e", f"{name}/start.log", "-c", str(file)])
        try:
            until(lambda: is_open(port))
            yield port, process
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def two_hosts(folder: Path, settings: Mapping[str, str], *, dev: bool = True) -> Iterator[TwoHosts]:
    """Both run, and the balancer before them."""
    with ExitStack() as stack:
        hosts = [Host(folder / name, settings, dev) for name in NAMES]
        for host in hosts:
            host.folder.mkdir()
            stack.callback(host.stop)
            host.begin()
        for host in hosts:
            host.wait()
        yield TwoHosts(hosts, *stack.enter_context(_balancer(hosts)))


def is_open(port: int) -> bool:
    """Does anybody listen there?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def status(port: int, path: str = PATH, token: str = "", body: bytes | None = CARDS) -> int:
    """What this call is answered with; without a body it is GET."""
    headers = {**JSON, **({"Authorization": f"Bearer {token}"} if token else {})}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as caller:
        caller.request("GET" if body is None else "POST", path, body, headers)
        answer = caller.getresponse()
        answer.read()
        return answer.status


def readiness(host: Host) -> tuple[int, str]:
    """Status and words of `/health/ready`."""
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)) as caller:
        caller.request("GET", "/health/ready")
        answer = caller.getresponse()
        return answer.status, answer.read().decode()


def answered(host: Host, status: int = 200) -> float:
    """How many calls this host has answered so, by its own metrics."""
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)) as caller:
        caller.request("GET", "/metrics")
        text = caller.getresponse().read().decode()
    found = re.findall(rf'answers_total{{endpoint="cds.call_service",status="{status}"}} (\S+)', text)
    return sum(map(float, found))
