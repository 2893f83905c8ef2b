"""How often one client may call, where the operator sets a limit.

What may live here: whom a call counts for. A trusted client has one count for all its calls, whatever they ask for; so
has an address whose callers are not known (pages, an open discovery), and so has one for tokens that were refused.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

from cds_service.access.call_counts import Rated
from cds_service.access.gate import caller
from cds_service.access.proxies import caller_address
from cds_service.access.trusted_clients import TrustedClient

log = logging.getLogger("cds_service")

_GOOD_SECONDS = 600.0
_MOST_GOOD = 1_000
_FREE = {"cds.health", "cds.live", "metrics.read"}
_SAY_EVERY_SECONDS = 60.0
_STRANGER, _FORGER = "an address whose callers are not known", "an address whose tokens were refused"
"""Who is above the rate, for the log: never the address itself."""


class RateLimit:
    """The limit, for one worker. Everything here is about the current request, and raises TooManyRequests above it."""

    def __init__(self, counts: Rated, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counts, self._good, self._monotonic = counts, _GoodAddresses(monotonic), monotonic
        self._say_again_at: dict[str, float] = {}

    def faults(self) -> list[str]:
        """That calls are not counted where they should be, in words."""
        return self._counts.faults()

    def insist_before_the_gate(self) -> None:
        """Raise where tokens from this address were refused too often: another one is not looked at.

        An address from which a trusted client called lately is not shut: others must not silence it from there.
        """
        address = caller_address()
        if address not in self._good:
            self._insist(self._counts.over(f"refused {address}"), _FORGER)

    def refused(self) -> None:
        """A token of this address was refused."""
        self._counts.spend(f"refused {caller_address()}")

    def accepted(self) -> None:
        """A token of this address was a trusted client's."""
        self._good.add(caller_address())

    def count(self, client: TrustedClient | None) -> None:
        """Count this call for its client, or for its address where the client is not known."""
        wait = self._counts.spend(f"client {client.issuer}" if client else f"address {caller_address()}")
        self._insist(wait, f"client {client.tenant}" if client else _STRANGER)

    def _insist(self, wait: int, who: str) -> None:
        if wait:
            self._say(who)
            raise TooManyRequests(f"more calls than CDS_RATE_LIMIT allows; try again in {wait} s", retry_after=wait)

    def _say(self, who: str) -> None:
        """Once a minute for each client, and for each kind of strangers: a card that was not given has to be seen."""
        now = self._monotonic()
        if now >= self._say_again_at.get(who, now):
            self._say_again_at[who] = now + _SAY_EVERY_SECONDS
            log.warning("answered 429: %s makes more calls than CDS_RATE_LIMIT allows", who)


def limit_rate(app: Flask, limit: RateLimit, trusted_proxies: int) -> None:
    """Answer 429 above the limit. To be called after the gate was put up: it says who calls."""
    told = threading.Event()

    @app.before_request
    def count() -> None:
        if _is_free():
            return
        if not trusted_proxies and "X-Forwarded-For" in request.headers and not told.is_set():
            told.set()
            log.warning("a call came through a proxy: until CDS_TRUSTED_PROXIES is set, all callers behind it are one")
        limit.count(caller())


def _is_free() -> bool:
    """Load balancers, preflights, style sheets and scripts are not counted."""
    endpoint = request.endpoint or ""
    return request.method == "OPTIONS" or endpoint in _FREE or endpoint.endswith(".static")


class _GoodAddresses:
    """The addresses from which trusted clients called in the last ten minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()

    def __contains__(self, address: str) -> bool:
        return self._monotonic() < self._until.get(address, 0.0)

    def add(self, address: str) -> None:
        with self._lock:
            self._until.pop(address, None)
            self._until[address] = self._monotonic() + _GOOD_SECONDS
            if len(self._until) > _MOST_GOOD:
                self._until.popitem(last=False)
