"""The codes and units in a request that our vocabulary does not hold.

What may live here: the records of a request, and what they hold that we do not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.knowledge import Knowledge
from cds_service.tryout.reading import NotUnderstood
from cds_service.tryout.records import Entry, records_in
from cds_service.unknown_codes import CodeReading, UnknownCode, UnknownUnit, each_once, unknown_units
from fhir_mappings.drug_places import drugs_beside, new_shelf
from fhir_mappings.fhir_json import as_object


@dataclass(frozen=True, slots=True)
class Unknown:
    """What was seen and is not known, the most frequent first."""

    codes: tuple[UnknownCode, ...] = ()
    units: tuple[UnknownUnit, ...] = ()


def unknown_in(body: Mapping[str, Any], knowledge: Knowledge, now: datetime) -> Unknown:
    """What the records of this request hold that we do not know; each record counts once."""
    entries = list(_entries(body))
    shelf = new_shelf()
    found = [{"fullUrl": entry.full_url, "resource": entry.resource} for entry in entries]
    for address, drug in drugs_beside({"entry": found}).items():
        shelf.put(drug, address)
    seen = each_once(entry.resource for entry in entries)
    reading = CodeReading(knowledge.vocabulary, shelf, now.astimezone(knowledge.zone).date(), knowledge.zone)
    return Unknown(reading.unknown(seen), unknown_units(seen, knowledge.vocabulary))


def _entries(body: Mapping[str, Any]) -> Iterator[Entry]:
    """All records that came along; a part that cannot be read is told in the answer."""
    for value in (*as_object(body.get("prefetch")).values(), as_object(body.get("context")).get("draftOrders")):
        try:
            yield from records_in([] if value is None else [value]).entries
        except NotUnderstood:
            continue
