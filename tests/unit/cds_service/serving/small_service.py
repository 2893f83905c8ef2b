"""A service of three routes under the real server, for what concerns its processes: `python small_service.py PORT`.

What may live here: the routes, and options that a test need not wait long for.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from flask import Flask, request

from cds_service.server import Server, options
from cds_service.serving import Bounds
from cds_service.settings import Settings

HEARTBEAT_SECONDS = 2


def create(generation: int = 1) -> Flask:
    """The routes. `/slow` waits so many seconds, as for a FHIR server."""
    app = Flask(__name__)

    @app.get("/health")
    def who() -> dict[str, int]:
        return {"pid": os.getpid(), "generation": generation}

    @app.get("/slow")
    def slow() -> dict[str, int]:
        Path(request.args["began"]).touch()
        time.sleep(float(request.args["seconds"]))
        return who()

    return app


def main(port: int, workers: int) -> None:
    """Serve until told to stop."""
    chosen = options(Settings(workers=workers, log_level="INFO"), "127.0.0.1", port) | {"timeout": HEARTBEAT_SECONDS}
    Server(create(), chosen, Bounds(), make_anew=lambda: create(2)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
