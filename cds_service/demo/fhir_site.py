"""A FHIR server as `sandbox load` and `sandbox clean` talk with it, by requests.

What may live here: requests, searches page by page, and refusals as a LoaderError. Which resources go there or away is
decided in `loader` and `read_back`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from cds_service.demo.patients import Resource
from cds_service.ehr_client import failure_of
from cds_service.next_page import next_address

_TIMEOUT_SECONDS = 30
_MOST_PAGES = 500
_MOST_DIAGNOSTICS = 500
_ALREADY_GONE = (404, 410)
_FHIR_JSON = "application/fhir+json"
FHIR_BODY = {"Content-Type": _FHIR_JSON}


class LoaderError(Exception):
    """The server refused or could not be reached: `status` (None without an answer) and what it said about it."""

    def __init__(self, what: str, status: int | None = None, diagnostics: str = "") -> None:
        answered = f": the FHIR server answered {status}" if status is not None else ""
        super().__init__(f"{what}{answered}{f' ({diagnostics})' if diagnostics else ''}")
        self.status, self.diagnostics = status, diagnostics


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought; `unseen` is how many more matches the server counted than it sent."""

    resources: tuple[Resource, ...]
    unseen: int


def objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects in the list `name` of a JSON object; what is not an object in a list is left out."""
    values = holder.get(name) if isinstance(holder, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _is_match(entry: Resource) -> bool:
    """Does the entry answer the search itself? One that does not say so does, but for remarks of the server."""
    search = entry.get("search")
    mode = search.get("mode", "match") if isinstance(search, dict) else "match"
    return mode == "match" and entry["resource"].get("resourceType") != "OperationOutcome"


def _total(bundle: Resource) -> int:
    """How many matches the server counts on all pages; 0 where it does not say."""
    said = bundle.get("total")
    return said if type(said) is int else 0


class FhirSite:
    """One FHIR server for the length of a command; every answer becomes JSON or a LoaderError."""

    def __init__(self, base_url: str, token: str | None) -> None:
        self.base = base_url.rstrip("/")
        self._session = requests.Session()
        # HAPI FHIR answers a search that it knows for a minute as it did before.
        self._session.headers.update({"Accept": _FHIR_JSON, "Cache-Control": "no-cache"})
        if token:
            self._session.auth = _bearer(token)

    def __enter__(self) -> FhirSite:
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

    def search(self, path: str) -> Found:
        """All that a search ("Observation?…") finds, page after page; every page is asked for at our base."""
        kind = path.partition("?")[0]
        what, url = f"searching {kind}", f"{self.base}/{path}"
        resources: list[Resource] = []
        matches = counted = 0
        seen = set[str]()
        while url not in seen:
            if len(seen) == _MOST_PAGES:
                raise LoaderError(f"{what}: there is no end to the pages")
            seen.add(url)
            bundle = self.call("GET", url, what)
            page = [entry for entry in objects(bundle, "entry") if isinstance(entry.get("resource"), dict)]
            resources += [entry["resource"] for entry in page]
            matches += sum(map(_is_match, page))
            counted = max(counted, _total(bundle))
            # A page that names itself, or one before it, as the next one is the last.
            url = self._next(bundle, url, kind, what) or url
        return Found(tuple(resources), max(0, counted - matches))

    def _next(self, bundle: Resource, url: str, kind: str, what: str) -> str | None:
        link = next((link.get("url") for link in objects(bundle, "link") if link.get("relation") == "next"), None)
        if link is None:
            return None
        address = next_address(self.base, url, str(link), kind)
        if address is None:
            raise LoaderError(f"{what}: the link to the next page cannot be followed")
        return address

    def _send(self, method: str, url: str, what: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, url, timeout=_TIMEOUT_SECONDS, **more)
        except requests.RequestException as error:
            raise LoaderError(f"{what}: the FHIR server cannot be reached ({failure_of(error)})") from error


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
    for issue in objects(_object(response), "issue"):
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        said.append(str(issue.get("diagnostics") or text or ""))
    return "; ".join(words for words in said if words)[:_MOST_DIAGNOSTICS]
