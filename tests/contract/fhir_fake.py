"""The FHIR server behind an EHR, faked at the one HTTP seam.

What may live here: which advertised query a request is, and the answer told for it. A request that is none of the
advertised queries is answered 404, as by a server that does not know it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

from tests.contract.records import PATIENT, Json, Record, bundle, failure

Reply = tuple[int, dict[str, str], str]


@dataclass
class FakeFhir:
    """Answers from `record`; `told` overrides single keys or paths with (status, body), body a str or JSON."""

    base: str
    templates: Mapping[str, str]
    record: Record = field(default_factory=dict)
    told: dict[str, tuple[int, Any]] = field(default_factory=dict)
    seen: list[requests.PreparedRequest] = field(default_factory=list)

    def serve(self, mock: responses.RequestsMock) -> None:
        mock.add_callback(responses.GET, re.compile(re.escape(self.base) + "/.*"), self._answer)

    def asked(self) -> list[str]:
        """The keys, or the paths, of what was asked so far."""
        return [self._name(str(request.url)) for request in self.seen]

    def _answer(self, request: requests.PreparedRequest) -> Reply:
        self.seen.append(request)
        name = self._name(str(request.url))
        status, body = self.told.get(name) or self._held(name)
        return status, {}, body if isinstance(body, str) else json.dumps(body)

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
    """What tells the queries apart: the type, and the codes asked for ("read" for a Patient, "page" for a page)."""
    path, _, query = path_and_query.partition("?")
    parameters = parse_qs(query)
    if not query:
        return path.split("/")[0], "read" if path.startswith("Patient/") else path
    return path, parameters.get("code", [""])[0] if "patient" in parameters else query
