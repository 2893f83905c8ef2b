"""The FHIR server behind an EHR, on loopback.

What may live here: which advertised query a request is, and the answer told for it. A request that is none of the
advertised queries is answered 404, as by a server that does not know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contract.records import PATIENT, Json, Record, bundle, failure
from tests.fhir_stand_in import Asked, FhirStandIn, Reply


@dataclass
class FakeFhir:
    """Answers from `record`; `told` overrides single keys or paths with (status, body), body a str or JSON."""

    base: str
    templates: Mapping[str, str]
    record: Record = field(default_factory=dict)
    told: dict[str, tuple[int, Any]] = field(default_factory=dict)
    seen: list[Asked] = field(default_factory=list)

    def serve(self, server: FhirStandIn) -> None:
        """From now on this is what the server holds."""
        server.otherwise = self.answer

    def asked(self) -> list[str]:
        """The keys, or the paths, of what was asked so far."""
        return [self._name(request.url) for request in self.seen]

    def answer(self, request: Asked) -> Reply:
        """What is told or held at this address."""
        self.seen.append(request)
        name = self._name(request.url)
        status, body = self.told.get(name) or self._held(name)
        return Reply(status, body)

    def _held(self, name: str) -> tuple[int, Json]:
        if name == "patient":
            return 200, PATIENT
        return (200, bundle(*self.record.get(name, ()))) if name in self.templates else (404, failure())

    def _name(self, url: str) -> str:
        path, query = urlsplit(url).path.removeprefix(urlsplit(self.base).path + "/"), urlsplit(url).query
        known = {
            _identity(template.replace("{{context.patientId}}", "x")): key for key, template in self.templates.items()
        }
        return known.get(_identity(f"{path}?{query}" if query else path), f"{path}?{query}" if query else path)


def _identity(path_and_query: str) -> tuple[str, str]:
    """What the queries differ in: the type, and the codes asked for ("read" for a Patient, "page" for a page)."""
    path, _, query = path_and_query.partition("?")
    parameters = parse_qs(query)
    if not query:
        return path.split("/")[0], "read" if path.startswith("Patient/") else path
    if "patient" not in parameters:
        return path, query
    # A type may be asked for twice: by its codes, with their systems or without, or by a status.
    asked = parameters.get("code", parameters.get("status", [""]))[0]
    return path, ",".join(code.rpartition("|")[2] for code in asked.split(","))
