"""What load balancers, orchestrators and alarms ask: does the process answer, can database and spool be written, is
anything switched off, and is that known?

What may live here: the health addresses. They need no token and are not counted, so none of them may cost anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson
from flask import Blueprint, Response

from cds_service.api.keeping import Keeping
from cds_service.api.not_shown import NotShown
from cds_service.outcome import ServiceError

Faults = Callable[[], list[str]]
"""What is wrong now with one part of the service, in words; none where all is well."""


def add_health(
    routes: Blueprint,
    keeping: Keeping,
    not_shown: NotShown,
    site_policies: Callable[[], Mapping[str, Any]],
    clock: Callable[[], datetime],
    others: Sequence[Faults] = (),
) -> None:
    """Add the health addresses to these routes; /health is the older name of /health/ready.

    Not to know what was switched off is a fault: cards known to be wrong may be shown. Switched-off cards are none, so
    they are told beside "ok", but not who switched them, nor why: anybody may ask. So is what `site_policies` tells:
    which tenants go on with an older one, because a newer file was refused, which files were refused, whose policy was
    taken away, and whether the folder can be used. `others` know of further faults; they are asked each time.
    """

    @routes.get("/health/live")
    def live() -> Response:
        return _ok()

    @routes.get("/health/ready")
    @routes.get("/health")
    def health() -> Response:
        faults = [*keeping.faults(), *not_shown.faults(), *(said for other in others for said in other())]
        if faults:
            raise ServiceError(503, "; ".join(faults))
        return _ok({**not_shown.to_all(clock()).summary(), **site_policies()})


def _ok(more: Mapping[str, Any] = MappingProxyType({})) -> Response:
    return Response(orjson.dumps({"status": "ok", **more}), mimetype="application/json")
