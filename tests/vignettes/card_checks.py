"""What holds for every card of every vignette, whatever it is about.

What may live here: promises of the specification and of the clinical rules on cards as such.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from cds_service.stories import topic
from cds_service.stories.expected_words import removes
from cds_service.stories.subject import PATIENT_ID

Json = dict[str, Any]
URGENCY = ("critical", "warning", "info")
DRUG_DETAIL, STATUS_DETAIL = 2100, 4500


def check_cards(cards: list[Json], hook: str) -> None:
    """Every promise on every card, and on their order."""
    order = [URGENCY.index(card["indicator"]) for card in cards]
    assert order == sorted(order), "the most severe card stands first"
    topics = [topic(card) for card in cards]
    assert len(topics) == len(set(topics)), "one card per topic"
    for card in cards:
        _check_text(card)
        _check_suggestions(card)
        if hook == "order-sign":
            assert card["overrideReasons"], f"{topic(card)} is told before signing and can be overridden with a reason"


def _check_suggestions(card: Json) -> None:
    found = card.get("suggestions", [])
    for suggestion in found:
        assert suggestion["label"]
        assert suggestion["actions"]
        for action in suggestion["actions"]:
            _check_action(action)
        if _drugs_ordered(suggestion) and removes(suggestion):
            assert suggestion["actions"][0]["type"] == "create", "some clients stop at the first delete"
    assert sum(suggestion.get("isRecommended", False) for suggestion in found) <= 1
    exclusive = sum(map(removes, found)) > 1 or sum(map(_drugs_ordered, found)) > 1
    if exclusive:
        assert card["selectionBehavior"] == "at-most-one", f"{topic(card)}: its suggestions exclude each other"


def _drugs_ordered(suggestion: Json) -> bool:
    return any(
        action["type"] == "create" and action["resource"]["resourceType"] == "MedicationRequest"
        for action in suggestion["actions"]
    )


def _check_text(card: Json) -> None:
    assert 0 < len(card["summary"]) < 140
    assert "…" not in card["summary"], f"{topic(card)}: a summary that is cut loses what it says last"
    limit = STATUS_DETAIL if topic(card).startswith("cua-") else DRUG_DETAIL
    assert len(card["detail"]) <= limit, f"{topic(card)}: detail of {len(card['detail'])} characters"
    assert card["source"]["label"]


def _check_action(action: Json) -> None:
    assert action["description"]
    if action["type"] == "delete":
        assert action["resourceId"].startswith("MedicationRequest/")
        return
    resource = action["resource"]
    _check_resource(json.dumps(_without_ids(resource), sort_keys=True))
    assert resource["subject"]["reference"] == f"Patient/{PATIENT_ID}"
    if action["type"] == "update":
        assert resource["id"]
        assert resource["status"] == "stopped", "an active order is stopped by an update"
    else:
        assert resource["status"] == "draft"


def _without_ids(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "id"}


@cache
def _check_resource(text: str) -> None:
    resource = json.loads(text)
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
