"""How often one client may call, where the operator sets a limit.

What may live here: the limit and whom it counts. Without a shared storage each worker counts for itself, also
while the shared storage does not answer: a clinician gets advice even when a counter is gone.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter

from cds_service.access.gate import caller

_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
"""Seconds; the clinician waits for the answer meanwhile."""


def limit_rate(app: Flask, rate: str, storage: str) -> None:
    """Answer 429 above `rate` ("600 per minute") per trusted client, or per address where clients are not known."""
    limiter = Limiter(
        _who,
        app=app,
        default_limits=[rate],
        storage_uri=storage,
        storage_options=_TIMEOUTS if storage.startswith("redis") else {},
        in_memory_fallback_enabled=True,
        headers_enabled=True,
        strategy="moving-window",
    )
    limiter.request_filter(_is_free)


def _who() -> str:
    client = caller()
    return f"client {client.issuer}" if client else f"address {request.remote_addr}"


def _is_free() -> bool:
    """Load balancers and preflights are not counted."""
    return request.method == "OPTIONS" or request.endpoint == "cds.health"
