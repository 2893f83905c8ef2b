"""The other side of the comparison: a Flask route that reads the same body and always answers the same JSON.

What may live here: that route, under the server settings of `cds_service.server`. It is started by
`python -m bench.constant PORT`. It takes those settings from the service's own modules, so it carries most of the
service's memory. Its RSS and PSS show what answering adds to that, not what a bare Flask application occupies.
"""

from __future__ import annotations

import os
import sys

from flask import Flask, Response, request

from cds_service.server import Server, options
from cds_service.serving import bounds_of
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
    chosen = options(settings, "127.0.0.1", port) | {"proc_name": "calciphylaxis-cds-constant"}
    Server(create_constant(), chosen, bounds_of(settings)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
