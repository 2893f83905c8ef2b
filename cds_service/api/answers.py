"""What is counted of each answer.

What may live here: the counting and timing of answers as they leave. Who may read the counts is asked in `exposing`.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from flask import Flask, Response, g, request

from cds_service.metrics import ANSWERS, CALLS

_CALL = "cds.call_service"


def count_answers(app: Flask, services: Collection[str]) -> None:
    """Count every answer of this app by its endpoint and status, and time the calls of these services."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        ANSWERS.count(endpoint, str(response.status_code))
        if endpoint == _CALL:
            named = (request.view_args or {}).get("service_id", "")
            CALLS.took(time.perf_counter() - g.began, named if named in services else "unknown")
        return response
