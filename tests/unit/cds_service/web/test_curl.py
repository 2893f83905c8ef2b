"""The command posts exactly the request, whatever its JSON holds, when a shell runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cds_service.web.curl import as_curl

HOSTILE = {
    "quotes": "'\"''\\'",
    "shell": "$HOME `id` $(id) ${PATH} !! !$ ~ * ? ; & | < > # \\ \\\\",
    "lines": "a\nEND_OF_REQUEST\nb\r\n\tc",
    "END_OF_REQUEST": ["END_OF_REQUEST", "", " "],
    "letters": "é ü 漢 😀 \u202e \u200b \x7f \u2028",
    "numbers": [0, -1.5, 1e300, True, None],
    "empty": {"object": {}, "list": []},
    "percent": "%s %d @/etc/passwd --next",
}


class StandIn(HTTPServer):
    """Keeps the bodies that it is sent."""

    received: list[tuple[str, str, Any]]


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn(("127.0.0.1", 0), _Handler)
    server.received = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh") if shutil.which(shell)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_posts_exactly_the_request(shell: str, stand_in: StandIn, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{stand_in.server_port}/cds-services/it's&$HOME"
    script = tmp_path / "request.sh"
    script.write_text(as_curl(url, HOSTILE), encoding="ascii")
    done = subprocess.run([shell, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    ((path, content_type, body),) = stand_in.received
    assert body == HOSTILE
    assert (path, content_type) == ("/cds-services/it's&$HOME", "application/json")


def test_a_shell_that_remembers_commands_finds_nothing_to_replace() -> None:
    assert "!" not in as_curl("http://127.0.0.1/x", HOSTILE)
