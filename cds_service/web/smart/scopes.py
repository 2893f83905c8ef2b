"""Scopes: what is asked of the EHR, and what it granted.

What may live here: reading and writing scopes in both of their forms ("patient/Observation.rs" of SMART 2,
"patient/Observation.read" of SMART 1), and a FHIR client that keeps to what was granted. A server may answer a search
that was not granted with an empty Bundle; so what was not granted is not asked for, and said to be unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from cds_service.fhir_client import (
    Deadline,
    FhirReader,
    FhirServer,
    JsonObject,
    LookUp,
    Past,
    SearchResult,
    Talk,
    refused,
)

T = TypeVar("T")

DEFAULT = (
    "launch patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/MedicationRequest.rs "
    "patient/Medication.rs patient/Procedure.rs"
)
"""Read and search for what the rules look at, of one patient; nothing to write, no refresh token, no identity."""

NOT_GRANTED = "the EHR did not grant reading this"
PARTLY_GRANTED = "the EHR granted reading some of this only"

_CLINICAL = re.compile(r"(patient|user|system)/([A-Za-z]+|\*)\.(read|write|\*|c?r?u?d?s?)(\?.+)?")
_IS_COMPLETE = re.compile(r"read|\*|c?ru?d?s")


def requested(scopes: str, *, standalone: bool, speaks_v2: bool) -> str:
    """The `scope` to ask for: `launch/patient` where no EHR opened us, and the older form where only that is known."""
    words = [word for word in scopes.split() if word not in ("launch", "launch/patient")]
    words.insert(0, "launch/patient" if standalone else "launch")
    return " ".join(words if speaks_v2 else [_in_v1(word) for word in words])


def _in_v1(scope: str) -> str:
    return re.sub(r"\.(rs|r|s)$", ".read", scope) if _CLINICAL.fullmatch(scope) else scope


@dataclass(frozen=True, slots=True)
class Grants:
    """What may be read: types wholly and types in part ("*" for all). `anything` where there is no authorization."""

    wholly: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    anything: bool = False

    def problem(self, resource_type: str) -> str | None:
        """Why resources of this type cannot be read, or not all of them; None where they can."""
        named = {resource_type, "*"}
        if self.anything or named & self.wholly:
            return None
        return PARTLY_GRANTED if named & self.partly else NOT_GRANTED


def granted(scope: str) -> Grants:
    """The grants in the `scope` of a token response. A grant narrowed by a query ("…rs?category=…") is in part."""
    wholly, partly = set(), set()
    for found in filter(None, map(_CLINICAL.fullmatch, scope.split())):
        _, resource_type, verbs, query = found.groups()
        if query is None and _IS_COMPLETE.fullmatch(verbs):
            wholly.add(resource_type)
        elif verbs != "write" and {"r", "s"} & set(verbs):
            partly.add(resource_type)
    return Grants(frozenset(wholly), frozenset(partly))


class GrantedReader:
    """The service's own FHIR reader for one session: it reads only what was granted."""

    def __init__(self, inner: FhirReader, grants: Grants) -> None:
        self._inner, self._grants = inner, grants

    def deadline(self) -> Deadline:
        """See FhirReader."""
        return self._inner.deadline()

    @contextmanager
    def talk(self, server: FhirServer, deadline: Deadline) -> Iterator[Talk]:
        """See FhirReader."""
        with self._inner.talk(server, deadline) as talk:
            yield _GrantedTalk(talk, self._grants)


class _GrantedTalk:
    """What was not granted is not asked for."""

    def __init__(self, inner: Talk, grants: Grants) -> None:
        self._inner, self._grants = inner, grants

    @property
    def deadline(self) -> Deadline:
        """See Talk."""
        return self._inner.deadline

    def read(self, path: str) -> LookUp[JsonObject]:
        """See Talk. A single resource of a type granted in part is asked for: the server says no, if it must."""
        if self._grants.problem(_type_in(path)) == NOT_GRANTED:
            return refused(NOT_GRANTED)
        return self._inner.read(path)

    def search(
        self, *paths: str, name: str = "", past: Past | None = None, first: Mapping[str, Any] | None = None
    ) -> LookUp[SearchResult]:
        """See Talk. For a type granted in part the result is incomplete."""
        problem = self._grants.problem(_type_in(paths[0]))
        if problem == NOT_GRANTED:
            return refused(NOT_GRANTED)
        found = self._inner.search(*paths, name=name, past=past, first=first)
        if problem is not None:
            found.change(_incomplete)
        return found

    def known(self, about: str) -> str:
        """See Talk."""
        return self._inner.known(about)

    def note(self, about: str, what: str) -> None:
        """See Talk."""
        self._inner.note(about, what)

    def answer(self, look_up: LookUp[T]) -> T:
        """See Talk."""
        return self._inner.answer(look_up)


def _type_in(path_and_query: str) -> str:
    return path_and_query.strip("/").split("?")[0].split("/")[0]


def _incomplete(result: SearchResult) -> SearchResult:
    return SearchResult(result.resources, False, result.reason or PARTLY_GRANTED)
