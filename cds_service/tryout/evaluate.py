"""A request judged in this process, as the endpoint would judge it: cards, or the refusal, as data.

What may live here: the call of the service without its surroundings. Nothing is stored, logged or asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cds_service.api import NO_SERVER, SERVICES, InvalidField, Service, cards_for, checked, explained_call, refused_for
from cds_service.knowledge import Knowledge
from cds_service.outcome import ServiceError, operation_outcome
from cds_service.tryout.reading import NotUnderstood
from hooks.explain import as_data
from hooks.reasons import Reasons

SERVICE_OF: Mapping[str, Service] = {service.HOOK: service for service in SERVICES}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200: the status, where (the field, or what is missing) and why."""

    status: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer to a request. Silence is an answer: no cards and no refusal."""

    service: str
    cards: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    refusal: Refusal | None = None
    explanation: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """What the endpoint answers."""
        if self.refusal is None:
            return {"cards": list(self.cards)}
        return operation_outcome(self.refusal.status, self.refusal.message, self.refusal.field)


def judge(
    body: Mapping[str, Any], knowledge: Knowledge, now: datetime, max_entries: int, reasons: Reasons | None = None
) -> Judged:
    """The answer of the service of this body's hook; with the `reasons` of the policy also its explanation.

    Raises:
        NotUnderstood: there is no service for this hook.
    """
    hook = body.get("hook")
    service = SERVICE_OF.get(hook) if isinstance(hook, str) else None
    if service is None:
        raise NotUnderstood(f"hook: there is no service for it here; choose one of {', '.join(SERVICE_OF)}")
    explanation = None
    try:
        request = checked(body, service, max_entries)
        if reasons is None:
            return Judged(service.ID, cards_for(service, request, knowledge, NO_SERVER, now))
        found = explained_call(service, request, knowledge, reasons, NO_SERVER, now)
        explanation = as_data(found.explanation)
        if found.gap is not None:
            raise refused_for(found.gap)
        return Judged(service.ID, found.cards, explanation=explanation)
    except InvalidField as error:
        return Judged(service.ID, refusal=Refusal(400, error.path, str(error)))
    except ServiceError as error:
        return Judged(service.ID, (), Refusal(error.status, error.field, error.message), explanation)
