"""The gate before the routes: who may call, as HTTP.

What may live here: turning `ClientAuthentication` into a Flask hook, and the one answer that every refused caller gets.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Protocol

import orjson
from flask import Flask, Response, g, request

from cds_service.access.bearer_token import Refused
from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.trusted_clients import TrustedClient
from cds_service.metrics import UNKNOWN_CALLERS
from cds_service.outcome import operation_outcome
from cds_service.storage import StoreError

log = logging.getLogger("cds_service")


class Watch(Protocol):
    """Is told how the calls of an address ended here. See RateLimit."""

    def insist_before_the_gate(self) -> None:
        """Raise an HTTP error where nobody is let in from this address for now."""

    def refused(self) -> None:
        """A caller from this address was refused."""

    def accepted(self) -> None:
        """A trusted client called from this address."""


def protect(
    app: Flask, authentication: ClientAuthentication, open_endpoints: Collection[str], watch: Watch | None = None
) -> None:
    """Let only trusted clients reach the views of this app, except the endpoints (Flask's names) named here.

    A view that nobody thought of is closed. CORS preflights carry no token and pass; an address that leads to no view
    is answered as usual. With a `watch` no token is looked at that it does not let pass.
    """

    @app.before_request
    def check_caller() -> Response | None:
        if request.method == "OPTIONS" or request.endpoint is None or request.endpoint in open_endpoints:
            return None
        if watch is not None:
            watch.insist_before_the_gate()
        try:
            g.trusted_client = authentication.check(request.headers.get("Authorization"), request.path)
        except Refused as refusal:
            log.warning("a caller was refused: %s", refusal.reason.value)
            UNKNOWN_CALLERS.count(refusal.reason.value)
            if watch is not None:
                watch.refused()
            return _refusal()
        except StoreError as error:
            log.error("a caller could not be checked: %s", error)
            return _unavailable()
        if watch is not None:
            watch.accepted()
        return None


def caller() -> TrustedClient | None:
    """The client that makes the current request; None where callers are not checked."""
    client: TrustedClient | None = g.get("trusted_client")
    return client


def _refusal() -> Response:
    response = _answer(401, "a bearer token of a trusted CDS client is needed")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _unavailable() -> Response:
    response = _answer(503, "the caller could not be checked; try again later")
    response.headers["Retry-After"] = "5"
    return response


def _answer(status: int, message: str) -> Response:
    return Response(orjson.dumps(operation_outcome(status, message)), status, mimetype="application/json")
