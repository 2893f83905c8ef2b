"""What CDS Hooks asks of every answer with status 200, and of every error.

What may live here: checks that hold for any card whatever it is about. Sources: CDS Hooks 3.0.0, sections "CDS Service
Response", "Card Attributes", "Suggestion", "Action"; FHIR R4.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import urlsplit

from fhir.resources.R4B import get_fhir_model_class
from werkzeug.test import TestResponse

from tests.contract.records import Json

CARD_MEMBERS = {
    "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links",
}  # fmt: skip
URGENCY = ("critical", "warning", "info")


def check_answer(answer: TestResponse, patient_id: str) -> list[Json]:
    """Everything about an answer of 200; returns its cards."""
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    body = answer.get_json()
    assert set(body) == {"cards"}
    cards: list[Json] = body["cards"]
    for card in cards:
        check_card(card, patient_id)
    order = [URGENCY.index(card["indicator"]) for card in cards]
    assert order == sorted(order)
    uuids = [card["uuid"] for card in cards]
    uuids += [suggestion["uuid"] for card in cards for suggestion in card.get("suggestions", ())]
    assert len(uuids) == len(set(uuids))
    return cards


def check_card(card: Json, patient_id: str) -> None:
    assert set(card) <= CARD_MEMBERS
    assert_nothing_empty({name: value for name, value in card.items() if name != "suggestions"})
    assert str(uuid.UUID(card["uuid"])) == card["uuid"]
    assert 0 < len(card["summary"]) < 140
    assert card["indicator"] in URGENCY
    assert card["source"]["label"]
    assert set(card["source"]["topic"]) == {"system", "code", "display"}
    if "url" in card["source"]:
        assert urlsplit(card["source"]["url"]).scheme in ("http", "https")
    assert not re.search(r"<\s*[a-z!/]", card["detail"], re.IGNORECASE), "Markdown without HTML"
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    if "suggestions" in card:
        assert card["selectionBehavior"] in ("at-most-one", "any")
    for suggestion in card.get("suggestions", ()):
        check_suggestion(suggestion, patient_id)
    for reason in card.get("overrideReasons", ()):
        assert set(reason) == {"code", "system", "display"}
        assert all(reason.values())


def check_suggestion(suggestion: Json, patient_id: str) -> None:
    assert set(suggestion) <= {"label", "uuid", "isRecommended", "actions"}
    assert suggestion["label"]
    assert uuid.UUID(suggestion["uuid"])
    assert suggestion.get("isRecommended", True) is True
    assert suggestion["actions"]
    for action in suggestion["actions"]:
        assert action["description"]
        if action["type"] == "delete":
            assert set(action) == {"type", "description", "resourceId"}
            # A client's draft may have an id that FHIR would refuse; it is named as the client names it.
            assert action["resourceId"].startswith("MedicationRequest/")
            assert len(action["resourceId"]) > len("MedicationRequest/")
        else:
            assert set(action) == {"type", "description", "resource"}
            check_ordered(action, patient_id)


def check_ordered(action: Json, patient_id: str) -> None:
    """A created order is new and about the patient; an updated order has an id and is stopped."""
    resource = action["resource"]
    if action["type"] == "create":
        check_r4(resource)
        assert "id" not in resource
        assert resource["subject"] == {"reference": f"Patient/{patient_id}"}
        assert resource["status"] == "draft"
    else:
        assert action["type"] == "update"
        assert resource["id"]
        assert resource["status"] == "stopped"


def check_r4(resource: Json) -> None:
    """Valid FHIR R4, as far as models can tell."""
    get_fhir_model_class(resource["resourceType"]).model_validate(json.loads(json.dumps(resource)))


def check_error(answer: TestResponse, status: int, field: str | None = None) -> str:
    """An error with this status and a valid OperationOutcome, at this field; returns what it says."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    check_r4(outcome)
    (issue,) = outcome["issue"]
    assert issue["severity"] == "error"
    if field is not None:
        assert issue["expression"] == [field]
    diagnostics: str = issue["diagnostics"]
    assert "Traceback" not in diagnostics
    assert not re.search(r"/\w+/\w+\.py", diagnostics)
    return diagnostics


def assert_nothing_empty(value: Any) -> None:
    """CDS Hooks, "null and empty JSON elements": what has no value is left out."""
    assert value is not None
    if isinstance(value, dict | list | str):
        assert len(value) > 0
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        assert_nothing_empty(inner)
