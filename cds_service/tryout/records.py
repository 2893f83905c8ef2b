"""The resources of one patient out of whatever holds them: a Bundle of any type, Bundles in it, a list, one resource.

What may live here: finding the resources, whose they are, and the parts that tell of a failed look-up. Those are never
passed over: a Bundle with a failed part cannot stand for the whole record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from cds_service.fhir_client import next_link, reports_error, total
from cds_service.tryout.history import deleted_in
from cds_service.tryout.reading import NotUnderstood
from fhir_mappings.fhir_json import LONG_ID, Json, as_object, as_text, id_of, is_same_id
from fhir_mappings.references import name_of
from fhir_mappings.subjects import is_about, is_of_unknown

MOST_LEVELS = 5
_WELL = re.compile(r"\s*2[0-9]{2}(?![0-9])")
_SUBJECTS = ("subject", "patient")

Resource = dict[str, Any]


class Entry(NamedTuple):
    """A resource, and the address of its entry ("" without one)."""

    resource: Resource
    full_url: str = ""

    @property
    def kind(self) -> str:
        """The resource type."""
        return as_text(self.resource.get("resourceType"))


@dataclass(frozen=True, slots=True)
class Records:
    """What was found. `further` is the address of a page that did not come along, "" where nothing is known of one;
    `cut` says that a search counted more than came along; `deleted` counts resources left out, as they were deleted.
    """

    entries: tuple[Entry, ...]
    further: str = ""
    cut: bool = False
    deleted: int = 0

    @property
    def is_whole(self) -> bool:
        """Does nothing in it say that there is more?"""
        return not self.further and not self.cut

    def of_kind(self, kind: str) -> list[Entry]:
        """The entries with resources of a type."""
        return [entry for entry in self.entries if entry.kind == kind]


def records_in(sent: object, place: str = "") -> Records:
    """Every resource in what was sent, or in the part of it that is called `place`.

    Raises:
        NotUnderstood: a part cannot be understood, or tells of a failed look-up.
    """
    told = _Told()
    found = tuple(_found(sent, place, told, MOST_LEVELS))
    return Records(found, next(iter(told.pages), ""), told.cut, told.deleted)


def together(parts: Iterable[Records]) -> Records:
    """Several records as one; what one of them lacks is lacking."""
    every = list(parts)
    entries = tuple(entry for part in every for entry in part.entries)
    further = next((part.further for part in every if part.further), "")
    deleted = sum(part.deleted for part in every)
    return Records(entries, further, any(part.cut for part in every), deleted)


def patient_of(records: Records, chosen: str) -> str:
    """The id of the patient that the records are about: the one chosen, the only Patient, or the only subject.

    Raises:
        NotUnderstood: there is none, or several and none is chosen, or the chosen one is not among them.
    """
    ids = _distinct(_id_of_patient(entry) for entry in records.of_kind("Patient"))
    if chosen:
        if ids and not any(is_same_id(chosen, one) for one in ids):
            raise NotUnderstood("no Patient in what was sent has the id that was chosen")
        return chosen
    if not ids:
        subjects = (name_of(reference) for entry in records.entries if (reference := _subject(entry.resource)))
        ids = _distinct(name.identifier for name in subjects if name.kind in ("", "patient"))
    if not ids:
        raise NotUnderstood("there is no Patient in what was sent, and no resource names one; choose a patient id")
    if len(ids) > 1:
        raise NotUnderstood(f"what was sent is about {len(ids)} patients; choose the id of one of them")
    return ids[0]


def only_of(records: Records, patient_id: str) -> Records:
    """The records without those of other patients where several came along; each names this one by its id.

    In a transaction records name the Patient by the address of its entry, whatever its id is.
    """
    mine = [entry for entry in records.of_kind("Patient") if is_same_id(_id_of_patient(entry), patient_id)]
    addresses = {entry.full_url for entry in mine if entry.full_url}
    several = len(mine) < len(records.of_kind("Patient"))
    kept = []
    for entry in records.entries:
        if entry.kind == "Patient":
            if not several or is_same_id(_id_of_patient(entry), patient_id):
                kept.append(entry._replace(resource={**entry.resource, "id": _id_of_patient(entry)}))
            continue
        entry = entry._replace(resource=_naming(entry.resource, addresses, patient_id))
        if not several or is_about(entry.resource, patient_id) or is_of_unknown(entry.resource):
            kept.append(entry)
    return replace(records, entries=tuple(kept))


@dataclass(slots=True)
class _Told:
    """What Bundles say of themselves beside their entries."""

    pages: list[str] = field(default_factory=list)
    cut: bool = False
    deleted: int = 0


def _found(sent: object, place: str, told: _Told, levels: int) -> Iterator[Entry]:
    """The entries of a Bundle, a list or a single resource; what is said of more than these goes into `told`."""
    gone: set[int] = set()
    if not levels:
        raise NotUnderstood(f"{place} is wrapped too deeply")
    if isinstance(sent, list):
        parts: Sequence[Any] = sent
    elif isinstance(sent, dict) and sent.get("resourceType") == "Bundle":
        entries = sent.get("entry") or []
        if not isinstance(entries, list):
            raise NotUnderstood(f"{_dotted(place, 'entry')} must be a list")
        parts, place = entries, _dotted(place, "entry")
        if further := next_link(sent):
            told.pages.append(further)
        told.cut = told.cut or total(sent) > sum(map(_counts, entries))
        for places in deleted_in(sent, entries):
            gone |= places
            told.deleted += any("resource" in as_object(entries[place]) for place in places)
    else:
        yield from _one(sent, place or "the resource", told, levels)
        return
    for number, part in enumerate(parts):
        found = list(_one(part, f"{place}[{number}]", told, levels))
        yield from () if number in gone else found


def _counts(part: object) -> bool:
    """May the total of its Bundle have counted this entry? It holds a resource, or tells what was done to one."""
    return not {"resource", "resourceType", "request"}.isdisjoint(as_object(part))


def _one(part: object, place: str, told: _Told, levels: int) -> Iterator[Entry]:
    """What one entry holds: nothing, a resource, or a Bundle of its own."""
    if not isinstance(part, dict):
        raise NotUnderstood(f"{place} must be an object: a resource, or the entry of a Bundle")
    is_entry = "resourceType" not in part
    resource = part.get("resource") if is_entry else part
    if is_entry:
        _insist_on_success(part, place)
    if reports_error(resource):
        raise NotUnderstood(f"{place} tells of a failed look-up (OperationOutcome); the record cannot be whole")
    if resource is None and (not part or as_object(part.get("request")) or as_object(part.get("response"))):
        return
    kind = as_text(as_object(resource).get("resourceType"))
    if not isinstance(resource, dict) or not kind:
        raise NotUnderstood(f"{place} holds no resource: resourceType is missing")
    if kind == "Bundle":
        yield from _found(resource, _dotted(place, "resource") if is_entry else place, told, levels - 1)
    elif kind != "OperationOutcome":
        yield Entry(resource, as_text(part.get("fullUrl")) if is_entry else "")


def _insist_on_success(entry: Json, place: str) -> None:
    response = as_object(entry.get("response"))
    status = response.get("status")
    if (status is not None and not _WELL.match(str(status))) or reports_error(response.get("outcome")):
        raise NotUnderstood(f"{place} tells of a failed look-up (response); the record cannot be whole")


def _dotted(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _id_of_patient(entry: Entry) -> str:
    """The id of a Patient; without one, the last part of its address."""
    named = id_of(entry.resource) or name_of(entry.full_url).identifier
    return named if LONG_ID.fullmatch(named) else id_of(entry.resource) or "patient"


def _subject(resource: Json) -> str:
    return next((text for name in _SUBJECTS if (text := as_text(as_object(resource.get(name)).get("reference")))), "")


def _naming(resource: Resource, addresses: set[str], patient_id: str) -> Resource:
    """The resource with the Patient's id in place of the address of its entry."""
    named = {
        name: {**resource[name], "reference": f"Patient/{patient_id}"}
        for name in _SUBJECTS
        if as_text(as_object(resource.get(name)).get("reference")) in addresses
    }
    return {**resource, **named} if named else resource


def _distinct(ids: Iterator[str]) -> list[str]:
    found: list[str] = []
    for one in ids:
        if one and not any(is_same_id(one, other) for other in found):
            found.append(one)
    return found
