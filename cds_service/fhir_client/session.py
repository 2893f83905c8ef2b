"""HTTP with one time limit for a whole answer: sessions, and the adapter that sends their requests.

What may live here: every bound that keeps a server from holding us up or leading us elsewhere. What is
asked, and of whom, is decided in `conversation` and `transport`. Nothing is logged here: addresses carry patient ids.
"""

from __future__ import annotations

import logging
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from cds_service.fhir_client.connections import POOLS
from cds_service.fhir_client.open_answers import Coming, OpenRequest, Pool


class Session(requests.Session):
    """A session that never looks where a redirect points; with `allow_redirects` off, requests would still read it."""

    def __init__(self) -> None:
        super().__init__()
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere."""
        return None

    def pool_of(self, origin: str) -> Pool | None:
        """Where connections to this scheme and host are kept; None where a proxy would have to be told of each request.

        Origins are those of allowed servers, hence few.
        """
        pool = self._pools.get(origin)
        # The adapter lets go of pools that were not used for long.
        if pool is None or pool.pool is None:
            pool = self._pools[origin] = self._looked_up(origin)
        return cast(Pool, pool) if pool.proxy is None or pool.scheme == "https" else None

    def _looked_up(self, origin: str) -> urllib3.HTTPConnectionPool:
        request = requests.Request("GET", origin).prepare()
        settings = self.merge_environment_settings(origin, {}, None, None, None)
        pool = self.timed_adapter.get_connection_with_tls_context(
            request, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
        )
        return cast(urllib3.HTTPConnectionPool, pool)

    @property
    def timed_adapter(self) -> TimedAdapter:
        """The adapter that every request goes through."""
        return cast(TimedAdapter, self.adapters["https://"])


def new_session(pool_size: int, trust_environment: bool) -> Session:
    """A session whose timeouts bound a whole answer, without cookies, logins, retries or a look at redirects."""
    # urllib3 writes request addresses into its logs, and those hold patient ids.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    session = Session()
    session.trust_env = trust_environment
    # Without a login of our own, requests would let ~/.netrc replace the token.
    session.auth = _no_login
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/fhir+json", "User-Agent": "calciphylaxis-cds"})
    adapter = TimedAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class TimedAdapter(HTTPAdapter):
    """An adapter whose timeouts bound a whole answer; those of requests bound each single read.

    A request for an open connection is sent on that one and not waited for: its answer is `raw` of the response.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Pools of our own, whose connections keep the time."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The same pools behind a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """What sends the request: an open connection sends its own."""
        if isinstance(request, OpenRequest):
            return request.coming
        return super().get_connection_with_tls_context(request, *args, **kwargs)

    def cert_verify(self, conn: Any, *args: Any, **kwargs: Any) -> None:
        """An open connection was verified when it was made."""
        if not isinstance(conn, Coming):
            super().cert_verify(conn, *args, **kwargs)  # type: ignore[no-untyped-call]  # requests does not say

    def request_url(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> str:
        """What stands in the request line."""
        return request.target if isinstance(request, OpenRequest) else super().request_url(request, *args, **kwargs)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Any:
        """A response; on an open connection it has not come yet."""
        return resp if isinstance(resp, Coming) else super().build_response(req, resp)
