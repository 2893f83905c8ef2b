"""The address of a Redis, looked at before anybody uses it: its client takes much that only fails at the first call.

What may live here: what such an address may be. The library is an extra and is not asked.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cds_service.addresses import network

_NAME = re.compile(r"(?=.{1,253}$)[\w-]{1,63}(\.[\w-]{1,63})*\.?", re.ASCII)
_DATABASE = re.compile("/?|/[0-9]{1,4}")
_OPTIONS = {
    "db": "[0-9]{1,4}",
    "ssl_ca_certs": ".{1,1000}",
    "ssl_certfile": ".{1,1000}",
    "ssl_keyfile": ".{1,1000}",
    "ssl_cert_reqs": "none|optional|required",
    "ssl_check_hostname": "[Tt]rue|[Ff]alse",
}
"""Timeouts are ours: a call does not wait for Redis."""


def redis_url(text: str) -> str:
    """The address as it is. ValueError, without any of it in its text, where it is none.

    Blanks, "/", "?", "#" and "@" in a password have to be percent-encoded.
    """
    try:
        url = urlsplit(text)
        # The client knows schemes in small letters only, and what cannot be printed it cannot send.
        is_written_well = text.startswith(("redis://", "rediss://")) and text.isprintable()
        is_good = is_written_well and _is_place(url) and _has_known_options(url)
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError
    return text


def _is_place(url: SplitResult) -> bool:
    """Is there a host that can be looked up, a port and at most a database?"""
    has_port = url.port is None or url.port > 0
    is_host = _is_host(url.hostname or "")
    is_whole = not url.fragment and url.netloc.count("@") <= 1 and not re.search(r"\s", url.netloc)
    return is_host and has_port and is_whole and bool(_DATABASE.fullmatch(url.path))


def _is_host(host: str) -> bool:
    """Raises ValueError for what looks like an IPv6 address and is none."""
    return bool(network(host) if ":" in host else _NAME.fullmatch(host))


def _has_known_options(url: SplitResult) -> bool:
    options = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True) if url.query else []
    is_for_tls_only = any(name.startswith("ssl_") for name, _ in options) and url.scheme != "rediss"
    return not is_for_tls_only and all(re.fullmatch(_OPTIONS.get(name, "(?!)"), value) for name, value in options)
