"""Playing the EHR: resolving prefetch templates against a FHIR server and calling a CDS service.

What may live here: what a CDS Hooks client does. It uses nothing but the public endpoints and the FHIR API, so it can
be pointed at any service and any FHIR server.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from cds_service.ehr_client.exchange import FHIR_JSON, TIMEOUT_SECONDS, Exchange, exchange, failure_of

USER = "Practitioner/example"
_AT_ONCE = 6
_VERSION = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TOKEN = re.compile(r"\{\{\s*context\.(\w+)\s*\}\}")

Resource = dict[str, Any]
"""One FHIR resource as JSON."""


class EhrError(Exception):
    """The service or the FHIR server did not answer as a client needs it; the text says which and how.

    `status` is the HTTP status of the answer, 0 when there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


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
        services = answer.get("services", [])
        return [service for service in services if isinstance(service, dict)] if isinstance(services, list) else []

    def service_for(self, hook: str) -> dict[str, Any]:
        """The first service of a hook."""
        for service in self.services():
            if service.get("hook") == hook:
                return service
        raise EhrError(f"{self.cds} has no service for the hook {hook}")

    def prefetch(self, service: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """What the templates resolve to.

        Left out, as clients do: a query that the server refuses, and a template with a token that is not understood.
        """
        asked = service.get("prefetch")
        pairs = asked.items() if isinstance(asked, Mapping) else ()
        templates = {key: _resolved(str(text), context) for key, text in pairs}
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            found = pool.map(self._read_or_none, templates.values())
            return {key: answer for key, answer in zip(templates, found, strict=True) if answer is not None}
        finally:
            # Nothing is left to wait for, unless somebody ended us meanwhile: then it is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)

    def open_chart(self, patient_id: str, service: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The cards of patient-view."""
        return self.call(service or self.service_for("patient-view"), chart_context(patient_id))

    def order(
        self,
        hook: str,
        patient_id: str,
        drafts: Sequence[Mapping[str, Any]],
        service: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """The cards of order-select (all drafts selected) or order-sign."""
        selected = [reference(draft) for draft in drafts] if hook == "order-select" else None
        return self.call(service or self.service_for(hook), order_context(patient_id, drafts, selected))

    def call(self, service: Mapping[str, Any], context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Call a service and return its cards; EhrError when it answers with anything else."""
        return cards_of(self.invoke(service, context))

    def invoke(self, service: Mapping[str, Any], context: Mapping[str, Any]) -> Exchange:
        """Call a service; all that comes back is in the exchange. The time is the call's, without the prefetch."""
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
            body["prefetch"] = self.prefetch(service, context)
        return self.send(service, body)

    def send(self, service: Mapping[str, Any], body: Mapping[str, Any]) -> Exchange:
        """Call a service with a body that is there already, as it is."""
        return exchange("POST", self._service_url(str(service["id"])), body)

    def feedback(self, service_id: str, items: Sequence[Mapping[str, Any]]) -> Exchange:
        """Tell a service what became of its cards."""
        return exchange("POST", f"{self._service_url(service_id)}/feedback", {"feedback": list(items)})

    def read(self, path: str) -> Resource:
        """A resource ("Patient/1") or a Bundle ("Condition?patient=1") of the FHIR server; EhrError otherwise."""
        return self._get(f"{self.fhir.rstrip('/')}/{path}", self._headers())

    def write(self, resource: Mapping[str, Any]) -> Exchange:
        """Create the resource on the FHIR server or, where it has an id, replace it.

        A resource that tells its version replaces that version only: otherwise a server that checks it answers 409
        or 412.
        """
        kind, id_ = str(resource["resourceType"]), resource.get("id")
        address = f"{self.fhir.rstrip('/')}/{quote(kind, safe='')}" + (f"/{quote(str(id_), safe='')}" if id_ else "")
        headers = {"Content-Type": FHIR_JSON, "Accept": FHIR_JSON, **self._headers()}
        meta = resource.get("meta")
        version = meta.get("versionId") if isinstance(meta, Mapping) else None
        if id_ and isinstance(version, str) and _VERSION.fullmatch(version):
            headers["If-Match"] = f'W/"{version}"'
        return exchange("PUT" if id_ else "POST", address, resource, headers)

    def _service_url(self, service_id: str) -> str:
        return f"{self.cds.rstrip('/')}/cds-services/{quote(service_id, safe='')}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _read_or_none(self, query: str | None) -> Resource | None:
        try:
            return self.read(query) if query else None
        except EhrError:
            return None

    def _get(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            answer = requests.get(
                url, headers={"Accept": f"{FHIR_JSON}, application/json", **headers}, timeout=TIMEOUT_SECONDS
            )
            body = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise EhrError(f"{url} did not answer as expected ({failure_of(error)})") from None
        if not isinstance(body, dict):
            raise EhrError(f"{url} answered {answer.status_code}", answer.status_code)
        return body


def chart_context(patient_id: str) -> dict[str, Any]:
    """The context of patient-view."""
    return {"userId": USER, "patientId": patient_id}


def order_context(
    patient_id: str, drafts: Sequence[Mapping[str, Any]], selected: Sequence[str] | None = None
) -> dict[str, Any]:
    """The context of order-sign or, with the references of the `selected` drafts, of order-select."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft} for draft in drafts]}
    context = {**chart_context(patient_id), "draftOrders": bundle}
    return context if selected is None else {**context, "selections": list(selected)}


def reference(resource: Mapping[str, Any]) -> str:
    """The relative reference to a resource, such as MedicationRequest/1."""
    return f"{resource['resourceType']}/{resource['id']}"


def cards_of(answer: Exchange) -> list[dict[str, Any]]:
    """The cards of a service's answer; EhrError when it is anything else."""
    if not answer.status:
        raise EhrError(f"{answer.url} {answer.diagnostics}")
    if answer.status != 200:
        raise EhrError(f"{answer.url} answered {answer.status}: {answer.diagnostics}", answer.status)
    cards = answer.body.get("cards") if isinstance(answer.body, dict) else None
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        raise EhrError(f"{answer.url} did not answer with cards: is it a CDS Hooks service?", answer.status)
    return cards


def _resolved(template: str, context: Mapping[str, Any]) -> str | None:
    """The template with the plain values of the context, None while a token is left over."""

    def value(token: re.Match[str]) -> str:
        found = context.get(token[1])
        return found if isinstance(found, str) else token[0]

    resolved = _TOKEN.sub(value, template)
    return None if "{{" in resolved else resolved
