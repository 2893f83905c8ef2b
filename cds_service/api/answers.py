"""What is counted of each answer, and of what happened in its call.

What may live here: the counting and timing of answers as they leave, and of the events of a call. Who may read the
counts is asked in `exposing`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from flask import Flask, Response, g, request

from cds_service.metrics import ANSWERS, CALLS, CARDS, GAPS, HELD, REFUSED
from cds_service.storage import Event, Kind

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


def count_events(events: Sequence[Event]) -> None:
    """Count what happened in a call."""
    for event in events:
        match event.kind:
            case Kind.ISSUED:
                CARDS.count(event.service, event.topic, event.indicator)
            case Kind.SUPPRESSED:
                HELD.count(event.service, event.topic, event.reason)
            case Kind.GAP:
                GAPS.count(event.service)
            case Kind.REFUSED:
                REFUSED.count(event.service, event.reason)
