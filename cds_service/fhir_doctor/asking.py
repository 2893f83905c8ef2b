"""Asking one form of a query, alone, and measuring what came.

What may live here: one look-up at a time, through the same client as the service, with time to answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote

from cds_service.fhir_client import FhirError, FhirReader, FhirServer, JsonObject, LookUp, Past, Talk
from cds_service.fhir_doctor.findings import LookedUp, Tried
from fhir_mappings.forms import Form, forms_of, meets
from fhir_mappings.queries import Query

# The reason is all that every failure has, whichever way it came.
_ANSWERED = re.compile("the FHIR server answered ([1-5][0-9]{2})")
SURVEY = "survey"


class Measured(NamedTuple):
    """What was seen of one form, and the resources that it brought."""

    tried: Tried
    resources: Sequence[JsonObject]


@dataclass
class _Counting:
    """Stands before what a look-up asked for, and counts the pages that belong to it."""

    asked: Any
    pages: int = 0
    total: int | None = None

    def objection(self, resource: JsonObject) -> str | None:
        problem: str | None = None if self.asked is None else self.asked.objection(resource)
        if problem is None:
            self.pages += 1
            said = resource.get("total")
            self.total = said if type(said) is int else self.total
        return problem

    def is_named_by(self, resource: JsonObject, url: str) -> bool:
        return self.asked is not None and bool(self.asked.is_named_by(resource, url))

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset() if self.asked is None else frozenset(self.asked.kinds)


@dataclass
class Asker:
    """Asks a server about one patient at a time. `brought` keeps all that came, for a look at its codes."""

    reader: FhirReader
    server: FhirServer
    brought: list[JsonObject] = field(default_factory=list)

    def look_up(self, query: Query, patient_id: str, on: date, past: Callable[[], Past]) -> LookedUp:
        """Every form of a query. Where no answer came at all, the other forms are not waited for."""
        tried: list[Tried] = []
        for form in forms_of(query, patient_id, on):
            measured = self.measure(form, past(), one=query.resource_type == "Patient")
            self.brought += measured.resources
            tried.append(replace(measured.tried, found=sum(meets(query, one) for one in measured.resources)))
            if tried[-1].status is None:
                break
        return LookedUp(query.key, query.what, query.resource_type, tuple(sorted(query.hooks)), tuple(tried))

    def survey(self, patient_id: str) -> LookedUp:
        """The newest results whatever their codes, one page: our own searches find only codes that we know."""
        search = f"Observation?patient={quote(patient_id, safe='')}"
        forms = (
            Form("by category", f"{search}&category=laboratory&_sort=-date&_count=200"),
            Form("plainer 1", f"{search}&category=laboratory&_count=200"),
            Form("without category", f"{search}&_count=200"),
        )
        tried: list[Tried] = []
        for form in forms:
            measured = self.measure(form, lambda page: True)
            self.brought += measured.resources
            tried.append(measured.tried)
            if tried[-1].found or tried[-1].status is None:
                break
        return LookedUp(SURVEY, "all results, one page", "Observation", (), tuple(tried))

    def measure(self, form: Form, past: Past | None = None, *, one: bool = False) -> Measured:
        """Ask this address: a search, or `one` resource."""
        with self.reader.talk(self.server, self.reader.deadline()) as talk:
            started = time.perf_counter()
            counting, outcome = _ask(talk, form.path, past, one=one)
        spent = round((time.perf_counter() - started) * 1000)
        if isinstance(outcome, FhirError):
            answered = _ANSWERED.search(outcome.reason)
            status = int(answered[1]) if answered else 200 if counting.pages else None
            return Measured(Tried(form.name, status, outcome.reason, 0, None, counting.pages, spent), ())
        found, problem = outcome
        tried = Tried(form.name, 200, problem, len(found), counting.total, counting.pages, spent, not problem)
        return Measured(tried, found)


def _ask(
    talk: Talk, path: str, past: Past | None, *, one: bool
) -> tuple[_Counting, tuple[list[JsonObject], str] | FhirError]:
    """What came: the resources, and why there may be more; or why nothing came."""
    if one:
        read = talk.read(path)
        counting = _counted(read)
        try:
            return counting, ([talk.answer(read)], "")
        except FhirError as failure:
            return counting, failure
    search = talk.search(path, past=past)
    counting = _counted(search)
    try:
        result = talk.answer(search)
    except FhirError as failure:
        return counting, failure
    return counting, (result.resources, result.reason)


def _counted(look_up: LookUp[Any]) -> _Counting:
    counting = _Counting(look_up.asked)
    # A look-up shows every answer to what it asked for, before it takes it in.
    look_up.asked = counting  # type: ignore[assignment]
    return counting
