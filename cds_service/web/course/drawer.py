"""The drawing process: started when the first course is drawn, kept for the next ones, ended when idle.

What may live here: starting, asking and ending that one process. It is a separate process, because vl-convert stops
every thread of its process while it works and needs some 200 MB: cards must not wait for a picture.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from cds_service.web.course import drawing

WITHIN_SECONDS = 15.0
"""For a drawing, the start of the process and the drawings before it."""
IDLE_SECONDS = 600.0
LIBRARIES = ("altair", "vl_convert")
NOT_INSTALLED = 'the drawing needs libraries that are not installed; pip install "calciphylaxis-cds[pages]" brings them'
TOO_LATE = "the drawing took too long"
BROKEN = "the drawing failed"


class NotDrawnError(Exception):
    """There is no picture. The text says why, for people, without patient data."""


def is_installed() -> bool:
    """Are the libraries there? They are not imported for the answer."""
    return all(importlib.util.find_spec(name) is not None for name in LIBRARIES)


class Drawer:
    """Draws one course after another in its own process. Safe to use from several threads."""

    def __init__(self, program: str = drawing.__file__, idle_seconds: float = IDLE_SECONDS) -> None:
        self._program, self._idle_seconds = program, idle_seconds
        self._lock = threading.Lock()
        self._queue = ThreadPoolExecutor(1, "drawer")
        self._process: subprocess.Popen[str] | None = None
        self._idle: threading.Timer | None = None

    def warm(self) -> None:
        """Start the process, so that it loads its libraries while the data are being fetched."""
        if is_installed():
            self._queue.submit(self._running)

    def draw(self, data: Mapping[str, Any], within: float = WITHIN_SECONDS) -> str:
        """The SVG of `figure.figure`'s data, as the libraries wrote it; raises NotDrawnError."""
        if not is_installed():
            raise NotDrawnError(NOT_INSTALLED)
        self._stay()
        asked: Future[str] = self._queue.submit(self._ask, json.dumps(data))
        try:
            answer = json.loads(asked.result(within))
        except TimeoutError:
            # A course that still waits for its turn does not stop the drawing of another.
            if not asked.cancel():
                self._end()
            raise NotDrawnError(TOO_LATE) from None
        except (OSError, ValueError):
            self._end()
            raise NotDrawnError(BROKEN) from None
        finally:
            self._end_when_idle()
        if "svg" not in answer:
            raise NotDrawnError(BROKEN)
        return str(answer["svg"])

    def close(self) -> None:
        """End the process and the thread; the drawer is of no use afterwards."""
        self._stay()
        self._end()
        self._queue.shutdown(cancel_futures=True)

    def _ask(self, line: str) -> str:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise OSError
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline()

    def _running(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return self._process
            _close(self._process)
            # Nothing of our environment: it holds secrets that a drawing has no use for.
            own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
            self._process = subprocess.Popen(  # noqa: S603  # our own file, by our own interpreter
                [sys.executable, "-I", str(Path(self._program))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env=own,
            )
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        _close(process)

    def _stay(self) -> None:
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None

    def _end_when_idle(self) -> None:
        self._stay()
        with self._lock:
            self._idle = threading.Timer(self._idle_seconds, self._end)
            self._idle.daemon = True
            self._idle.start()


def _close(process: subprocess.Popen[str] | None) -> None:
    """End the process, if there is one, and close its pipes."""
    if process is None:
        return
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        # What was still to be written to a process that is gone is lost, and meant to be.
        with suppress(OSError):
            if pipe is not None:
                pipe.close()


@cache
def the_drawer() -> Drawer:
    """The one drawer of this process, made when it is first asked for: after the fork of the workers."""
    drawer = Drawer()
    atexit.register(drawer.close)
    return drawer
