"""When something began and ended, as far as the record says: prescriptions, conditions, procedures.

What may live here: reading beginnings and ends of one resource. The rules decide what counts on which day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, tzinfo

from fhir_mappings.conditions import read_condition
from fhir_mappings.dates import read_moment, read_span
from fhir_mappings.fhir_json import Json, as_object, as_objects, as_text
from fhir_mappings.procedures import read_procedure
from fhir_mappings.vocabulary import ConditionVocabulary
from hooks.chart import Clinical, Medication
from hooks.course import ConditionPeriod, End, MedicationPeriod, ProcedurePeriod

NEVER_TAKEN = frozenset({"draft", "cancelled", "entered-in-error"})
"""Orders that expose nobody to a drug: not yet placed, withdrawn before anything was given, or a mistake."""

DOSAGE, CHANGED = "end of the dosage period", "day of the status change"
UNTOLD = "end of taking not recorded"
_DAYS = {"d": 1, "wk": 7, "mo": 30, "a": 365}
"""Days per UCUM unit of a duration; months and years as round figures."""
_LONGEST = 100_000
"""A duration of more units than this is a typing error."""


def was_taken(request: Json) -> bool:
    """May this MedicationRequest, of any status, have exposed the patient to the drug at some time?"""
    return as_text(request.get("status")).lower() not in NEVER_TAKEN and request.get("doNotPerform") is not True


def medication_period(request: Json, medication: Medication, today: date, zone: tzinfo) -> MedicationPeriod:
    """The prescription over time. When it is active, or has no status, it goes on, even beyond its dosage period."""
    status = as_text(request.get("status")).lower() or "active"
    bounds = list(_bounds(request, zone))
    start = min((first for first, _ in bounds if first is not None), default=None)
    validity = _period(_validity(request), zone)
    start = start or validity[0] or medication.authored
    end, last, source = End.ONGOING, None, ""
    if status != "active":
        last, source = _last_day(request, status, bounds, zone)
        # A plan that reaches beyond today says nothing of the day on which it was given up.
        if last is None or last > today:
            end, last, source = End.UNKNOWN, None, _planned(bounds, validity)
        else:
            end = End.KNOWN
    return MedicationPeriod(medication, status, start, medication.authored, end, last, source)


Days = tuple[date | None, date | None]


def _last_day(request: Json, status: str, bounds: Sequence[Days], zone: tzinfo) -> tuple[date | None, str]:
    """The last day on which it was taken and what says so: the day of the status change, else, for a prescription that
    was carried out to its end, the end of its dosage. What was stopped or paused did not keep to its plan.
    """
    changed = read_moment(request.get("statusChanged"), zone)
    if changed:
        return changed.day, CHANGED
    end = _dosage_end(bounds) if status == "completed" else None
    return (end, DOSAGE) if end else (None, "")


def _dosage_end(bounds: Sequence[Days]) -> date | None:
    """The last day of all dosages, None where one of them is open."""
    ends = [last for _, last in bounds]
    return None if None in ends else max((day for day in ends if day is not None), default=None)


def _planned(bounds: Sequence[Days], validity: Days) -> str:
    """An end on record that is not the end of taking: the validity bounds dispensing, the dosage is a plan."""
    planned, valid = _dosage_end(bounds), validity[1]
    if planned:
        return f"dosage planned to {planned}, {UNTOLD}"
    return f"prescription valid to {valid}, {UNTOLD}" if valid else ""


def _bounds(request: Json, zone: tzinfo) -> Iterator[Days]:
    """First and last day of every dosage that states them."""
    for dosage in as_objects(request.get("dosageInstruction")):
        repeat = as_object(as_object(dosage.get("timing")).get("repeat"))
        if isinstance(repeat.get("boundsPeriod"), dict):
            yield _period(repeat["boundsPeriod"], zone)
        elif isinstance(repeat.get("boundsDuration"), dict):
            yield _duration(repeat["boundsDuration"], request, zone)


def _duration(duration: Json, request: Json, zone: tzinfo) -> Days:
    """A length of time, counted from the prescription; none without a day to count from or in an unknown unit."""
    value, unit = duration.get("value"), as_text(duration.get("code")) or as_text(duration.get("unit"))
    start = read_moment(request.get("authoredOn"), zone)
    days = _DAYS.get(unit)
    if start is None or days is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None, None
    if not 0 < value < _LONGEST:
        return start.day, None
    last = min(start.day.toordinal() + round(value * days) - 1, date.max.toordinal())
    return start.day, date.fromordinal(last)


def _validity(request: Json) -> Json:
    return as_object(as_object(request.get("dispenseRequest")).get("validityPeriod"))


def _period(period: Json, zone: tzinfo) -> Days:
    start, end = read_span(period.get("start"), zone), read_span(period.get("end"), zone)
    return (start.first if start else None), (end.last if end else None)


def condition_period(
    resource: Json, today: date, zone: tzinfo, vocabulary: ConditionVocabulary
) -> ConditionPeriod | None:
    """One Condition over time, or None when it is refuted or entered in error.

    Its beginning is the day of recording, else of onset; a date that is not over yet counts as today.
    """
    now = read_condition(resource, today, zone, vocabulary)
    if now is None:
        return None
    known = now.recorded or now.onset
    day = min(known.last, today) if known else None
    if now.clinical is Clinical.ACTIVE:
        return ConditionPeriod(now, now, day)
    then = read_condition({**resource, "clinicalStatus": "active"}, today, zone, vocabulary) or now
    span = read_span(resource.get("abatementDateTime"), zone)
    gone = span.first if span else _period(as_object(resource.get("abatementPeriod")), zone)[1]
    if gone is None:
        return ConditionPeriod(now, then, day, End.UNKNOWN)
    return ConditionPeriod(now, then, day if day is None else min(day, gone), End.KNOWN, min(gone, today))


def procedure_period(
    resource: Json, today: date, zone: tzinfo, vocabulary: ConditionVocabulary
) -> ProcedurePeriod | None:
    """One Procedure that `read_procedure` knows, with its first day, or None."""
    procedure = read_procedure(resource, today, zone, vocabulary)
    if procedure is None:
        return None
    period = as_object(resource.get("performedPeriod") or resource.get("occurrencePeriod"))
    start = read_moment(period.get("start"), zone)
    return ProcedurePeriod(procedure, start.day if start else procedure.on)
