"""The service under gunicorn's own threaded worker, to compare our worker with: the same application and settings.

What may live here: that server. It is started by `python -m bench.threaded PORT`.
"""

from __future__ import annotations

import os
import sys

from cds_service.app import create_app
from cds_service.knowledge import load_knowledge
from cds_service.server import Server, options, share_arenas
from cds_service.settings import from_environment

KEPT_SECONDS = 15


def main(port: int) -> None:
    """Serve until told to stop; workers and threads come from the same variables as the service's."""
    settings = from_environment(os.environ, dev=True)
    share_arenas()
    app = create_app(settings, knowledge=load_knowledge(settings))
    app.extensions["cds_database"].make_ready()
    threaded = {"worker_class": "gthread", "threads": settings.threads, "keepalive": KEPT_SECONDS}
    Server(app, options(settings, "127.0.0.1", port) | threaded).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
