"""Putting the synthetic patients on any FHIR R4 server, and taking them away again.

What may live here: the two commands `load` and `clean` as functions. Both are safe to repeat. `clean` deletes only
what carries our tag *and* an id with our prefix, checked on every resource that the server returns, because a server
may ignore the search parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from cds_service.demo.patients import ID_PREFIX, TAG, Resource, SyntheticPatient

Progress = Callable[[int, int, str], None]
"""Called after each step with the steps done, the steps in all, and what was just done."""

DEPENDENTS_FIRST = (
    "Observation",
    "Condition",
    "Task",
    "CommunicationRequest",
    "ServiceRequest",
    "MedicationRequest",
    "Procedure",
    "Medication",
    "Patient",
)
"""The order of deletion: what points at others goes before them, or servers refuse."""

_TIMEOUT_SECONDS = 30
_PAGE_SIZE = 100
_MOST_PAGES = 500
_MOST_DIAGNOSTICS = 500
_ALREADY_GONE = (404, 410)
_OUR_ID = re.compile(re.escape(ID_PREFIX) + r"[A-Za-z0-9\-.]+")
_FHIR_JSON = "application/fhir+json"
_FHIR_BODY = {"Content-Type": _FHIR_JSON}


class LoaderError(Exception):
    """The server refused or could not be reached: `status` (None without an answer) and what it said about it."""

    def __init__(self, what: str, status: int | None = None, diagnostics: str = "") -> None:
        answered = f": the FHIR server answered {status}" if status is not None else ""
        super().__init__(f"{what}{answered}{f' ({diagnostics})' if diagnostics else ''}")
        self.status, self.diagnostics = status, diagnostics


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was put on the server: patients, and resources that were new there or replaced an older version."""

    patients: int
    created: int
    updated: int

    @property
    def resources(self) -> int:
        """All resources written."""
        return self.created + self.updated


def _silent(done: int, total: int, what: str) -> None:
    """Show no progress."""


def load(
    base_url: str, patients: Iterable[SyntheticPatient], *, token: str | None = None, progress: Progress = _silent
) -> LoadReport:
    """Put each patient's resources under their own ids, one transaction per patient; LoaderError at the first refusal.

    Repeating it brings the dates up to those of `patients` and makes nothing twice.
    """
    everyone = tuple(patients)
    created = updated = 0
    with _Server(base_url, token) as server:
        for done, patient in enumerate(everyone, start=1):
            bundle = transaction(server.base, patient.resources)
            answer = server.call("POST", server.base, f"loading {patient.key}", json=bundle, headers=_FHIR_BODY)
            new, old = _written(answer, len(patient.resources), patient.key)
            created, updated = created + new, updated + old
            progress(done, len(everyone), patient.title)
    return LoadReport(patients=len(everyone), created=created, updated=updated)


