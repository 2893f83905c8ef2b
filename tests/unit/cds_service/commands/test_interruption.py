"""Ctrl-C ends a command with one exit status, in silence and soon, wherever it comes; what was started is stopped."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cds_service.commands import exit_status
from tests.house import ROOT

ENTRY = (sys.executable, "-m", "cds_service.commands.entry")
INTERRUPT_ITSELF = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n"
SOON_SECONDS = 20
"""Far below what the commands wait for an answer; a busy machine needs some of it."""


def put(folder: Path, module: str, source: str) -> dict[str, str]:
    """An environment in which this module is found in place of the real one."""
    (folder / f"{module}.py").write_text(source)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def ended(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*ENTRY, *words), env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("click", ["--version"]),
        ("requests", ["sandbox", "clean", "http://127.0.0.1:9/fhir"]),
        ("flask", ["explain", "--example", "epic-patient-view"]),
        ("rich", ["demo"]),
    ],
)
def test_while_something_is_imported(moment: str, words: list[str], tmp_path: Path) -> None:
    done = ended(*words, env=put(tmp_path, moment, INTERRUPT_ITSELF))
    assert (done.returncode, done.stdout, done.stderr) == (exit_status.INTERRUPTED, "", "")


def test_where_python_can_only_drop_an_exception_it_is_still_the_end(tmp_path: Path) -> None:
    source = f"class Gone:\n    def __del__(self):\n        {'; '.join(INTERRUPT_ITSELF.splitlines())}\nGone()\n"
    done = ended("sandbox", "clean", "http://127.0.0.1:9/fhir", env=put(tmp_path, "requests", source))
    assert (done.returncode, done.stdout, done.stderr) == (exit_status.INTERRUPTED, "", "")


def test_whoever_starts_it_may_have_it_ignored(tmp_path: Path) -> None:
    env = put(tmp_path, "click", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit(7)\n")
    shell = f"trap '' INT; exec {' '.join(ENTRY)} --version"
    assert subprocess.run(("sh", "-c", shell), env=env, timeout=60, check=False).returncode == 7


@contextmanager
def deaf_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server that takes calls and never answers; its address, and waiting for a call."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as calls:
        server.settimeout(60)

        def called() -> None:
            calls.enter_context(server.accept()[0]).recv(9_999)

        yield f"http://127.0.0.1:{server.getsockname()[1]}/fhir", called


@contextmanager
def started(*words: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    with subprocess.Popen((*ENTRY, *words), **piped) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", [["sandbox", "clean"], ["sandbox", "load"], ["invoke", "--patient", "p", "--fhir"]])
def test_while_an_answer_is_waited_for(words: list[str]) -> None:
    with deaf_server() as (url, called):
        cds = ["--cds", url] if words[0] == "invoke" else []
        with started(*words, url, *cds) as process:
            called()
            at = time.monotonic()
            process.send_signal(signal.SIGINT)
            said, complained = process.communicate(timeout=SOON_SECONDS)
    assert (process.returncode, said, complained) == (exit_status.INTERRUPTED, "", "")
    assert time.monotonic() - at < SOON_SECONDS


def test_the_service_that_invoke_has_started_is_stopped_and_its_folder_removed(tmp_path: Path) -> None:
    with deaf_server() as (url, called):
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        with started("invoke", "--fhir", url, "--patient", "p", env=env) as process:
            called()
            assert list(tmp_path.iterdir())
            process.send_signal(signal.SIGINT)
            said, complained = process.communicate(timeout=SOON_SECONDS)
    assert (process.returncode, said, complained) == (exit_status.INTERRUPTED, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_bar_gives_the_terminal_back_its_cursor() -> None:
    ours, terminal = pty.openpty()
    with deaf_server() as (url, called), started("sandbox", "load", url, stderr=terminal) as process:
        called()
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_SECONDS) == exit_status.INTERRUPTED
    os.close(terminal)
    shown = _all_of(ours)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "Traceback" not in shown


def _all_of(terminal: int) -> str:
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4_096)
        except OSError:
            piece = b""
        if not piece:
            os.close(terminal)
            return said.decode()
        said += piece


def test_nothing_that_takes_long_is_loaded_before_it_is_answered() -> None:
    program = "import sys, cds_service.commands.entry\nprint(*sys.modules)"
    loaded = subprocess.run((sys.executable, "-S", "-c", program), cwd=ROOT, capture_output=True, text=True, check=True)
    known = loaded.stdout.split()
    assert "cds_service.commands.interruption" in known
    assert not {"click", "json", "logging", "typing", "importlib.metadata", "threading", "socket"} & set(known)
