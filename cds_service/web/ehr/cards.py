"""The cards of an answer as the EHR page shows them, and the drafts that they are about.

What may live here: what of an answer the page needs. How a card is shown stands in `web/cards.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.web.cards import OwnApp, ShownCard, shown_card
from cds_service.web.ehr.state import ServiceAnswer
from fhir_mappings.fhir_json import as_object, as_objects, as_text


def shown_cards(answer: ServiceAnswer, fhir: str, own: OwnApp | None = None) -> list[ShownCard]:
    """Every card of an answer; `fhir` is the server that a SMART app is told to read from, `own` is our own app."""
    outcomes = answer.outcomes
    return [shown_card(card, outcomes.get(as_text(card.get("uuid")), {}), fhir, own) for card in answer.cards]


def not_asked(answer: ServiceAnswer, drafts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The drafts of the page that an answer on other drafts says nothing about."""
    if answer.hook != "order-select":
        return []
    judged = {draft.get("id") for draft in judged_drugs(answer)}
    return [draft for draft in drafts if draft.get("id") not in judged]


def judged_drugs(answer: ServiceAnswer) -> list[Mapping[str, Any]]:
    """The drafts that an answer is about: those selected or, where the hook selects none, all."""
    context = as_object(answer.exchange.request.get("context"))
    entries = as_objects(as_object(context.get("draftOrders")).get("entry"))
    every = [as_object(entry.get("resource")) for entry in entries]
    chosen = context.get("selections")
    if not isinstance(chosen, list):
        return every
    return [draft for draft in every if f"{draft.get('resourceType')}/{draft.get('id')}" in chosen]
