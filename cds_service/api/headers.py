"""Cross-origin access for browser clients: headers on every answer of the CDS endpoints, errors included; preflight
without authentication. The pages for people get none of it: other sites' scripts need nothing there.

What may live here: the CORS headers and security headers of answers.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request

from cds_service.logs import HEADER

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": f"Authorization, Content-Type, Content-Encoding, {HEADER}, Traceparent",
    "Access-Control-Expose-Headers": f"WWW-Authenticate, Retry-After, {HEADER}",
    "Access-Control-Max-Age": "600",
}

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
}
"""Answers hold patient data: not to be cached, framed, sniffed or referred from; the last holds over TLS only."""

_SHARED = (None, "cds")
"""Blueprints whose answers other origins may read; None is an address that does not exist."""


def register_cors(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer preflights and add the headers; with "*" any origin may read, never with credentials."""
    any_origin = "*" in origins
    secure = [(name.lower(), name, value) for name, value in SECURITY.items()]
    shared = [(name.lower(), name, value) for name, value in (("Access-Control-Allow-Origin", "*"), *ALLOWED.items())]
    added = {True: [*secure, *shared] if any_origin else secure, False: secure}

    @app.before_request
    def preflight() -> Response | None:
        return Response(status=204) if request.method == "OPTIONS" else None

    @app.after_request
    def add_headers(response: Response) -> Response:
        is_shared = request.blueprint in _SHARED
        if is_shared and not any_origin:
            response.headers.add("Vary", "Origin")
            origin = request.headers.get("Origin")
            if origin in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.update(ALLOWED)
        # In one go: `setdefault` looks through all headers each time, which is a tenth of a short answer's work.
        own = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for lower, name, value in added[is_shared] if lower not in own])
        return response


def headers_of_refusals(origins: tuple[str, ...]) -> Callable[[str], dict[str, str]]:
    """The headers of answers given before the application is asked, by the Origin of the request ("": none)."""
    any_origin = "*" in origins

    def headers(origin: str) -> dict[str, str]:
        if any_origin:
            return SECURITY | {"Access-Control-Allow-Origin": "*"} | ALLOWED
        own = SECURITY | {"Vary": "Origin"}
        return own | {"Access-Control-Allow-Origin": origin} | ALLOWED if origin in origins else own

    return headers
