"""Two services, each behind the nginx of its machine, and a load balancer before both that speaks TLS with these.

What may live here: starting and stopping each nginx with the files of `deploy/nginx`, in
which nothing is changed but addresses, ports and places. Each of the two machines is an address of loopback.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.databases import free_port
from tests.real.proxy import nginx_program
from tests.real.two_hosts import Host, is_open
from tests.waiting import until

DEPLOYED = Path(__file__).parents[2] / "deploy" / "nginx"
TOGETHER = "cds-machines.your.clinic"
BALANCER = "127.0.0.1"
PROMETHEUS = "127.0.0.9"
# What a distribution's own nginx.conf says around the files of conf.d; its workers are no root.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


@dataclass
class Nginx:
    """One nginx, in a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def configure(self, file: str, changed: dict[str, str], *, own: bytes, trusted: bytes = b"") -> None:
        """Take this file of `deploy/nginx`; each of these words stands in it, and is replaced."""
        places = {
            "/etc/ssl/calciphylaxis-cds": str(self.folder),
            "/var/log/nginx": str(self.folder),
        }
        text = (DEPLOYED / file).read_text("utf-8")
        for word, other in (changed | places).items():
            assert word in text, f"{word} is not in {file}"
            text = text.replace(word, other)
        (self.folder / "conf.d").mkdir(parents=True, exist_ok=True)
        for part in ("pem", "key"):
            (self.folder / f"{Path(file).stem}.{part}").write_bytes(own)
        (self.folder / "machines.pem").write_bytes(trusted)
        (self.folder / "conf.d" / "calciphylaxis-cds.conf").write_text(text, "utf-8")
        (self.folder / "nginx.conf").write_text(AROUND.format(folder=self.folder), "utf-8")
        os.chmod(self.folder, 0o755)

    def start(self) -> None:
        """And wait until its port is open."""
        program = nginx_program()
        assert program is not None
        command = [program, "-p", str(self.folder), "-e", str(self.folder / "start.log")]
        command += ["-c", str(self.folder / "nginx.conf")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert (checked.returncode, "[warn]" in checked.stderr) == (0, False), checked.stderr
        self.process = subprocess.Popen(command)
        until(lambda: is_open(self.port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def asked(self) -> list[str]:
        """The lines of its log."""
        return (self.folder / "cds.log").read_text("utf-8").splitlines()


@dataclass
class Machines:
    """`machines` are the nginx of each host, in their order."""

    machines: list[Nginx]
    balancer: Nginx


@contextmanager
def two_machines(folder: Path, hosts: list[Host], own: bytes, trusted: bytes) -> Iterator[Machines]:
    """Machines that show the certificate `own`, and a balancer that trusts `trusted`."""
    running = [Nginx(folder / f"nginx-{number}", free_port()) for number in range(len(hosts))]
    for machine, host in zip(running, hosts, strict=True):
        ports = {"127.0.0.1:5000": f"127.0.0.1:{host.port}", "listen 5443": f"listen {machine.port}"}
        machine.configure("machine.conf", {"192.0.2.10": BALANCER, "192.0.2.20": PROMETHEUS, **ports}, own=own)
    balancer = Nginx(folder / "balancer", free_port())
    to = {
        f"cds-{number}.your.clinic:5443": f"127.0.0.1:{machine.port}" for number, machine in enumerate(running, start=1)
    }
    balancer.configure("balancer.conf", {"listen 443": f"listen {balancer.port}", **to}, own=own, trusted=trusted)
    try:
        for one in (*running, balancer):
            one.start()
        yield Machines(running, balancer)
    finally:
        for one in (balancer, *running):
            one.stop()


def certificate_alone(pem: bytes) -> bytes:
    """Without its key."""
    found = re.search(rb"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n", pem, re.DOTALL)
    assert found is not None
    return found[0]
