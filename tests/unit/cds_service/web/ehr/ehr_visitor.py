"""A visitor of the EHR page without a script: presses buttons, and sends back the state that the page gave."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_STATE = re.compile(r"name=\"state\" value='([^']*)'")
_BUTTON = re.compile(r"<button[^>]*name=\"do\" value=\"([^\"]*)\"[^>]*>(.*?)</button>", re.DOTALL)


@dataclass
class Visitor:
    """One browser window on the chart of one patient; `text` is the page as it stands."""

    client: FlaskClient
    patient: str
    text: str = ""
    status: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def open(self, more: str = "") -> Visitor:
        return self._take(self.client.get(f"/ehr?patient={quote(self.patient)}{more}"))

    @property
    def link(self) -> str:
        """What "Link to this" adds to the address of the patient."""
        found = re.search(r'id="link" href="/ehr\?patient=[^"&]*([^"]*)"', self.text)
        assert found, "there is no link"
        return html.unescape(found[1])

    def press(self, do: str, fields: Mapping[str, str] | None = None, *, part: bool = False, **more: str) -> Visitor:
        data = {"state": json.dumps(self.state), "prefetch": "on", "server": "on", "do": do, **(fields or {}), **more}
        headers = {"X-Ehr-Part": "1"} if part else {}
        return self._take(self.client.post(f"/ehr?patient={self.patient}", data=data, headers=headers))

    def button(self, label: str) -> str:
        """What the last button with this label on the page would send."""
        found = [html.unescape(value) for value, inner in _BUTTON.findall(self.text) if label in html.unescape(inner)]
        assert found, f"there is no button {label}"
        return found[-1]

    @property
    def drafts(self) -> list[str]:
        return [draft.get("medicationCodeableConcept", draft.get("code"))["text"] for draft in self.state["drafts"]]

    @property
    def said(self) -> str:
        return str(self.state["events"][0][0])

    @property
    def happened(self) -> str:
        return "\n".join(words for words, _ in self.state["events"])

    def cards(self, hook: str) -> list[dict[str, Any]]:
        return [
            card
            for answer in self.state["answers"]
            if answer["hook"] == hook
            for card in answer["body"].get("cards", [])
        ]

    def _take(self, answer: TestResponse) -> Visitor:
        self.text, self.status = answer.get_data(as_text=True), answer.status_code
        found = _STATE.search(self.text)
        if found:
            self.state = json.loads(html.unescape(found[1]))
        return self
