"""Where calls come from, when proxies stand in front of us.

What may live here: which of the addresses in X-Forwarded-For is believed. Our own address, and what tokens are for,
come from CDS_PUBLIC_URL: neither host nor scheme that a proxy reports matters.
"""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from cds_service.addresses import counted_as


def trust_proxies(app: Flask, count: int) -> None:
    """Believe what this many proxies in front of us added to X-Forwarded-For, and nothing that came to the first."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=0, x_host=0)  # type: ignore[method-assign]


def caller_address() -> str:
    """Where the current request comes from, as far as the proxies that we trust say: a network, of IPv6."""
    return counted_as(request.remote_addr or "")
