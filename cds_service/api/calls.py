"""Around the application: every answer has its request id, and where it is wanted every call has its line.

What may live here: that header and that line. The line names the endpoint, never the path: a path may hold an id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request

from cds_service.logs import HEADER, current_request_id, request_id_of, under_request_id

log = logging.getLogger("cds_service.calls")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""A caller may send any other word as a method, so others are not repeated."""


_ENDPOINT = "cds_service.endpoint"
"""Where in the environment of a request its endpoint stands."""


def identify_requests(app: Flask, *, tells_calls: bool) -> None:
    """Let every answer of this application, and every line of the log on the way to it, have an id of its request.

    `tells_calls` writes one line for each call: endpoint, method, status, milliseconds.
    """
    app.wsgi_app = WithRequestId(app.wsgi_app, tells_calls=tells_calls)  # type: ignore[method-assign]
    if tells_calls:
        app.teardown_request(_keep_endpoint)


def _keep_endpoint(_: BaseException | None) -> None:
    """Flask forgets a request before its answer comes out of it."""
    request.environ[_ENDPOINT] = request.endpoint


class WithRequestId:
    """A WSGI application whose answers and log lines have the id of their request."""

    def __init__(self, application: WSGIApplication, *, tells_calls: bool) -> None:
        self._application, self._tells_calls = application, tells_calls

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, under the id that the server has given to the request, or by its headers."""
        began = time.perf_counter()
        sent = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("HTTP_TRACEPARENT", "")
        answered = ""

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            nonlocal answered
            answered = status
            return start_response(status, [*headers, (HEADER, request_id)], *failed)

        request_id = current_request_id() or request_id_of(*sent)
        with under_request_id(request_id):
            body = self._application(environ, start)
            if self._tells_calls:
                _tell(environ, answered, (time.perf_counter() - began) * 1000)
        return body


def _tell(environ: WSGIEnvironment, answered: str, milliseconds: float) -> None:
    method = environ["REQUEST_METHOD"]
    members = {
        "endpoint": environ.get(_ENDPOINT),
        "method": method if method in _METHODS else "other",
        "status": int(answered[:3]),
        "milliseconds": round(milliseconds, 1),
    }
    log.info("a call was answered", extra={"members": members})