def transaction(base: str, resources: Iterable[Resource]) -> Resource:
    """A transaction Bundle that puts each resource under its own id on the server at `base`."""
    addresses = ((f"{resource['resourceType']}/{resource['id']}", resource) for resource in resources)
    entries = [
        {"fullUrl": f"{base}/{url}", "resource": resource, "request": {"method": "PUT", "url": url}}
        for url, resource in addresses
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def clean(base_url: str, *, token: str | None = None, progress: Progress = _silent) -> int:
    """Delete our resources and return how many there were to delete; LoaderError when a search or a delete is refused.

    Everything is found before anything is deleted, so that pages do not shift meanwhile. What another caller deleted
    meanwhile is not counted.
    """
    with _Server(base_url, token) as server:
        found = [address for kind in DEPENDENTS_FIRST for address in _ours(server, kind)]
        deleted = 0
        for done, address in enumerate(found, start=1):
            if server.delete(address):
                deleted += 1
            progress(done, len(found), address)
    return deleted


def _ours(server: _Server, kind: str) -> list[str]:
    """The addresses ("Observation/cds-demo-…") of our resources of one type."""
    addresses: dict[str, None] = {}
    for resource in server.pages(kind, {"_tag": f"{TAG['system']}|{TAG['code']}", "_count": str(_PAGE_SIZE)}):
        if resource.get("resourceType") == kind and _is_ours(resource):
            addresses[f"{kind}/{resource['id']}"] = None
    return list(addresses)


def _is_ours(resource: Resource) -> bool:
    tags = _objects(resource.get("meta"), "tag")
    tagged = any(tag.get("system") == TAG["system"] and tag.get("code") == TAG["code"] for tag in tags)
    return tagged and _OUR_ID.fullmatch(str(resource.get("id", ""))) is not None


def _written(answer: Resource, expected: int, key: str) -> tuple[int, int]:
    """How many entries of a transaction's answer were created and how many updated."""
    responses = [entry.get("response") for entry in _objects(answer, "entry")]
    statuses = [str(response.get("status")) for response in responses if isinstance(response, dict)]
    if len(statuses) != expected or not all(status.startswith("2") for status in statuses):
        raise LoaderError(f"loading {key}: the server did not confirm every resource")
    created = sum(status.startswith("201") for status in statuses)
    return created, expected - created


def _objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects in the list `name` of a JSON object; what is not an object in a list is left out."""
    values = holder.get(name) if isinstance(holder, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


class _Server:
    """One FHIR server for the length of a command; every answer becomes JSON or a LoaderError."""

    def __init__(self, base_url: str, token: str | None) -> None:
        self.base = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update({"Accept": _FHIR_JSON})
        if token:
            self._session.auth = _bearer(token)

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, method: str, url: str, what: str, **more: Any) -> Resource:
        """The JSON object that the server answers with; `what` opens the sentence of a LoaderError."""
        response = self._send(method, url, what, **more)
        if not response.ok:
            raise LoaderError(what, response.status_code, _diagnostics(response))
        body = _object(response)
        if body is None:
            raise LoaderError(f"{what}: the answer is not FHIR JSON", response.status_code)
        return body

    def delete(self, address: str) -> bool:
        """Delete one resource; False when it was gone already."""
        what = f"deleting {address}"
        response = self._send("DELETE", f"{self.base}/{address}", what)
        if not response.ok and response.status_code not in _ALREADY_GONE:
            raise LoaderError(what, response.status_code, _diagnostics(response))
        return response.ok

    def pages(self, kind: str, parameters: dict[str, str]) -> Iterator[Resource]:
        """Every resource of a search, page after page."""
        what, url = f"searching {kind}", f"{self.base}/{kind}"
        bundle = self.call("GET", url, what, params=parameters)
        for _ in range(_MOST_PAGES):
            resources = (entry.get("resource") for entry in _objects(bundle, "entry"))
            yield from (resource for resource in resources if isinstance(resource, dict))
            link = next((link.get("url") for link in _objects(bundle, "link") if link.get("relation") == "next"), None)
            if link is None:
                return
            url = self._here(urljoin(url, str(link)), what)
            bundle = self.call("GET", url, what)
        raise LoaderError(f"{what}: there is no end to the pages")

    def _here(self, link: str, what: str) -> str:
        """The address of a next page: on this host, with the scheme and port that we used."""
        base, page = urlsplit(self.base), urlsplit(link)
        if page.hostname != base.hostname:
            # the token is for this server alone
            raise LoaderError(f"{what}: the next page is on another server")
        return page._replace(scheme=base.scheme, netloc=base.netloc).geturl()

    def _send(self, method: str, url: str, what: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, url, timeout=_TIMEOUT_SECONDS, **more)
        except requests.RequestException as error:
            raise LoaderError(f"{what}: the FHIR server cannot be reached ({type(error).__name__})") from error


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """As `auth`, not as a header: a .netrc file would replace the header in silence."""

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _object(response: requests.Response) -> Resource | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _diagnostics(response: requests.Response) -> str:
    """What an OperationOutcome says about a refusal, cut to a readable length, else nothing."""
    said = []
    for issue in _objects(_object(response), "issue"):
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        said.append(str(issue.get("diagnostics") or text or ""))
    return "; ".join(words for words in said if words)[:_MOST_DIAGNOSTICS]
