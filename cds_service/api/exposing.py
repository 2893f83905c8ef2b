"""/metrics, as Prometheus reads it, and what is counted of each answer.

What may live here: who may read it, the numbers of the moment, and the counting of answers. What is counted elsewhere
stands in `metrics`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, Response, g, request
from werkzeug.datastructures import Headers

from cds_service.addresses import is_within
from cds_service.api.not_shown import NotShown
from cds_service.knowledge import Tenants
from cds_service.metrics import ANSWERS, CALLS, Now, text
from cds_service.outcome import ServiceError
from cds_service.storage import Spool

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
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


@dataclass(frozen=True)
class Readers:
    """Who may read /metrics: callers from these networks (10.0.0.0/8).

    Who comes through a proxy that we do not know (`behind_proxies` is False) has an address that we cannot tell, and is
    refused, whatever the proxy's own address is.
    """

    networks: Sequence[str]
    behind_proxies: bool = False

    def may_read(self, address: str, headers: Headers) -> bool:
        """May a caller with this address and these headers?"""
        if not self.behind_proxies and any(name in headers for name in _FORWARDED):
            return False
        return is_within(address, self.networks)


def metrics_page(
    readers: Readers, tenants: Tenants, not_shown: NotShown, spool: Spool | None, clock: Callable[[], datetime]
) -> Blueprint:
    """/metrics; scripts of other sites cannot read it."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def read() -> Response:
        if not readers.may_read(request.remote_addr or "", request.headers):
            raise ServiceError(403, "metrics are for the addresses that CDS_METRICS_FROM names")
        return Response(text(_now(tenants, not_shown, spool, clock())), content_type=MEDIA_TYPE)

    return routes


def _now(tenants: Tenants, not_shown: NotShown, spool: Spool | None, now: datetime) -> Iterator[Now]:
    known = tenants.all(now)
    yield Now(
        "policy_info",
        "1 for the version of the policy by which each tenant is answered; no tenant: everybody else.",
        ("tenant", "version", "site_policy"),
        {
            (tenant or "", knowledge.version, "true" if knowledge.site else "false"): 1
            for tenant, knowledge in known.items()
        },
    )
    off = Counter(notice.reason.value for notice in not_shown.to_all(now).notices if not notice.is_beside)
    yield Now(
        "not_shown",
        "What is switched off or held back by policy or kill switch, by reason.",
        ("reason",),
        {(reason,): number for reason, number in off.items()},
    )
    if spool is not None:
        yield Now("spool_bytes", "Bytes in the spool of this machine.", (), {(): spool.depth()})
        yield Now("spool_max_bytes", "Bytes that the spool may have.", (), {(): spool.most_bytes})
