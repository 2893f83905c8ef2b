"""Asking the services of a hook from the EHR page, and their answers in one line.

What may live here: the call of every service of a hook. Where there is no service to call, the answer is a fault, so
that it is never taken for "no cards".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.ehr_client import Ehr, EhrError, Exchange
from cds_service.web.ehr.explaining import Explainer
from cds_service.web.ehr.state import ServiceAnswer, State
from fhir_mappings.fhir_json import as_text


def ask(
    ehr: Ehr, state: State, place: str, hook: str, context: Mapping[str, Any], explainer: Explainer | None = None
) -> None:
    """Call every service of a hook and keep the answers; a fault is kept where there is no service to call.

    With an `explainer` each answer is explained.
    """
    address, asked = f"{ehr.cds.rstrip('/')}/cds-services", {"hook": hook}
    try:
        found = ehr.services()
    except EhrError as error:
        gone = Exchange("GET", address, asked, error.status, None, 0, "no discovery document")
        state.replace(place, [ServiceAnswer(place, hook, "", gone)])
        return
    services = [service for service in found if service.get("hook") == hook and service.get("id")]
    if services:
        state.replace(place, [_asked(ehr, place, service, context, explainer) for service in services])
    else:
        offered = {"services": [{"id": service.get("id"), "hook": service.get("hook")} for service in found]}
        state.replace(place, [ServiceAnswer(place, hook, "", Exchange("GET", address, asked, 200, offered, 0))])


def _asked(
    ehr: Ehr, place: str, service: Mapping[str, Any], context: Mapping[str, Any], explainer: Explainer | None
) -> ServiceAnswer:
    sent, id_ = ehr.invoke(service, context), str(service["id"])
    why = explainer.of(id_, sent) if explainer else None
    return ServiceAnswer(place, str(service["hook"]), id_, sent, why=why)


def heard(answers: Sequence[ServiceAnswer]) -> tuple[str, bool]:
    """How many cards of which indicator, or why there are none; and whether every service asked has answered."""
    if not answers:
        return "nobody was asked, nothing was judged", False
    faults = [answer.fault for answer in answers if answer.fault]
    counts = Counter(as_text(card.get("indicator")) or "plain" for answer in answers for card in answer.cards)
    cards = [f"{times} {word} card{'' if times == 1 else 's'}" for word, times in counts.items()]
    return "; ".join([*faults, *cards]) or "no cards", not faults
