"""Cards as CDS Hooks JSON.

What may live here: names and shapes of the specification; optional members are left out, never null.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from cds_service.json_text import TOO_LARGE
from cds_service.knowledge import filled
from fhir_mappings.fhir_json import id_of
from hooks.card import Card, OverrideReason, Propose, Remove, Suggestion

TOPIC_SYSTEM = "urn:calciphylaxis-cds:topic"
OVERRIDE_SYSTEM = "urn:calciphylaxis-cds:override-reason"
LABEL = "calciphylaxis-cds"
SITE_POLICY = "calciphylaxis-cds.site-policy"
"""The extension of cards that names the site policy by which they came."""
REASONS = "The rule, its numbers and the evidence"
COURSE = "Show the patient's course"
_TOO_LARGE = orjson.dumps(TOO_LARGE)


@dataclass(frozen=True)
class Rendering:
    """What a card needs of the request: whose it is, the active orders as received, and the templates.

    `reasons_url` is where the pages on the topics are, `launch_url` where the EHR launches the patient's course.
    `site_policy` is the version of the site policy by which the card came; "" where the packaged files alone count.
    """

    patient_id: str
    received: Mapping[str, Mapping[str, Any]]
    templates: Mapping[str, Mapping[str, Any]]
    reasons_url: str | None = None
    launch_url: str | None = None
    site_policy: str = ""


def _uuid() -> str:
    """A random UUID (version 4) in its usual spelling. It takes a third of the time that `str(uuid4())` takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def to_json(card: Card, rendering: Rendering) -> dict[str, Any]:
    """One card with a fresh uuid for the card and each suggestion."""
    source: dict[str, Any] = {"label": LABEL}
    if rendering.reasons_url:
        source["url"] = rendering.reasons_url
    source["topic"] = {"system": TOPIC_SYSTEM, "code": card.topic, "display": card.topic_display}
    made: dict[str, Any] = {
        "uuid": _uuid(),
        "summary": card.summary,
        "indicator": card.indicator.value,
        "detail": card.detail,
        "source": source,
    }
    suggestions = [shown for item in card.suggestions if (shown := _suggestion(item, rendering))]
    if suggestions:
        made["suggestions"] = suggestions
        made["selectionBehavior"] = "at-most-one" if card.at_most_one else "any"
    if card.override_reasons:
        made["overrideReasons"] = [_reason(reason) for reason in card.override_reasons]
    links = _links(card, rendering)
    if links:
        made["links"] = links
    if rendering.site_policy:
        made["extension"] = {SITE_POLICY: {"version": rendering.site_policy}}
    return made


def _links(card: Card, rendering: Rendering) -> list[dict[str, Any]]:
    """Where to read on. The source's own address is for what stands behind all cards, not for this card."""
    links = []
    if rendering.reasons_url:
        links.append({"label": REASONS, "url": f"{rendering.reasons_url}/{card.topic}", "type": "absolute"})
    if rendering.launch_url:
        links.append({"label": COURSE, "url": rendering.launch_url, "type": "smart"})
    return links


def _suggestion(suggestion: Suggestion, rendering: Rendering) -> dict[str, Any] | None:
    actions = [shown for action in suggestion.actions if (shown := _action(action, rendering))]
    if len(actions) < len(suggestion.actions):
        return None
    made: dict[str, Any] = {"label": suggestion.label, "uuid": _uuid(), "actions": actions}
    if suggestion.recommended:
        made["isRecommended"] = True
    return made


def _action(action: Remove | Propose, rendering: Rendering) -> dict[str, Any] | None:
    if isinstance(action, Propose):
        resource = filled(rendering.templates[action.template], rendering.patient_id)
        return {"type": "create", "description": action.description, "resource": resource}
    if action.draft:
        return {"type": "delete", "description": action.description, "resourceId": action.reference}
    received = rendering.received.get(action.reference)
    if received is None:
        return None
    # The received JSON is echoed so that no extension of the order is lost; only its status changes, and an id that
    # came as a number is written as the string that FHIR asks for.
    resource = {**received, "id": id_of(received), "status": "stopped"}
    update = {"type": "update", "description": action.description, "resource": resource}
    return update if _can_be_written(update) else None


def _can_be_written(action: Mapping[str, Any]) -> bool:
    """May the order be handed back as it came? If not, the card says what to do by itself.

    JSON that comes may be nested more deeply than what can be written, and a number in it may have been too large.
    """
    try:
        written = orjson.dumps([[[[[[action]]]]]])  # as deep as it will stand in the answer
    except orjson.JSONEncodeError:
        return False
    return _TOO_LARGE not in written


def _reason(reason: OverrideReason) -> dict[str, Any]:
    return {"code": reason.code, "system": OVERRIDE_SYSTEM, "display": reason.display}
