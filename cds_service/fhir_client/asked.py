"""What was asked for, and whether an answer says that it belongs to another question.

What may live here: comparing one answer with the address it was asked at. On a kept connection a server, or a gateway
in front of it, can get out of step; what does not fit is refused. Whether an answer that does not say what it answers
may be believed depends on its connection, and is decided in `talk`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from cds_service.fhir_client.batch import answers_in
from cds_service.fhir_client.bundles import JsonObject, matches
from cds_service.fhir_client.terms import OTHER_PATIENT, OTHER_RESOURCE, OTHER_RESOURCES, OTHER_SEARCH
from cds_service.next_page import LONGEST_LINK, TYPES
from fhir_mappings.fhir_json import is_same_id
from fhir_mappings.subjects import is_about

_PLAIN_ID = re.compile("[A-Za-z0-9.-]+")
_ORIGIN = re.compile(r"\A[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_CODE_PARAMETER = re.compile("(?:^|&)code=([^&]+)")
_PATIENT_PARAMETER = re.compile("(?:^|&)(?:patient|subject)(?:(?::|%3A)patient)?=([^&]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AskedResource:
    """One resource was asked for, by type and id."""

    resource_type: str
    id: str

    @property
    def kinds(self) -> frozenset[str]:
        """The types of resources that were asked for."""
        return frozenset({self.resource_type})

    def objection(self, resource: JsonObject) -> str | None:
        """Why this is not the answer, None when it may be. A resource without an id is not told apart by it."""
        if resource["resourceType"] != self.resource_type:
            return OTHER_RESOURCE
        if is_same_id(str(resource.get("id", self.id)), self.id):
            return None
        return OTHER_PATIENT if self.resource_type == "Patient" else OTHER_RESOURCE

    def is_named_by(self, resource: JsonObject, url: str) -> bool:
        """Does this say that it is the resource at `url`? `objection` has none to it."""
        return "id" in resource


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """Resources of one type were asked for; those of one patient where `patient` names one.

    `opening` is how most servers write that: a link in which it stands need not be taken apart.
    """

    resource_type: str
    patient: str | None = field(repr=False)
    opening: str | None = field(repr=False)

    @property
    def kinds(self) -> frozenset[str]:
        """The types of resources that were asked for."""
        return frozenset({self.resource_type})

    def objection(self, bundle: JsonObject) -> str | None:
        """Why this Bundle is not the answer, None when it may be."""
        if any(self.is_another(link) for link in _own_links(bundle)):
            return OTHER_SEARCH
        are_all_others = None
        for resource in matches(bundle):
            if resource.get("resourceType") == self.resource_type:
                return None
            are_all_others = OTHER_RESOURCES
        return are_all_others

    def is_named_by(self, bundle: JsonObject, url: str) -> bool:
        """Does this Bundle say that it answers the search at `url`? `objection` has none to it."""
        return any(self._names(link, url) for link in _own_links(bundle))

    def is_another(self, link: str) -> bool:
        """Does this address ask for another type, or another patient?"""
        if len(link) > LONGEST_LINK:
            return True
        if self.opening is not None and self._is_plainly_ours(link, self.opening):
            return False
        # Not `urlsplit`: it keeps the last addresses that it was given, and this one may name a patient.
        path, _, query = link.partition("#")[0].partition("?")
        steps = _steps(path)
        named = steps[-1] if steps and steps[-1] in TYPES else self.resource_type
        patients = _patients(query, steps)
        is_other_patient = self.patient is not None and patients and not _holds(patients, self.patient)
        return named != self.resource_type or bool(is_other_patient)

    def are_strangers(self, resources: Sequence[JsonObject]) -> bool:
        """Do these hold records of the type asked for, and none of the patient's?"""
        if self.patient is None:
            return False
        own = [resource for resource in resources if resource.get("resourceType") == self.resource_type]
        return bool(own) and not any(is_about(resource, self.patient) for resource in own)

    def _names(self, link: str, url: str) -> bool:
        """Does this address name the type and the patient, or else all that was asked, as the pages of some do?

        One that names none of the codes asked for is that of another search for the same patient.
        """
        path, _, query = link.partition("#")[0].partition("?")
        asked = url.partition("#")[0].partition("?")[2]
        if query != asked and _are_other_codes(query, asked):
            return False
        if self.opening is not None and self._is_plainly_ours(link, self.opening):
            return True
        steps = _steps(path)
        if self.resource_type in steps[-1:] and (self.patient is None or _patients(query, steps)):
            return True
        return bool(asked) and set(asked.split("&")).issubset(query.split("&"))

    def _is_plainly_ours(self, link: str, opening: str) -> bool:
        place, found, rest = link.partition(opening)
        return bool(found) and (not rest or rest[0] == "&") and "?" not in place and "#" not in place


