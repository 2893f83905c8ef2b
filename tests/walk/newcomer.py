"""A newcomer at a terminal: a folder with a fresh clone, and what is typed there.

What may live here: typing, waiting and ending. A command runs in a shell, as `. .venv/bin/activate` would leave it, and
knows nothing of the settings of whoever runs the tests. It has a process group of its own, for Ctrl-C; as a time limit
that ends the tests does not reach that group, `keeper` ends it with them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import requests

from tests.walk import keeper

TYPE_SECONDS, START_SECONDS, END_SECONDS = 240, 90, 30
_NOT_THEIRS = ("CDS_", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "COV_", "MAKE", "MFLAGS", "FHIR_TOKEN")


@dataclass(frozen=True)
class Done:
    """What came of a command: its exit status, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Newcomer:
    """Whoever sits in this folder. What lasts writes into files there."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment after `. .venv/bin/activate`; wide, so that no word is broken."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_THEIRS)}
        path = f"{self.folder / '.venv' / 'bin'}:{os.environ['PATH']}"
        # Python compiles what it imports; pip would compile all that it installs, most of which is not imported here.
        return kept | {"PATH": path, "COLUMNS": "200", "PIP_COMPILE": "0"}

    def types(self, text: str, given: str = "", seconds: float = TYPE_SECONDS) -> Done:
        """Type it and wait until it is done; `given` is what comes after on the keyboard."""
        process = self._begin(text, subprocess.PIPE, subprocess.PIPE)
        try:
            printed, _ = process.communicate(given.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not done after {seconds:g} seconds: {text}") from None
        finally:
            _kill(process)
        return Done(process.returncode, printed.decode())

    @contextmanager
    def starts(self, text: str, answers: str, seconds: float = START_SECONDS) -> Iterator[Path]:
        """Type it, wait until the address answers, and press Ctrl-C at the end. The file holds what it prints."""
        handle, name = tempfile.mkstemp(suffix=".txt", dir=self.folder.parent)
        with os.fdopen(handle, "wb") as output:
            process = self._begin(text, subprocess.DEVNULL, output)
        try:
            _await(answers, process, Path(name), seconds)
            yield Path(name)
        finally:
            _ctrl_c(process)

    def _begin(self, text: str, given: int, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-IS", keeper.__file__, str(os.getpid()), text],
            cwd=self.folder,
            env=self.environment,
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def _await(address: str, process: subprocess.Popen[bytes], printed: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if answers(address):
            return
        time.sleep(0.2)
    raise AssertionError(f"nothing answers at {address}:\n{printed.read_text(errors='replace')[-3000:]}")


def answers(address: str) -> bool:
    """Does anything answer there, with a status that is not a fault?"""
    try:
        return requests.get(address, timeout=10).ok
    except requests.RequestException:
        return False


def is_taken(address: str) -> bool:
    """Does anything listen on the port of this address, whatever it answers?"""
    place = urlsplit(address)
    try:
        socket.create_connection((place.hostname or "", place.port or 80), timeout=5).close()
    except ConnectionRefusedError:
        return False
    except TimeoutError:
        pass
    return True


def _ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """As a terminal does it: to all that was started, so that nothing is left behind."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        status = process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        raise AssertionError("Ctrl-C does not end it") from None
    finally:
        _kill(process)
    assert status != -signal.SIGKILL, "Ctrl-C does not end all that it started"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, of which nothing may be left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=END_SECONDS)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
