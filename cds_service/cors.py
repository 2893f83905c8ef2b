"""Cross-origin access for browser clients: headers on every answer, errors included; preflight without authentication.

What may live here: the CORS headers and security headers of answers.
"""

from __future__ import annotations

from flask import Flask, Response, request

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
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


def register_cors(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer preflights and add the headers; with "*" any origin may read, never with credentials."""
    any_origin = "*" in origins
    always = [*SECURITY.items(), *([("Access-Control-Allow-Origin", "*"), *ALLOWED.items()] if any_origin else [])]
    added = [(name.lower(), name, value) for name, value in always]

    @app.before_request
    def preflight() -> Response | None:
        return Response(status=204) if request.method == "OPTIONS" else None

    @app.after_request
    def add_headers(response: Response) -> Response:
        if not any_origin:
            response.headers.add("Vary", "Origin")
            origin = request.headers.get("Origin")
            if origin in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.update(ALLOWED)
        # In one go: `setdefault` looks through all headers each time, which is a tenth of a short answer's work.
        own = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for lower, name, value in added if lower not in own])
        return response