@dataclass(frozen=True, slots=True)
class AskedBatch:
    """Several of these were asked for in one request, by position."""

    parts: tuple[Asked | None, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The types of resources that were asked for."""
        return frozenset().union(*(part.kinds for part in self.parts if part is not None))

    def objection(self, bundle: JsonObject) -> str | None:
        """Why one entry is not the answer to its question: then the others belong to another batch as well."""
        found = answers_in(bundle, len(self.parts)) or ()
        for asked, one in zip(self.parts, found, strict=False):
            if asked is not None and isinstance(one, dict) and (problem := asked.objection(one)) is not None:
                return problem
        return None

    def is_named_by(self, bundle: JsonObject, url: str) -> bool:
        """Does one entry say which of the questions it answers? Then the others answer theirs."""
        found = answers_in(bundle, len(self.parts)) or ()
        return any(
            asked is not None and isinstance(one, dict) and asked.is_named_by(one, "")
            for asked, one in zip(self.parts, found, strict=False)
        )


Asked = AskedResource | AskedSearch | AskedBatch


def asked_resource(path: str) -> AskedResource | None:
    """What "Patient/1" asks for; None when this is no type and id."""
    steps = path.partition("?")[0].strip("/").split("/")
    return AskedResource(*steps) if len(steps) == 2 else None


def asked_search(path_and_query: str) -> AskedSearch | None:
    """What "Observation?patient=1&…" asks for; None when it names no type."""
    path, _, query = path_and_query.partition("?")
    resource_type = path.strip("/")
    if resource_type not in TYPES:
        return None
    named = _patients(query, ())
    if len(named) != 1:
        return AskedSearch(resource_type, None, None)
    patient = named[0]
    opening = f"/{resource_type}?patient={patient}" if _PLAIN_ID.fullmatch(patient) else None
    return AskedSearch(resource_type, patient, opening)


def _holds(patients: Sequence[str], patient: str) -> bool:
    return any(is_same_id(id, patient) for id in patients)


def _steps(path: str) -> list[str]:
    """The steps of a path, with or without its origin, that say what lies there."""
    return [step for step in _ORIGIN.sub("", path).split("/") if step and step != "_search"]


def _own_links(bundle: JsonObject) -> Iterator[str]:
    """Where the server says that this page lies."""
    links: Any = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "self" and isinstance(link.get("url"), str):
            yield link["url"].strip()


def _are_other_codes(query: str, asked: str) -> bool:
    """Does this query ask for codes, and for none that `asked` does? A link to a page may have left its own out."""
    if not (named := _codes(query)):
        return False
    wanted = _codes(asked)
    return named.isdisjoint(wanted) and bool(wanted or _PATIENT_PARAMETER.search(asked))


def _codes(query: str) -> set[str]:
    """The codes that a query asks for, without their systems."""
    asked = [unquote_plus(value) for value in _CODE_PARAMETER.findall(query)]
    return {code for value in asked for part in value.split(",") if (code := part.rpartition("|")[2].strip())}


def _patients(query: str, steps: Sequence[str]) -> list[str]:
    """The ids of the patients that an address names, in its parameters or as a compartment (Patient/1/Observation)."""
    asked = [unquote_plus(value) for value in _PATIENT_PARAMETER.findall(query)]
    named = [part.split("/_history/")[0].rpartition("/")[2] for value in asked for part in value.split(",")]
    return named or ([steps[-2]] if len(steps) > 2 and steps[-3] == "Patient" else [])
