"""A newcomer at a terminal: a folder with a fresh clone, and what is typed there.

What may live here: typing, waiting and ending. A command runs in a shell, as `. .venv/bin/activate` would leave it, and
knows nothing of the settings of whoever runs the tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

START_SECONDS, END_SECONDS = 90, 30
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
        return kept | {"PATH": f"{self.folder / '.venv' / 'bin'}:{os.environ['PATH']}", "COLUMNS": "200"}

    def types(self, text: str, given: str = "", seconds: float = 300) -> Done:
        """Type it and wait until it is done; `given` is what comes after on the keyboard."""
        done = subprocess.run(
            ["bash", "-ec", text],
            cwd=self.folder,
            env=self.environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    @contextmanager
    def starts(self, text: str, answers: str, seconds: float = START_SECONDS) -> Iterator[Path]:
        """Type it, wait until the address answers, and press Ctrl-C at the end. The file holds what it prints."""
        handle, name = tempfile.mkstemp(suffix=".txt", dir=self.folder.parent)
        with os.fdopen(handle, "wb") as output:
            process = subprocess.Popen(
                ["bash", "-ec", text],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_ctrl_c,
            )
        try:
            _await(answers, process, Path(name), seconds)
            yield Path(name)
        finally:
            _ctrl_c(process)


def _heed_ctrl_c() -> None:
    """Whoever runs the tests in the background lets all that they start ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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


def _ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """As a terminal does it: to all that was started, so that nothing is left behind."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError("Ctrl-C does not end it") from None
