"""The EHR of the contract tests: makes requests as a CDS client does and hands back the raw answers.

What may live here: bodies and calls. What an answer must hold stands in the tests and in `card_rules.py`.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.contract.records import PATIENT, PATIENT_ID, Json, Record, bundle, drafts

HOOKS = ("patient-view", "order-select", "order-sign")
ORDER_HOOKS = ("order-select", "order-sign")


@dataclass(frozen=True)
class Ehr:
    """A client of the service; `services` are the discovered services by hook."""

    client: FlaskClient
    services: Mapping[str, Json] = field(repr=False)

    def keys(self, hook: str) -> list[str]:
        """The advertised prefetch keys."""
        return list(self.services[hook]["prefetch"])

    def prefetch(self, hook: str, record: Record, patient: Json = PATIENT) -> Json:
        """Every key as a full client sends it: the Patient, and a searchset for each search."""
        sent: Json = {key: bundle(*record.get(key, ())) for key in self.keys(hook)}
        return sent | {"patient": copy.deepcopy(patient)}

    def request(
        self, hook: str, record: Record | None = None, orders: Sequence[Json] = (), patient: Json = PATIENT
    ) -> Json:
        """A whole request body; without a record it has no prefetch."""
        context: Json = {"userId": "Practitioner/nephrologist-3", "patientId": PATIENT_ID}
        if hook != "patient-view":
            context["draftOrders"] = drafts(*orders)
        if hook == "order-select":
            context["selections"] = [f"{order['resourceType']}/{order['id']}" for order in orders] or ["Task/none"]
        body: Json = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
        return body if record is None else {**body, "prefetch": self.prefetch(hook, record, patient)}

    def post(self, body: Any, hook: str | None = None) -> TestResponse:
        """Send a body to the service of its hook, or of the hook named."""
        return self.client.post(self.url(hook or body["hook"]), data=json.dumps(body), content_type="application/json")

    def url(self, hook: str, suffix: str = "") -> str:
        return f"/cds-services/{self.services[hook]['id']}{suffix}"

    def cards(self, body: Json) -> list[Json]:
        """The cards of a call that must succeed."""
        answer = self.post(body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: list[Json] = answer.get_json()["cards"]
        return found

    def ask(self, hook: str, record: Record, *orders: Json, **changed: Any) -> list[Json]:
        """The cards for a record and drafts; `changed` replaces single prefetch values."""
        body = self.request(hook, record, orders)
        body["prefetch"] |= changed
        return self.cards(body)


def ehr_of(app: Flask) -> Ehr:
    """An EHR that has discovered the services of this application."""
    client = app.test_client()
    return Ehr(client, {service["hook"]: service for service in client.get("/cds-services").get_json()["services"]})


def topics(cards: Sequence[Json]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def actions(cards: Sequence[Json]) -> list[Json]:
    """All actions of all suggestions of all cards."""
    return [
        action
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion.get("actions", ())
    ]


def words(cards: Sequence[Json]) -> str:
    """What the cards say, in lower case, without Markdown escapes."""
    return " ".join(f"{card['summary']} {card['detail']}" for card in cards).replace("\\", "").lower()


def signature(cards: Sequence[Json]) -> str:
    """The cards without their uuids, to compare the guidance of two calls."""
    bare = [{name: value for name, value in card.items() if name != "uuid"} for card in cards]
    for card in bare:
        card["suggestions"] = [
            {name: value for name, value in suggestion.items() if name != "uuid"}
            for suggestion in card.get("suggestions", ())
        ]
    return json.dumps(bare, sort_keys=True)
