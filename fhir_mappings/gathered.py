"""What was collected for the queries, and what of it is missing.

What may live here: the result of one look-up; gaps, and the shelf of what orders refer to. No resource is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_mappings.bases import ANYWHERE, Bases
from fhir_mappings.drug_places import DRUG_TYPES, new_shelf
from fhir_mappings.fhir_json import Json, as_object, as_text, id_of, is_same_id
from fhir_mappings.medication_history import HISTORY_TYPES
from fhir_mappings.queries import Query
from fhir_mappings.references import Shelf
from fhir_mappings.subjects import is_about, is_of_unknown
from fhir_mappings.versions import versions
from hooks.chart import Gap

PARTIAL = "only part of the results could be read"
STRANGERS = "it brought only records of another patient"
OF_NOBODY = "it cannot be read whose records it brought"
BESIDE = frozenset({*DRUG_TYPES, "OperationOutcome"})
"""What may stand beside the resources asked for: included drugs, remarks of the server."""


class Gathered(NamedTuple):
    """What was collected for one query.

    `failed` is the reason why nothing could be read (short, without patient data); `complete` is False when a page,
    byte or count limit cut the resources short, `reason` says which, and `lost` whether something was asked for beyond
    these and could not be had.
    """

    query: Query
    resources: Sequence[Any]
    complete: bool = True
    failed: str = ""
    reason: str = ""
    lost: bool = False


def drug_shelf(
    medications: Mapping[str, Mapping[str, Any]], gathered: Sequence[Gathered], bases: Bases = ANYWHERE
) -> Shelf:
    """What orders may refer to: what came along with the medications, and what was sent or read apart from them."""
    shelf = new_shelf(bases)
    for address, medication in medications.items():
        shelf.put(medication, address)
    addressed = {*map(id, medications.values())}
    for entry in gathered:
        if entry.query.resource_type in ("MedicationRequest", *HISTORY_TYPES):
            kinds: dict[str, list[Json]] = {}
            for resource in entry.resources:
                if not isinstance(resource, dict) or resource.get("resourceType") not in DRUG_TYPES:
                    continue
                # What was sent along goes by the address of its entry, which is not known here any more.
                if id(resource) not in addressed:
                    kinds.setdefault(as_text(resource["resourceType"]), []).append(resource)
            for resource in (copy for kind in kinds.values() for copies in versions(kind) for copy in copies):
                shelf.put(resource)
    return shelf


def by_kind(
    gathered: Sequence[Gathered], history: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, list[Json]], list[tuple[str, Json]]]:
    """The resources of the types that were asked for, as they came, with all of the medication history; and what came
    among those of a type without being one (an empty object for what is none).
    """
    kinds: dict[str, list[Json]] = {}
    taken, strays = [*history], []
    for entry in gathered:
        kind = entry.query.resource_type
        own = kinds.setdefault(kind, [])
        for resource in map(as_object, entry.resources):
            said = as_text(resource.get("resourceType"))
            if resource.get("resourceType") == kind:
                own.append(resource)
            elif said in HISTORY_TYPES:
                taken.append(resource)
            elif said not in BESIDE:
                strays.append((kind, resource))
    for resource in taken:
        kinds.setdefault(as_text(resource.get("resourceType")), []).append(resource)
    return kinds, strays


def gaps(
    gathered: Sequence[Gathered], patient_id: str, bases: Bases = ANYWHERE, *, optional: bool = False
) -> Iterator[Gap]:
    """What could not be read. A look-up that failed or was cut short may hide any of its results. Older ones decide
    where two are needed, where a comparator leaves a question open, and over time. One that brought nothing but
    another patient's records has failed as well: it is not the same as nothing recorded. What is `optional` is told
    apart.
    """
    for entry in gathered:
        if entry.query.optional is not optional:
            continue
        partial = "" if entry.complete else f"{PARTIAL}: {entry.reason}" if entry.reason else PARTIAL
        failed = entry.failed or _only_strangers(entry, patient_id, bases)
        if failed or partial:
            cut = not failed and not entry.lost
            yield Gap(entry.query.key, entry.query.what, failed or partial, entry.query.analytes, cut)


def _only_strangers(entry: Gathered, patient_id: str, bases: Bases) -> str:
    kind = entry.query.resource_type
    own = [item for item in entry.resources if isinstance(item, dict) and item.get("resourceType") == kind]
    mine = (is_patient(one, patient_id) if kind == "Patient" else is_about(one, patient_id, bases) for one in own)
    if not own or any(mine):
        return ""
    return OF_NOBODY if any(map(is_of_unknown, own)) else STRANGERS


def is_patient(resource: Json, patient_id: str) -> bool:
    """Is this Patient the one in context? Without an id it is: it was asked for by id."""
    identifier = id_of(resource)
    return not identifier or is_same_id(identifier, patient_id)
