"""A service of two routes under the real server: `python small_service.py PORT WORKERS FOLDER`.

What may live here: the routes, and options that a test need not wait long for.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from flask import Flask, request

from cds_service.server import Server, options
from cds_service.serving import bounds_of
from cds_service.settings import Settings

HEARTBEAT_SECONDS = 2
GRACEFUL_SECONDS = 6
WRITING_SECONDS = 0.4
"""At the end of a worker: almost what the service grants."""


class WhatWaits:
    """Cards that wait for a slow database: files in this folder tell of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self) -> None:
        """Called at the beginning of a worker."""

    def write_what_waits(self, _: float) -> None:
        """Called at the end of a worker."""
        (self._folder / "begun").touch()
        time.sleep(WRITING_SECONDS)
        (self._folder / "written").touch()


def create(folder: Path, generation: int = 1) -> Flask:
    """The routes. `/slow` waits so many seconds, as for a FHIR server."""
    app = Flask(__name__)
    app.extensions["cds_event_log"] = WhatWaits(folder)

    @app.get("/health")
    def who() -> dict[str, int]:
        return {"pid": os.getpid(), "generation": generation}

    @app.get("/slow")
    def slow() -> dict[str, int]:
        Path(request.args["began"]).touch()
        time.sleep(float(request.args["seconds"]))
        return who()

    return app


def main(port: int, workers: int, folder: Path) -> None:
    """Serve until told to stop."""
    settings = Settings(
        workers=workers, worker_timeout_seconds=HEARTBEAT_SECONDS, graceful_seconds=GRACEFUL_SECONDS, drain_seconds=1
    )
    Server(
        create(folder), options(settings, "127.0.0.1", port), bounds_of(settings), make_anew=lambda: create(folder, 2)
    ).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
