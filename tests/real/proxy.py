"""A reverse proxy (nginx) before a FHIR server that does not know of it, for these tests only, on loopback.

What may live here: its configuration, starting and stopping it, and what it was asked. Debian package: nginx-light.

Seen from outside the server has another scheme, host, port and path than the server itself believes and writes into its
links. The address that it believes in is a second way to it, as in a clinic, where only some may take it: whoever does
is written down.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.real.databases import free_port

START_SECONDS, STOP_SECONDS = 30, 30
OUTER_PATH = "/ehr/api/r4"
PAGE_SIZE = 2
"""However many resources of a search are asked for: a page holds no more."""

# One process, so that there is one to stop. `$args` is changed before a location is chosen: there, `if` is safe.
CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
events {{}}
http {{
    client_body_temp_path body;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 20m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host {inner_host};
    proxy_read_timeout 300s;
    log_format asked escape=json
        '{{"method": "$request_method", "scheme": "$scheme", "address": "$request_uri", '
        '"authorization": "$http_authorization", "agent": "$http_user_agent", "status": $status}}';
    server {{
        listen 127.0.0.1:{http_port};
        listen 127.0.0.1:{https_port} ssl http2;
        ssl_certificate certificate.pem;
        ssl_certificate_key certificate.pem;
        access_log outside.log asked;
        if ($args ~ "^(?<before>|.*&)_count=[0-9]+(?<after>|&.*)$") {{
            set $args "${{before}}_count={page_size}$after";
        }}
        location = {outer_path} {{ proxy_pass {server}; }}
        location {outer_path}/ {{ proxy_pass {server}/; }}
        location = /settled {{
            access_log off;
            return 204;
        }}
        location / {{ return 404; }}
    }}
    server {{
        listen 127.0.0.1:{inner_port};
        access_log inside.log asked;
        location / {{ proxy_pass {origin}; }}
    }}
}}
"""


@dataclass(frozen=True)
class Asked:
    """One request that has been answered. `address` is its path and query."""

    method: str
    scheme: str
    address: str
    authorization: str
    agent: str
    status: int

    @property
    def is_next_page(self) -> bool:
        """Is this how HAPI names the further pages of a search?"""
        return "_getpages=" in self.address


@dataclass
class Proxy:
    """`http` and `https` are the base URLs outside, `inner` is the one that the server itself believes in.

    It can be stopped and started again on its ports.
    """

    folder: Path
    http: str
    https: str
    inner: str
    command: tuple[str, ...]
    ports: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for port in self.ports:
            _wait_until_open(port, self.process, self.folder)

    def stop(self) -> None:
        if self.process is not None:
            _stop(self.process)
            self.process = None

    def outside(self) -> list[Asked]:
        """What was asked at the proxy."""
        return self._asked("outside.log")

    def inside(self) -> list[Asked]:
        """What was asked at the address that the server believes in, past the proxy."""
        return self._asked("inside.log")

    def _asked(self, log: str) -> list[Asked]:
        self._settle()
        return [Asked(**json.loads(line)) for line in (self.folder / log).read_text().splitlines()]

    def _settle(self) -> None:
        """Wait until all that was answered is written down: nginx writes after it has answered, one thing at a time."""
        with closing(http.client.HTTPConnection(urlsplit(self.http).netloc, timeout=30)) as connection:
            connection.request("GET", "/settled")
            assert connection.getresponse().status == 204


def nginx_program() -> str | None:
    """Where nginx is; Debian keeps it off the PATH of everybody but root."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def running_proxy(program: str, server: str, certificate: str) -> Iterator[Proxy]:
    """nginx before the FHIR server at the base URL `server`; `certificate` is for 127.0.0.1, with its key, in PEM."""
    http_port, https_port, inner_port = free_port(), free_port(), free_port()
    place = urlsplit(server)
    # The name of the host differs as well: outside it is the number.
    inner_host = f"localhost:{inner_port}"
    with tempfile.TemporaryDirectory(prefix="cds-nginx-") as name:
        folder = Path(name)
        (folder / "certificate.pem").write_text(certificate)
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                inner_host=inner_host,
                inner_port=inner_port,
                http_port=http_port,
                https_port=https_port,
                outer_path=OUTER_PATH,
                page_size=PAGE_SIZE,
                server=server,
                origin=f"{place.scheme}://{place.netloc}",
            )
        )
        proxy = Proxy(
            folder,
            f"http://127.0.0.1:{http_port}{OUTER_PATH}",
            f"https://127.0.0.1:{https_port}{OUTER_PATH}",
            f"http://{inner_host}{place.path}",
            (program, "-p", name, "-e", "error.log", "-c", "nginx.conf"),
            (http_port, https_port, inner_port),
        )
        proxy.start()
        try:
            yield proxy
        finally:
            proxy.stop()


def _wait_until_open(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log = folder / "error.log"
    raise AssertionError(f"nginx did not start: {log.read_text()[-1000:] if log.exists() else ''}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
