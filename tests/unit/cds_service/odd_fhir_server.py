"""A FHIR server that holds resources and has the habits of real ones that are known to hide some of them.

What may live here: the habits, each as a function that a test switches on. What the server holds and how it searches is
that of the sandbox.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cds_service.demo.fhir_search import search
from cds_service.demo.fhir_store import SandboxError, SandboxStore
from fhir_mappings.queries import Query
from tests.fhir_stand_in import Asked, FhirStandIn, Reply

Json = dict[str, Any]
Refusal = Callable[[str], int]
Change = Callable[["OddServer", str, Json], Json]


class OddServer(FhirStandIn):
    """`refuse` gives the status of a refusal of an address, 0 to answer; `change` what becomes of a search's answer."""

    def __init__(self) -> None:
        super().__init__()
        self.start_anew()

    def start_anew(self, resources: Iterable[Json] = ()) -> None:
        self.forget()
        self.store = SandboxStore(resources)
        self.refuse: Refusal = lambda url: 0
        self.change: Change = lambda server, url, bundle: bundle
        self.metadata: Json = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
        self.searches: Counter[str] = Counter()
        self.pause = 0.0
        self.otherwise = self._do

    def _do(self, asked: Asked) -> Reply:
        time.sleep(self.pause)
        status = self.refuse(f"{asked.method} {asked.url}")
        if status:
            return Reply(status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]})
        try:
            return self._answer(asked)
        except SandboxError as error:
            return Reply(error.status)

    def _answer(self, asked: Asked) -> Reply:
        url = urlsplit(asked.url)
        match asked.method, url.path.split("/")[2:]:
            case "GET", ["metadata"]:
                return Reply(200, self.metadata)
            case "GET", [kind]:
                self.searches[kind] += 1
                return Reply(
                    200, self.change(self, asked.url, search(self.store, self.base, kind, parse_qsl(url.query)))
                )
            case "GET", [kind, identifier]:
                return Reply(200, self.store.read(kind, identifier))
            case "POST", []:
                return Reply(200, self.store.transaction(json.loads(asked.body)))
            case "DELETE", [kind, identifier]:
                self.store.delete(kind, identifier)
                return Reply(204)
            case _:
                return Reply(405)


ODD = OddServer()
"""One for all tests of a process; each begins with `start_anew`."""


# ------------------------------------------------------------------ habits
def refuses_sort(url: str) -> int:
    return 400 if "_sort" in url else 0


def forbids(*kinds: str) -> Refusal:
    return lambda url: 403 if any(f"/{kind}?" in url or f"/{kind}/" in url for kind in kinds) else 0


def empty(bundle: Json) -> Json:
    return {**bundle, "total": 0, "entry": [], "link": []}


def finds_no_bare_code(server: OddServer, url: str, bundle: Json) -> Json:
    code = dict(parse_qsl(urlsplit(url).query)).get("code", "|")
    return bundle if "|" in code else empty(bundle)


def finds_no_bare_patient(server: OddServer, url: str, bundle: Json) -> Json:
    """As the in-memory repository of one project does: it wants the type before the id."""
    patient = dict(parse_qsl(urlsplit(url).query)).get("patient", "Patient/")
    return bundle if patient.startswith("Patient/") else empty(bundle)


def sends_no_next_link(most: int) -> Change:
    """The total is right, the entries are the first ones, and nothing says where the others are."""
    return lambda server, url, bundle: {**bundle, "entry": bundle.get("entry", [])[:most], "link": []}


def finds_late(kind: str, after: int) -> Change:
    """The first searches of a type find nothing."""
    return lambda server, url, bundle: empty(bundle) if kind in url and server.searches[kind] <= after else bundle


def forgets_late(kind: str, until: int) -> Change:
    """For so many searches of a type, what was once found is found again, although it was deleted."""
    kept: dict[str, Json] = {}

    def change(server: OddServer, url: str, bundle: Json) -> Json:
        if urlsplit(url).path.endswith(kind):
            if server.searches[kind] == 1:
                kept["bundle"] = bundle
            return kept["bundle"] if server.searches[kind] <= until else bundle
        return bundle

    return change


def names_itself(inside: str) -> Change:
    """Next links name the server as it is called behind the proxy."""

    def change(server: OddServer, url: str, bundle: Json) -> Json:
        links = [{**link, "url": link["url"].replace(server.base, inside)} for link in bundle["link"]]
        return {**bundle, "link": links}

    return change


def pages_of(size: int, then: Change = lambda server, url, bundle: bundle) -> Change:
    """Never more entries on a page, whatever was asked for."""

    def change(server: OddServer, url: str, bundle: Json) -> Json:
        asked = [pair for pair in parse_qsl(urlsplit(url).query) if pair[0] != "_count"]
        kind = urlsplit(url).path.rpartition("/")[2]
        return then(server, url, search(server.store, server.base, kind, [*asked, ("_count", str(size))]))

    return change


# ------------------------------------------------------------------ queries that know other forms
@dataclass(frozen=True)
class FormedQuery(Query):
    """A query with a form without `_sort`, one without paging, and one with the systems of its codes."""

    def plainer(self, patient_id: str, on: date) -> tuple[str, ...]:
        usual = self.fetch_path(patient_id, on)
        if "?" not in usual:
            return ()
        kept = [part for part in usual.split("&") if not part.startswith("_sort")]
        return "&".join(kept), "&".join(part for part in kept if not part.startswith("_count"))

    def with_systems(self) -> Query:
        return replace(self, params=tuple((name, _coded(name, value)) for name, value in self.params))


def _coded(name: str, value: str) -> str:
    return ",".join(f"http://loinc.org|{code}" for code in value.split(",")) if name == "code" else value


def formed(query: Query) -> FormedQuery:
    return FormedQuery(**{field.name: getattr(query, field.name) for field in fields(Query)})
