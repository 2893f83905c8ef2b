"""The records of a patient as the prefetch that an EHR would have sent: one searchset for each of our queries.

What may live here: which searchset a record goes into. Nothing is left out by its code or status: a record of a type
that we ask for goes into one of the searchsets of that type, whatever it says, and the readers decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.tryout.records import Entry, Records
from fhir_mappings.drug_places import DRUG_TYPES
from fhir_mappings.fhir_json import Json, as_object, as_objects, code_of
from fhir_mappings.queries import Query

HISTORY_KEYS = {
    "MedicationStatement": "medication_statements",
    "MedicationAdministration": "medication_administrations",
    "MedicationDispense": "medication_dispenses",
}
"""The medication history counts under any key, asked for or not."""
_DRUG_SETS = ("medications", *HISTORY_KEYS.values())


_MEANT = {
    name.lower(): name
    for name in ("Patient", "Condition", "Procedure", "Observation", "MedicationRequest", *HISTORY_KEYS, *DRUG_TYPES)
} | {"medicationorder": "MedicationRequest", "medicationprescription": "MedicationRequest"}
"""What a type in another letter case, or of an earlier FHIR release, most likely is. It goes where the readers see that
they cannot read it: passed over, it would look like nothing recorded."""


class _Asked(NamedTuple):
    """A query by its key, and the codes that it asks for (none: whatever the code)."""

    key: str
    codes: frozenset[str]


def prefetch_of(records: Records, queries: Sequence[Query]) -> dict[str, Any]:
    """The prefetch. A searchset without entries says that nothing is recorded; without a Patient there is no key."""
    sets: dict[str, list[tuple[Entry, bool]]] = {query.key: [] for query in queries if query.params}
    of_type: dict[str, list[_Asked]] = {}
    for query in queries:
        codes = frozenset(dict(query.params)["code"].split(",")) if query.coded else frozenset()
        of_type.setdefault(query.resource_type, []).append(_Asked(query.key, codes))
    for entry in records.entries:
        kind = _meant(entry)
        if kind in of_type and kind != "Patient":
            key, fits = _key_for(entry.resource, of_type[kind])
            sets[key].append((entry, fits))
        elif kind in HISTORY_KEYS:
            sets.setdefault(HISTORY_KEYS[kind], []).append((entry, True))
    _add_drugs(sets, records)
    most = {query.key: int(dict(query.params).get("_count", 0)) for query in queries}
    made = {key: _searchset(found, most.get(key, 0), records) for key, found in sets.items()}
    patients = records.of_kind("Patient")
    return {"patient": patients[0].resource, **made} if patients else made


def unused(records: Records, queries: Iterable[Query]) -> Counter[str]:
    """How many resources there are of types that we do not ask for."""
    asked = {*(query.resource_type for query in queries), *HISTORY_KEYS, *DRUG_TYPES}
    return Counter(entry.kind for entry in records.entries if _meant(entry) not in asked)


def _meant(entry: Entry) -> str:
    return _MEANT.get(entry.kind.lower(), entry.kind)


def _key_for(resource: Json, asked: Sequence[_Asked]) -> tuple[str, bool]:
    """The query that would find this record by its code, else the one that asks without codes, else the first.

    The second value: does it answer that query?
    """
    codes = _codes(resource)
    by_code = next((one for one in asked if not codes.isdisjoint(one.codes)), None)
    without = next((one for one in asked if not one.codes), None)
    return (by_code or without or asked[0]).key, bool(by_code or without)


def _codes(resource: Json) -> set[str]:
    holders = (resource, *as_objects(resource.get("component")))
    concepts = (as_object(holder.get("code")) for holder in holders)
    return {code_of(coding) for concept in concepts for coding in as_objects(concept.get("coding"))} - {""}


def _add_drugs(sets: Mapping[str, list[tuple[Entry, bool]]], records: Records) -> None:
    """Medications and Substances beside the orders that may refer to them; alone they would be no answer."""
    drugs = [(entry, False) for kind in DRUG_TYPES for entry in records.of_kind(kind)]
    for key in _DRUG_SETS:
        if sets.get(key):
            sets[key].extend(drugs)


def _searchset(found: Sequence[tuple[Entry, bool]], most: int, records: Records) -> dict[str, Any]:
    """The Bundle. As many matches as a page holds would look cut off, so fewer are called matches.

    Where a search among the records was cut, nobody knows which of ours the rest belongs to: each says there is more.
    """
    entries, matches = [], 0
    for entry, fits in found:
        is_match = fits and (not most or matches < most - 1)
        matches += is_match
        made: dict[str, Any] = {"resource": entry.resource, "search": {"mode": "match" if is_match else "include"}}
        entries.append({"fullUrl": entry.full_url, **made} if entry.full_url else made)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": matches}
    if records.cut:
        bundle["total"] = len(entries) + 1
    if records.further:
        bundle["link"] = [{"relation": "next", "url": records.further}]
    return {**bundle, "entry": entries}
