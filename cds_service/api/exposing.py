"""/metrics, as Prometheus reads it.

What may live here: who may read it, and the numbers of the moment. Answers are counted in `answers`; what else is
counted stands in `metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request
from werkzeug.datastructures import Headers

from cds_service.addresses import is_within
from cds_service.api.not_shown import NotShown
from cds_service.knowledge import Tenants
from cds_service.metrics import Now, text
from cds_service.outcome import ServiceError
from cds_service.storage import Spool

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = frozenset(("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip"))
_FORWARDED_PREFIXES = ("x-forwarded", "x-original-forwarded", "x-envoy-", "cf-connecting-")


@dataclass(frozen=True)
class Readers:
    """Who may read /metrics: callers from these networks (10.0.0.0/8), who ask by themselves.

    Whatever came through a proxy is refused, however many proxies are trusted elsewhere: what they say of the caller
    can be forged by whoever reaches the port, and Prometheus asks each service by itself.
    """

    networks: Sequence[str]

    def may_read(self, address: str, headers: Headers) -> bool:
        """May a caller with this address and these headers?

        Without any of these headers nothing has changed the address: it is that of the other end of the connection.
        """
        return not any(map(_is_of_a_proxy, headers.keys())) and is_within(address, self.networks)


def _is_of_a_proxy(header: str) -> bool:
    name = header.lower()
    return name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES)


def metrics_page(
    readers: Readers, tenants: Tenants, not_shown: NotShown, spool: Spool | None, clock: Callable[[], datetime]
) -> Blueprint:
    """/metrics; scripts of other sites cannot read it."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def read() -> Response:
        if not readers.may_read(request.remote_addr or "", request.headers):
            raise ServiceError(
                403, "metrics are for the addresses that CDS_METRICS_FROM names, and for nobody through a proxy"
            )
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
