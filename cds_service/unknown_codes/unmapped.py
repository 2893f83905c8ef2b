"""Codes of labs and drugs on the records of one call that the vocabulary does not hold: for the log, so at little cost.

What may live here: that short list, and what is remembered from call to call. What is unknown is decided in
`reading.py`; what of a code may be shown stands in `plain_codes.py` and `crowd.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, tzinfo
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from cds_service.unknown_codes.crowd import Crowd
from cds_service.unknown_codes.plain_codes import CODE_OF_FEW, may_be_local, plainly_or_local, shown_unit
from cds_service.unknown_codes.reading import CodeReading, Place
from fhir_mappings.bases import Bases
from fhir_mappings.fhir_json import Json, as_object, as_text
from fhir_mappings.gathered import Gathered, drug_shelf
from fhir_mappings.references import Shelf
from fhir_mappings.vocabulary import Vocabulary

MOST = 20
"""So many codes of one call are told."""
LAB, DRUG = "lab", "drug"
_KINDS = {"Observation": LAB, "MedicationRequest": DRUG}
_MOST_KEPT = 4096
_LONGEST_CODE, _LONGEST_SYSTEM, _MOST_CODINGS = 20, 200, 8
"""What is longer was written by a person, and what was found for it is not kept."""


class Patient(NamedTuple):
    """Whose records these are: the id means something on one server of one tenant only. It is kept nowhere."""

    tenant: str
    server: str
    id: str


Code = tuple[str, str, str, str]
"""Lab or drug, system, code, unit."""
_Kept = dict[tuple[object, ...], tuple[Place, ...]]
_kept: deque[tuple[Vocabulary, _Kept]] = deque(maxlen=8)
"""For the last vocabularies: what was found for the codings of a record. Records draw on few."""
_crowd = Crowd()
"""On how many patients this worker has seen codes that could be a name."""
_turn = Lock()


class Unmapped:
    """Looks through the records of one call. `medications` are what orders refer to, by address.

    `patient` is whose records these are, and of which tenant; `crowd` knows codes that are those of many.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        queries: Iterable[Gathered],
        medications: Mapping[str, Mapping[str, Any]],
        bases: Bases,
        on: date,
        zone: tzinfo,
        patient: Patient,
        crowd: Crowd = _crowd,
    ) -> None:
        self._patient, self._crowd = patient, crowd
        self._queries, self._medications, self._bases = list(queries), medications, bases
        self._vocabulary, self._on, self._zone = vocabulary, on, zone
        self._found = _found_with(vocabulary)

    def codes(self) -> tuple[Code, ...]:
        """The codes, each once, those of systems that we do not read first; of more than MOST those are left out that
        came last. Nothing else of a record is in it.
        """
        seen: dict[Code, bool] = {}
        for entry in self._queries:
            kind = _KINDS.get(entry.query.resource_type)
            if kind is not None:
                for resource in entry.resources:
                    self._see(resource, kind, seen)
        # Stable: the order within each half is that in which they came.
        return tuple(sorted(seen, key=seen.__getitem__)[:MOST])

    def _see(self, resource: Json, kind: str, seen: dict[Code, bool]) -> None:
        if not isinstance(resource, dict) or _KINDS.get(as_text(resource.get("resourceType"))) != kind:
            return
        places = self._places(resource)
        if places:
            unit = _unit(resource) if kind == LAB else ""
            for system, code, is_read in places:
                seen[kind, system, self._told(system, code), unit] = is_read

    def _told(self, system: str, code: str) -> str:
        """The code, or a remark where it could be a name and nothing says that it is none."""
        if not may_be_local(system, code):
            return code
        theirs = self._patient.tenant, self._patient.server, system, code
        return code if self._crowd.vouches_for(theirs, self._patient) else CODE_OF_FEW

    def _places(self, resource: Json) -> tuple[Place, ...]:
        key = _key(resource)
        if key is None:
            return self._unknown(resource)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            found = self._found[key] = self._unknown(resource)
        return found

    def _unknown(self, resource: Json) -> tuple[Place, ...]:
        found = self._reading.unknown([resource])
        return tuple((one.system, one.code, one.known_system) for one in found if one.code)

    @cached_property
    def _reading(self) -> CodeReading:
        return CodeReading(self._vocabulary, self._shelf, self._on, self._zone, plainly_or_local)

    @cached_property
    def _shelf(self) -> Shelf:
        return drug_shelf(self._medications, self._queries, self._bases)


def _found_with(vocabulary: Vocabulary) -> _Kept:
    # One call of another thread may put its vocabulary there meanwhile.
    with _turn:
        for known, found in _kept:
            if known is vocabulary:
                return found
        fresh: _Kept = {}
        _kept.append((vocabulary, fresh))
        return fresh


def _key(resource: Json) -> tuple[object, ...] | None:
    """All that decides which codes are unknown; None where that is more than codes, or too much to keep."""
    if "component" in resource or "contained" in resource:
        return None
    kind = resource["resourceType"]
    concept = resource.get("code" if kind == "Observation" else "medicationCodeableConcept")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(codings, list) or not 0 < len(codings) <= _MOST_CODINGS or "medicationReference" in resource:
        return None
    key = [kind, *_texts(codings)]
    return tuple(key) if len(key) == 1 + 2 * len(codings) else None


def _texts(codings: Iterable[object]) -> Iterator[str]:
    for coding in codings:
        if isinstance(coding, dict):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str):
                yield from (system, code) if len(code) <= _LONGEST_CODE and len(system) <= _LONGEST_SYSTEM else ()


def _unit(observation: Json) -> str:
    quantity = as_object(observation.get("valueQuantity"))
    unit = as_text(quantity.get("code")) or as_text(quantity.get("unit"))
    return shown_unit(unit) if unit else ""
