"""The other side of the comparison: a Flask route that reads the same body and always answers the same JSON.

What may live here: that route, under the server settings of `cds_service.serve`. `python -m bench.constant PORT`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flask import Flask, Response, request

from cds_service.serve import Server, _freeze, _relax
from cds_service.settings import from_environment

ANSWER = b'{"cards":[]}'


def create_constant() -> Flask:
    """The route that a service could be if it did nothing."""
    app = Flask(__name__, static_folder=None)

    @app.get("/health")
    def health() -> Response:
        return Response(b'{"status":"ok"}', mimetype="application/json")

    @app.post("/constant")
    def constant() -> Response:
        request.get_data(cache=False)
        return Response(ANSWER, mimetype="application/json")

    return app


def main(port: int) -> None:
    """Serve until told to stop; workers and threads come from the same variables as the service's."""
    settings = from_environment(os.environ, dev=True)
    # As in cds_service.serve.serve, which builds them together with its own application.
    options: dict[str, Any] = {
        "bind": f"127.0.0.1:{port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "gthread",
        "preload_app": True,
        "when_ready": _freeze,
        "post_worker_init": _relax,
        "timeout": 60,
        "graceful_timeout": 10,
        "keepalive": 15,
        "loglevel": settings.log_level.lower(),
        "proc_name": "calciphylaxis-cds-constant",
        "control_socket_disable": True,
    }
    if os.access("/dev/shm", os.W_OK):
        options["worker_tmp_dir"] = "/dev/shm"
    Server(create_constant(), options).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
