"""The medication history: MedicationStatement, MedicationDispense and MedicationAdministration.

What may live here: which of these entries may stand for a drug that is taken, on which day and for how long, and which
orders end them. Which of them count on a day is decided in `hooks`; where they name their drug stands in `drug_places`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, tzinfo
from typing import Any

from fhir_mappings.dates import read_span_as_of
from fhir_mappings.drug_places import paths_to_read
from fhir_mappings.fhir_json import Json, as_number, as_object, as_objects, as_text, status_word
from fhir_mappings.medications import medication_references, read_medication
from fhir_mappings.references import Name, Shelf, name_of
from fhir_mappings.vocabulary import DrugVocabulary
from hooks.chart import Medication, Source, Taken

SOURCES: Mapping[str, Source] = {
    "MedicationStatement": Source.STATEMENT,
    "MedicationDispense": Source.DISPENSE,
    "MedicationAdministration": Source.ADMINISTRATION,
}
HISTORY_TYPES = tuple(SOURCES)
"""A tuple, so that a type that is no text is compared and found nowhere."""

MOST_LEVELS = 3
"""So deep Bundles in Bundles are looked into: the answers to a batch are."""

NO_DATE = "no day of giving or dispensing"

_COUNTED: Mapping[Source, frozenset[str]] = {
    Source.STATEMENT: frozenset({"", "active"}),
    Source.DISPENSE: frozenset({"", "completed"}),
    Source.ADMINISTRATION: frozenset({"", "completed", "in-progress", "stopped", "unknown"}),
}
"""The statuses that tell of a drug in the patient; without a status it is taken for one. Of an administration that was
stopped a part was given. All others say that nothing was taken, given or handed over, or that it is over."""

_HANDED_OVER = frozenset({"in-progress", "stopped", "unknown"})
"""A dispense of these statuses counts once something was handed over."""

_ORDER_MEMBERS = ("authorizingPrescription", "request", "basedOn", "derivedFrom")
_STOPPED = frozenset({"stopped", "cancelled"})

_DAYS: Mapping[str, float] = {
    **dict.fromkeys(("", "d", "day", "days"), 1),
    **dict.fromkeys(("wk", "week", "weeks"), 7),
    **dict.fromkeys(("mo", "month", "months"), 30.4375),
    **dict.fromkeys(("a", "y", "yr", "year", "years"), 365.25),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1 / 24),
}
"""Units of time by code or word, in days."""


def may_count(resource: object) -> bool:
    """Is this an entry of the medication history that says that a drug was taken, handed over or given?"""
    entry = as_object(resource)
    source = SOURCES.get(as_text(entry.get("resourceType")))
    if source is None or entry.get("doNotPerform") is True or as_text(entry.get("taken")).lower() == "n":
        return False
    status = status_word(entry)
    handed_over = source is Source.DISPENSE and status in _HANDED_OVER and bool(as_text(entry.get("whenHandedOver")))
    return handed_over or status in _COUNTED[source]


def is_stopped(request: object) -> bool:
    """Is this an order that was stopped or cancelled?"""
    order = as_object(request)
    return order.get("resourceType") == "MedicationRequest" and as_text(order.get("status")).lower() in _STOPPED


def references_of(resources: Iterable[object], shelf: Shelf) -> set[str]:
    """What orders and entries of the medication history lead to and is still to be read; see `medication_references`.

    Stopped orders lead nowhere: whoever needs their drug hands them over with another status.
    """
    found = list(resources)
    history = (path for entry in found if may_count(entry) for path in paths_to_read(as_object(entry), shelf))
    return medication_references(found, shelf).union(history)


def orders_of(entry: Json) -> set[Name]:
    """The orders that an entry carries out, or was taken from."""
    holders = (as_objects(entry.get(member)) for member in _ORDER_MEMBERS)
    names = (name_of(as_text(reference.get("reference"))) for found in holders for reference in found)
    return {name for name in names if name.kind == "medicationrequest"}


def is_history(resource: object) -> bool:
    """Is this a resource of one of the three types?"""
    return isinstance(resource, dict) and resource.get("resourceType") in HISTORY_TYPES


def came_along(sent: object, levels: int = MOST_LEVELS) -> Iterator[Json]:
    """The entries of the medication history in what a client sent: a Bundle, one in another, an answer that holds a
    resource, or the resource itself.
    """
    if is_history(sent):
        yield as_object(sent)
    elif levels:
        whole = as_object(sent)
        for part in (*as_objects(whole.get("entry")), whole):
            yield from came_along(part.get("resource"), levels - 1)


def sent_under_other_keys(prefetch: Mapping[str, Any], asked: Iterable[str]) -> dict[str, Any]:
    """What a client sent along under other keys than those that we asked for, as it came."""
    known = frozenset(asked)
    return {key: sent for key, sent in prefetch.items() if key not in known}


def read_taken(
    entry: Json, shelf: Shelf, on: date, zone: tzinfo, drugs: DrugVocabulary, lost: frozenset[str] = frozenset()
) -> Taken:
    """One entry that may count, as of the day `on`; `lost` are the addresses that could not be had."""
    source = SOURCES[as_text(entry.get("resourceType"))]
    last, since = _LAST_AND_SINCE[source](entry, on, zone)
    found = read_medication(entry, shelf, zone, drugs)
    drug: Medication | None = None
    if isinstance(found, Medication) and (found.matches or lost.isdisjoint(paths_to_read(entry, shelf))):
        drug = replace(found, reference="", authored=since, source=source)
    supply = _supply(entry) if source is Source.DISPENSE else None
    return Taken(source, drug, last, supply)


Days = tuple[date | None, date | None]
"""The day of the last word, and the day since which it is taken."""


def _stated(entry: Json, on: date, zone: tzinfo) -> Days:
    """A statement is as new as the latest of its dates that does not lie ahead."""
    period = as_object(entry.get("effectivePeriod"))
    values = (entry.get("effectiveDateTime"), period.get("start"), period.get("end"), entry.get("dateAsserted"))
    begun, started, *others = [_day(value, on, zone) for value in values]
    known = [day for day in (begun, started, *others) if day is not None and day <= on]
    since = started or begun
    return max(known, default=None), since if since in known else None


def _handed_over(entry: Json, on: date, zone: tzinfo) -> Days:
    day = _day(entry.get("whenHandedOver"), on, zone) or _day(entry.get("whenPrepared"), on, zone)
    return day, day


def _given(entry: Json, on: date, zone: tzinfo) -> Days:
    """The end of the giving, at most today, else its beginning; what still runs is given today (R5 names too)."""
    for name in ("effective", "occurence", "occurrence"):
        day = _of_period(entry, as_object(entry.get(f"{name}Period")), on, zone)
        day = day or _day(entry.get(f"{name}DateTime"), on, zone)
        if day is not None:
            return day, day
    return None, None


def _of_period(entry: Json, period: Json, on: date, zone: tzinfo) -> date | None:
    begun, end = _day(period.get("start"), on, zone), _day(period.get("end"), on, zone)
    if begun is not None and begun > on:
        return begun
    if end is not None:
        return min(end, on)
    running = begun is not None and as_text(entry.get("status")).lower() == "in-progress"
    return on if running else begun


def _day(value: object, on: date, zone: tzinfo) -> date | None:
    """The day of a date; a month or a year tells no day, and none is made up."""
    span = read_span_as_of(value, on, zone)
    return span.last if span is not None and span.first == span.last else None


_LAST_AND_SINCE = {
    Source.STATEMENT: _stated,
    Source.DISPENSE: _handed_over,
    Source.ADMINISTRATION: _given,
}


def _supply(entry: Json) -> float | None:
    """For how many days what was dispensed lasts, None where that is not stated or cannot be read."""
    stated = as_object(entry.get("daysSupply"))
    value = as_number(stated.get("value"))
    unit = as_text(stated.get("code")) or as_text(stated.get("unit"))
    days = _DAYS.get(unit.lower())
    return value * days if value is not None and days is not None and value > 0 else None
