"""Playing the EHR: resolving prefetch templates against a FHIR server and calling a CDS service.

What may live here: what a CDS Hooks client does. It uses nothing but the public endpoints and the FHIR API, so it can
be pointed at any service and any FHIR server.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_SECONDS = 30


class EhrError(Exception):
    """The service or the FHIR server did not answer as a client needs it; the text says which and how."""


@dataclass(frozen=True)
class Ehr:
    """A CDS Hooks client. `fhir` is the FHIR base URL that it reads from, `token` its bearer token if it needs one."""

    cds: str
    fhir: str
    token: str | None = field(default=None, repr=False)
    send_prefetch: bool = True
    offer_server: bool = True

    def services(self) -> list[dict[str, Any]]:
        """The discovered services."""
        answer = self._get(f"{self.cds.rstrip('/')}/cds-services", {})
        services: list[dict[str, Any]] = answer.get("services", [])
        return services

    def service_for(self, hook: str) -> dict[str, Any]:
        """The first service of a hook."""
        for service in self.services():
            if service.get("hook") == hook:
                return service
        raise EhrError(f"{self.cds} has no service for the hook {hook}")

    def prefetch(self, service: Mapping[str, Any], patient_id: str) -> dict[str, Any]:
        """What the templates resolve to; a query that the server refuses is left out, as clients do."""
        filled: dict[str, Any] = {}
        for key, template in (service.get("prefetch") or {}).items():
            query = template.replace("{{context.patientId}}", patient_id)
            try:
                filled[key] = self._get(f"{self.fhir.rstrip('/')}/{query}", self._headers())
            except EhrError:
                continue
        return filled

    def open_chart(self, patient_id: str, service: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The cards of patient-view."""
        return self.call(service or self.service_for("patient-view"), self._context(patient_id))

    def order(
        self,
        hook: str,
        patient_id: str,
        drafts: Sequence[Mapping[str, Any]],
        service: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """The cards of order-select (all drafts selected) or order-sign."""
        context = self._context(patient_id)
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft} for draft in drafts],
        }
        if hook == "order-select":
            context["selections"] = [f"{draft['resourceType']}/{draft['id']}" for draft in drafts]
        return self.call(service or self.service_for(hook), context)

    def call(self, service: Mapping[str, Any], context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Call a service and return its cards."""
        body: dict[str, Any] = {"hook": service["hook"], "hookInstance": str(uuid.uuid4()), "context": context}
        if self.offer_server:
            body["fhirServer"] = self.fhir
            if self.token:
                body["fhirAuthorization"] = {
                    "access_token": self.token,
                    "token_type": "Bearer",
                    "expires_in": 300,
                    "scope": "patient/*.rs",
                    "subject": "calciphylaxis-cds",
                }
        if self.send_prefetch:
            body["prefetch"] = self.prefetch(service, context["patientId"])
        url = f"{self.cds.rstrip('/')}/cds-services/{service['id']}"
        try:
            answer = requests.post(url, json=body, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise EhrError(f"{url} did not answer ({type(error).__name__})") from None
        if answer.status_code != 200:
            raise EhrError(f"{url} answered {answer.status_code}: {_diagnostics(answer)}")
        return _cards(answer, url)

    def _context(self, patient_id: str) -> dict[str, Any]:
        return {"userId": "Practitioner/example", "patientId": patient_id}

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _get(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            answer = requests.get(
                url, headers={"Accept": "application/fhir+json, application/json", **headers}, timeout=TIMEOUT_SECONDS
            )
            body = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise EhrError(f"{url} did not answer as expected ({type(error).__name__})") from None
        if not isinstance(body, dict):
            raise EhrError(f"{url} answered {answer.status_code}")
        return body


def _cards(answer: requests.Response, url: str) -> list[dict[str, Any]]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    cards = body.get("cards") if isinstance(body, dict) else None
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        raise EhrError(f"{url} did not answer with cards: is it a CDS Hooks service?")
    return cards


def _diagnostics(answer: requests.Response) -> str:
    try:
        issues = answer.json().get("issue", [])
    except (ValueError, AttributeError):
        return "no OperationOutcome"
    return "; ".join(str(issue.get("diagnostics", "")) for issue in issues if isinstance(issue, Mapping))
