"""Remarks: in words, what was done with what was sent, and what was not.

What may live here: sentences. They hold no more of what was sent than names of drugs, types and keys, cut short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.tryout.ordering import not_judged
from cds_service.tryout.records import Entry, Records
from fhir_mappings.fhir_json import read_concept

_TELLING = ("Condition", "MedicationRequest", "Observation", "Procedure")
_WHOLE = ("as the whole record", "none on record")
_NOT_WHOLE = ("as a part of the record", "whether there is any is not known")
_MOST_NAMED, LONGEST_NAME = 8, 60


def on_orders(drafts: Sequence[Entry], waiting: Sequence[Entry], hook: str, drugs: Sequence[str]) -> list[str]:
    """What was drafted, and what is not judged of the drafts that came along (`waiting`) and of the drugs named."""
    told = drafted(drafts)
    if drafts and drugs and waiting:
        told.append("The drafts that came along are not judged, since drugs were named.")
    return [*told, *not_judged(hook, len(waiting), drugs)]


def drafted(drafts: Sequence[Entry]) -> list[str]:
    """The drafts by name and code."""
    told = []
    for draft in drafts:
        concept = read_concept(draft.resource.get("medicationCodeableConcept"))
        name = next(iter(concept.words), "") or "a drug"
        told.append(f"{name} (code {concept.first_code})" if concept.first_code else f"{name} (no code)")
    return [f"Drafted and selected: {listed(told)}."] if told else []


def about(found: Records, records: Records) -> list[str]:
    """What was left out of all that was found, and what the records lack."""
    told = []
    strangers = len(found.entries) - len(records.entries)
    if strangers:
        told.append(f"Left out: {strangers} resources of other patients.")
    if found.deleted:
        told.append(
            f"Left out: {found.deleted} resource{'s' if found.deleted > 1 else ''} deleted, as the history says."
        )
    missing = [kind for kind in _TELLING if not records.of_kind(kind)]
    if missing:
        counts, so = _WHOLE if records.is_whole else _NOT_WHOLE
        told.append(f"It counts {counts}. There is no {' and no '.join(missing)} in it: {so}.")
    if records.further:
        told.append("There is a further page that did not come along: what it holds is not available.")
    if records.cut:
        told.append(
            "A search in it counted more than came along: the rest is not available, and each list counts as cut."
        )
    return told


def unconcerned(kinds: Mapping[str, int]) -> list[str]:
    """The types that none of our services looks at, with their numbers."""
    counted = [f"{times} {kind}" for kind, times in sorted(kinds.items())]
    return [f"Of no concern to our services: {listed(counted)}."] if counted else []


def listed(names: Sequence[str]) -> str:
    """The first names, each cut short, and how many more there are."""
    shown = ", ".join(name[:LONGEST_NAME] for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
