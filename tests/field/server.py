"""A FHIR server as they stand behind EHRs: searches by type and code, reads by id, pages; its habits can be changed.

What may live here: answering over HTTP what a chart holds. Nothing is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contract.records import Json, failure
from tests.fhir_stand_in import Asked, FhirStandIn, Reply
from tests.field.held import HERE, Chart

Parameters = Mapping[str, list[str]]
Refusing = Callable[[str, Parameters], int]
"""Which status a search is refused with, by its type and parameters; 0: it is answered."""
_DATES = ("effectiveDateTime", "effectiveInstant", "recordedDate", "performedDateTime", "authoredOn")


@dataclass(frozen=True)
class Habits:
    """What a server does otherwise than most.

    `page` is the most matches on a page; `next_link` rewrites the address of the next page, `last_link` that of the
    page itself as it is named next on the last page; `refuse` says which searches it does not take; `has_code` compares
    a token of `code` with a coding; `change` has the last word on the Bundle.
    """

    page: int = 1000
    next_link: Callable[[str], str] = str
    last_names_itself: bool = False
    refuse: Refusing = lambda kind, parameters: 0
    has_code: Callable[[str, Json], bool] = lambda token, coding: token.split("|")[-1] == str(coding.get("code"))
    change: Callable[[Json], Json] = lambda bundle: bundle


PLAIN = Habits()


@dataclass
class FieldServer:
    """Answers what the chart holds; `seen` are the requests, in their order."""

    chart: Chart
    habits: Habits = PLAIN
    seen: list[Asked] = field(default_factory=list)

    def serve(self, server: FhirStandIn) -> None:
        """From now on this is what the server holds."""
        server.otherwise = self.answer

    def answer(self, asked: Asked) -> Reply:
        """One answer."""
        self.seen.append(asked)
        address = urlsplit(asked.url)
        path = address.path.removeprefix("/fhir/")
        if "/" in path:
            return self._read(*path.split("/", 1))
        parameters = parse_qs(address.query)
        refused = self.habits.refuse(path, parameters)
        if refused:
            return Reply(refused, failure())
        bundle = searchset(path, address.query, self.chart, self.habits)
        return Reply(200, json.dumps(bundle), {"Content-Type": "application/fhir+json"})

    def _read(self, kind: str, identifier: str) -> Reply:
        held = [self.chart.patient, *self.chart.held]
        found = (one for one in held if one["resourceType"] == kind and str(one.get("id")) == identifier)
        resource = next(found, None)
        return Reply(404, failure()) if resource is None else Reply(200, json.dumps(resource))


def searchset(kind: str, query: str, chart: Chart, habits: Habits = PLAIN, *, resolved: bool = False) -> Json:
    """One page of a search: newest first where that is asked for, with a link to the next page where there is one.

    With `resolved` the drugs that orders refer to stand beside them, as an EHR sends them along; else they have to be
    read.
    """
    asked = parse_qs(query)
    matches = list(_matches(kind, asked, chart, habits))
    if "_sort" in asked:
        matches.sort(key=_when, reverse=True)
    start = int(asked.get("_offset", ["0"])[0])
    most = min(habits.page, int(asked.get("_count", ["1000"])[0]))
    entries = [_entry(one) for one in matches[start : start + most]]
    this = f"{HERE}/{kind}?{query}"
    link = [{"relation": "self", "url": this}]
    if start + most < len(matches):
        rest = "&".join(part for part in query.split("&") if not part.startswith("_offset="))
        link.append({"relation": "next", "url": habits.next_link(f"{HERE}/{kind}?{rest}&_offset={start + most}")})
    elif habits.last_names_itself and start:
        link.append({"relation": "next", "url": this})
    if kind == "MedicationRequest":
        entries += [{**one, "search": {"mode": "include"}} for one in chart.included]
        entries += _drugs_of(chart) if resolved else []
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(matches), "link": link, "entry": entries}
    return habits.change(bundle)


def _matches(kind: str, asked: Parameters, chart: Chart, habits: Habits) -> Iterator[Json]:
    tokens = [token for value in asked.get("code", ()) for token in value.split(",") if token]
    for resource in chart.held:
        if resource["resourceType"] == kind and (not tokens or _has_code(resource, tokens, habits)):
            yield resource


def _has_code(resource: Json, tokens: list[str], habits: Habits) -> bool:
    coding = resource.get("code", {}).get("coding", [])
    codings = coding if isinstance(coding, list) else [coding]
    return any(habits.has_code(token, one) for one in codings for token in tokens)


def _drugs_of(chart: Chart) -> list[Json]:
    drugs = [one for one in chart.held if one["resourceType"] in ("Medication", "Substance")]
    return [{**_entry(one), "search": {"mode": "include"}} for one in drugs]


def _entry(resource: Json) -> Json:
    address = f"{HERE}/{resource['resourceType']}/{resource.get('id')}"
    return {"fullUrl": address, "resource": resource, "search": {"mode": "match"}}


def _when(resource: Json) -> str:
    period: Any = resource.get("performedPeriod") or resource.get("effectivePeriod") or {}
    dates = [resource[name] for name in _DATES if isinstance(resource.get(name), str)]
    return dates[0] if dates else str(period.get("end") or period.get("start") or "")
