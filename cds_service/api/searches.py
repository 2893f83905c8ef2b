"""Searching the FHIR server for one request: in which forms a query is asked, and what came of it.

What may live here: the look-ups of searches, and what was seen of the server on the way. Where data come from is
decided in `gather`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.api.code_forms import CodeForms
from cds_service.api.look_back import past_look_back
from cds_service.fhir_client import (
    OTHER_RESOURCES,
    SETTINGS,
    FhirError,
    JsonObject,
    LookUp,
    RefusedError,
    SearchResult,
    Talk,
)
from fhir_mappings.fhir_json import resource_key
from fhir_mappings.gathered import Gathered
from fhir_mappings.queries import Query

log = logging.getLogger("cds_service")

Pending = Callable[[], Gathered]
_NO_SUCH_TYPE = 404
_NOT_GRANTED = frozenset({401, 403})
"""This token does not open the type."""


class Searches:
    """The searches of one request. `names` are the base addresses by which the server calls itself.

    `credential` stands for the token of the request: what it does not open, another one may.
    """

    def __init__(self, talk: Talk, patient_id: str, on: date, zone: ZoneInfo, credential: str = "") -> None:
        self.talk = talk
        self.names: set[str] = set()
        self._patient_id, self._on, self._zone, self._credential = patient_id, on, zone, credential
        self._forms = CodeForms(talk)
        self._asked: set[str] = set()

    def start(self, query: Query, sent: Sequence[JsonObject] = (), first: Mapping[str, Any] | None = None) -> Pending:
        """Search; `sent` are resources that came along and are kept where the server does not answer with all.

        An optional query that the server refused in the last minutes is not asked again.
        """
        if query.optional and (reason := self._refused(query)):
            return lambda: cut(query, sent, reason, lost=True) if sent else Gathered(query, (), failed=reason)
        if not sent:
            self._asked.add(query.key)
        look_up = self._look_up(self._forms.first(query), first)

        def finish() -> Gathered:
            try:
                result = self.talk.answer(look_up)
            except FhirError as error:
                self._remember(query, error)
                return cut(query, sent, error.reason, lost=True) if sent else failed(query, error.reason)
            return self._judged(query, result, sent)

        return finish

    def in_other_form(self, done: Mapping[str, Gathered]) -> dict[str, Gathered]:
        """What is found where every search by code came back empty, with the codes written in their other form."""
        again = self._forms.to_ask_again(one for key, one in done.items() if key in self._asked)
        started = [(query, self._look_up(self._forms.other(query))) for query in again]
        found: dict[str, Gathered] = {}
        for query, look_up in started:
            try:
                result = self.talk.answer(look_up)
            except RefusedError:
                # The first answer stands: this server knows the codes in one form only.
                continue
            except FhirError as error:
                found[query.key] = failed(query, error.reason)
                continue
            if result.resources:
                self._forms.found_otherwise()
            found[query.key] = self._judged(query, result)
        return found

    def _judged(self, query: Query, result: SearchResult, sent: Sequence[JsonObject] = ()) -> Gathered:
        self.names.update(result.bases)
        problem = other_resources(query, result.resources)
        if problem:
            return cut(query, sent, problem, lost=True) if sent else failed(query, problem)
        if result.complete:
            return Gathered(query, result.resources)
        return cut(query, _with_the_rest(result.resources, sent), result.reason, lost=result.lost_a_page)

    def _look_up(self, query: Query, first: Mapping[str, Any] | None = None) -> LookUp[SearchResult]:
        path, plainer = query.fetch_path(self._patient_id, self._on), query.plainer(self._patient_id, self._on)
        past = past_look_back(query, self._on, self._zone)
        return self.talk.search(path, *plainer, name=query.key, past=past, first=first)

    def _refused(self, query: Query) -> str:
        """Why the server refused this lately, "" when it did not."""
        return self.talk.known(_about(query)) or self.talk.known(_about(query, self._credential))

    def _remember(self, query: Query, error: FhirError) -> None:
        """Of what nothing rests on a refusal is remembered; what is essential is asked for anew."""
        if query.optional and isinstance(error, RefusedError):
            if error.status == _NO_SUCH_TYPE:
                self.talk.note(_about(query), error.reason)
            elif error.status in _NOT_GRANTED:
                self.talk.note(_about(query, self._credential), error.reason)


def failed(query: Query, reason: str) -> Gathered:
    """Nothing of this query could be read."""
    log.warning("the look-up of %s failed: %s", query.key, _for_the_log(reason))
    return Gathered(query, (), failed=reason)


def cut(query: Query, found: Sequence[JsonObject], reason: str, *, lost: bool = False) -> Gathered:
    """Only a part could be read; `lost`: more was asked for and could not be had."""
    log.warning("the look-up of %s is incomplete: %s", query.key, _for_the_log(reason))
    return Gathered(query, found, complete=False, reason=reason, lost=lost)


def _for_the_log(reason: str) -> str:
    """The reason, with the setting that moves the limit where it is one of ours."""
    return f"{reason} ({SETTINGS[reason]})" if reason in SETTINGS else reason


def other_resources(query: Query, found: Sequence[JsonObject]) -> str:
    """What is wrong with an answer that holds something, but nothing of the type asked for; "" when all is well.

    Included Medications come beside the MedicationRequests that refer to them; alone they are no answer.
    """
    strange = found and not any(resource.get("resourceType") == query.resource_type for resource in found)
    return OTHER_RESOURCES if strange else ""


def _about(query: Query, credential: str | None = None) -> str:
    """What is remembered of a type: for every token, or for one."""
    return f"refused: {query.resource_type}" if credential is None else f"refused: {query.resource_type} {credential}"


def _with_the_rest(found: list[JsonObject], sent: Sequence[JsonObject]) -> list[JsonObject]:
    """What was found, and what was sent along beyond that: a search that broke off may hold less than we had."""
    have = {resource_key(resource) for resource in found}
    return [*found, *(resource for resource in sent if not (key := resource_key(resource)) or key not in have)]
