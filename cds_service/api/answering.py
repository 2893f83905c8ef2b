"""A body judged: the checks of a request and the call of its service, and what each refusal is as an HTTP answer.

What may live here: what the endpoint shares with the try page and with `invoke`, so that none of them can answer
otherwise than the others.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cds_service.api.advising import RefusedWithout
from cds_service.api.hook_request import HookRequest, TooMany, parse_hook_request
from cds_service.api.services import Service, call
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Knowledge
from cds_service.outcome import ServiceError
from hooks.judgement import CannotJudge


def checked(body: object, service: Service, max_entries: int) -> HookRequest:
    """The body as a request to this service.

    Raises:
        InvalidField: answered 400.
        ServiceError: 413.
    """
    try:
        return parse_hook_request(body, service.HOOK, max_entries)
    except TooMany as excess:
        raise ServiceError(413, str(excess), excess.field) from None


def cards_for(
    service: Service, request: HookRequest, knowledge: Knowledge, reader: FhirReader, now: datetime
) -> list[dict[str, Any]]:
    """The cards of a request as JSON, for whoever keeps no log.

    Raises:
        InvalidField: answered 400.
        ServiceError: 412, where data are missing without which silence could hide a risk.
    """
    try:
        return call(service, request, knowledge, reader, now).cards
    except CannotJudge as gap:
        raise refused_for(gap) from None


def refused_for(gap: CannotJudge) -> ServiceError:
    """The answer where data are missing without which silence could hide a risk."""
    logged = gap.gap if isinstance(gap, RefusedWithout) else gap
    return ServiceError(412, f"cannot judge: {gap}", gap.what, logged=f"cannot judge: {logged}")
