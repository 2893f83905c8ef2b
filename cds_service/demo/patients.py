"""The bundled synthetic patients: what each one is, and how their dates are brought up to now.

What may live here: reading `synthetic_patients/*.json` and turning the date tokens in them into dates. A file holds
one patient: a nephrologist's one-line story, FHIR R4 resources, draft orders to pick, the cards that the clinical
rules call for, and `why`, the sum behind them, for the reader. Dates are tokens, so that a potassium of nine days ago
is always that:

- `{{day-9}}` is the UTC calendar day nine days ago ("2026-03-02"); a time may follow it ("{{day-9}}T13:00:00+01:00").
- `{{instant-9}}` is noon UTC of that day; `{{instant-0}}` is a few minutes ago, never yesterday.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import resources as package_data
from typing import Any, TypedDict

from fhir_mappings.fhir_json import as_object, as_objects

Resource = dict[str, Any]
"""One FHIR R4 resource as JSON."""

Cards = list[list[str]]
"""The cards of one answer, as [topic, indicator] pairs, most urgent first."""

ID_PREFIX = "cds-demo-"
"""Every id of a demonstration resource begins with this, so that cleaning up can tell ours from another's."""

TAG: dict[str, str] = {
    "system": "urn:calciphylaxis-cds:demo",
    "code": "synthetic",
    "display": "Synthetic patient of calciphylaxis-cds",
}
"""The `meta.tag` that every demonstration resource carries."""

TAG_TOKEN = f"{TAG['system']}|{TAG['code']}"
"""The same in a search by `_tag`."""

_TOKEN = re.compile(r"\{\{(day|instant)-(\d{1,5})\}\}")
_JUST_NOW = timedelta(minutes=5)

Expected = TypedDict(
    "Expected", {"patient-view": Cards, "order-select": dict[str, Cards], "order-sign": dict[str, Cards]}
)


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """An unsigned MedicationRequest that a demonstration EHR offers for this patient, with the words on its button."""

    title: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """One synthetic patient, dates resolved.

    `resources` begins with the Patient and holds all that a FHIR server should have; `orders` are drafts, which no
    server has. `expect` gives the cards per hook: for the opened chart, and per order title when that draft alone is
    selected or signed.
    """

    key: str
    title: str
    story: str
    patient_id: str
    resources: tuple[Resource, ...]
    orders: tuple[DraftOrder, ...]
    expect: Expected


def our_tags(resource: Mapping[str, Any]) -> list[Resource]:
    """The tags that mark a resource as one of a demonstration patient; none on any other."""
    tags = as_objects(as_object(resource.get("meta")).get("tag"))
    return [dict(tag) for tag in tags if all(tag.get(part) == TAG[part] for part in ("system", "code"))]


def load_patients(now: datetime) -> tuple[SyntheticPatient, ...]:
    """All bundled patients in file order, with dates counted back from `now` (which must carry a time zone).

    Raises ValueError when `now` has no time zone or a file holds a date token that is not understood.
    """
    if now.tzinfo is None:
        raise ValueError("now must carry a time zone")
    folder = package_data.files("cds_service.demo").joinpath("synthetic_patients")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(parse_patient(file.read_text(encoding="utf-8"), now) for file in files)


def parse_patient(text: str, now: datetime) -> SyntheticPatient:
    """One patient file as text → the patient, with dates resolved and every resource tagged."""
    data = json.loads(resolve_dates(text, now))
    resources = tuple(_tagged(resource) for resource in data["resources"])
    return SyntheticPatient(
        key=data["key"],
        title=data["title"],
        story=data["story"],
        patient_id=resources[0]["id"],
        resources=resources,
        orders=tuple(DraftOrder(order["title"], _tagged(order["resource"])) for order in data["orders"]),
        expect=data["expect"],
    )


def resolve_dates(text: str, now: datetime) -> str:
    """Replace every date token in `text`; ValueError for a token that is not understood."""
    resolved = rolled(text, now)
    if "{{" in resolved:
        raise ValueError("a date token is not understood: only {{day-N}} and {{instant-N}} are")
    return resolved


def rolled(text: str, now: datetime) -> str:
    """The text with a date in place of each date token; whatever else stands in double braces stays."""
    return _TOKEN.sub(lambda token: _date(token[1], int(token[2]), now.astimezone(UTC)), text)


def _date(kind: str, days: int, now: datetime) -> str:
    day = now.date() - timedelta(days=days)
    if kind == "day":
        return day.isoformat()
    if days:
        return f"{day.isoformat()}T12:00:00Z"
    # just after midnight a few minutes ago would be yesterday, and "today" must stay today
    midnight = datetime.combine(day, time.min, UTC)
    return max(now - _JUST_NOW, midnight).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tagged(resource: Resource) -> Resource:
    head = {key: resource[key] for key in ("resourceType", "id")}
    return {**head, "meta": {"tag": [dict(TAG)]}, **resource}
