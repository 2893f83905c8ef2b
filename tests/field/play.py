"""Playing one chart as three EHRs do: everything sent along, everything left to the FHIR server, or some of each.

What may live here: requests as an EHR makes them, and reading the answers. A search finds by type and code, whatever
the code system is called; what a chart holds stands in `held.py`, what a server does in `server.py`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.contract.ehr import Ehr, words
from tests.contract.records import Json
from tests.fhir_stand_in import FhirStandIn
from tests.field.held import Chart
from tests.field.server import PLAIN, FieldServer, Habits, searchset

MODES = ("prefetch", "server", "mixed")
Topics = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back: the cards, or, where the call was refused, what was wrong with it."""

    status: int
    cards: list[Json]
    refusal: str = ""

    @property
    def topics(self) -> Topics:
        """Topic and indicator of each card, in their order."""
        return [(card["source"]["topic"]["code"], card["indicator"]) for card in self.cards]

    @property
    def words(self) -> str:
        """What the cards say, in lower case."""
        return words(self.cards)


@dataclass(frozen=True)
class Field:
    """An EHR of one mode with its FHIR server; `mode` is one of `MODES`."""

    ehr: Ehr
    stand_in: FhirStandIn
    mode: str

    def ask(self, hook: str, chart: Chart, habits: Habits = PLAIN) -> Answer:
        """Open the chart, or order what it drafts."""
        FieldServer(chart, habits).serve(self.stand_in)
        return post(self.ehr.client, self.ehr.url(hook), request(self.ehr, hook, chart, self.mode, self.stand_in.base))

    def topics(self, hook: str, chart: Chart, habits: Habits = PLAIN) -> Topics:
        """The topics and indicators of a call that must succeed."""
        answer = self.ask(hook, chart, habits)
        assert answer.status == 200, answer.refusal
        return answer.topics


def request(ehr: Ehr, hook: str, chart: Chart, mode: str = "prefetch", server: str = "") -> Json:
    """The body of a call."""
    context: Json = {"userId": "Practitioner/nephrologist-3", "patientId": chart.patient_id}
    if hook != "patient-view":
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": list(chart.drafts)}
    if hook == "order-select":
        context["selections"] = list(selected(chart))
    body: Json = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
    if mode != "prefetch":
        body["fhirServer"] = server
    if mode != "server":
        body["prefetch"] = prefetch(ehr.services[hook]["prefetch"], chart, every=1 if mode == "prefetch" else 2)
    return body


def selected(chart: Chart) -> Sequence[Any]:
    """What is selected: each draft by its type and id, unless the chart says otherwise."""
    if chart.selections is not None:
        return chart.selections
    orders = [one["resource"] for one in chart.drafts if one["resource"]["resourceType"] == "MedicationRequest"]
    return [f"MedicationRequest/{one.get('id')}" for one in orders] or ["Task/none"]


def prefetch(templates: Mapping[str, str], chart: Chart, every: int = 1) -> Json:
    """The advertised keys as an EHR fills them; with `every` = 2 every second one, beginning with the patient."""
    keys = list(templates)[::every]
    return {key: found(templates[key], chart) for key in keys}


def found(template: str, chart: Chart) -> Any:
    """What one template brings."""
    kind, _, query = template.partition("?")
    return searchset(kind, query, chart, resolved=True) if query else chart.patient


def post(client: FlaskClient, url: str, body: Json | bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a request and read the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(url, data=raw, headers={"Content-Type": "application/json", **(headers or {})})
    found = answer.get_json()
    if answer.status_code == 200:
        return Answer(200, found["cards"])
    return Answer(answer.status_code, [], "; ".join(issue["diagnostics"] for issue in found["issue"]))
