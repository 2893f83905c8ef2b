"""gunicorn's own lines in the form of ours.

What may live here: gunicorn's logger where the log is JSON.
"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from cds_service.logs import JsonLines


class JsonLogger(Logger):
    """gunicorn's logger; what master and workers say of themselves is one JSON object a line."""

    def setup(self, cfg: Any) -> None:
        """At the start and after each reload, when gunicorn has made its handlers anew."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())
