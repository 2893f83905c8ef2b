"""Dialysis sessions that cannot be read: silence about them would look like "not on dialysis".

What may live here: could one Procedure be dialysis, if only its status, the system of its code or its date could be
read, and of which day? How Procedures are read stands in `procedures.py`; the rules decide which days still matter.
"""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Any

from fhir_mappings.code_systems import system_of
from fhir_mappings.dates import read_span
from fhir_mappings.fhir_json import EMPTY, Json, as_object, as_objects, as_text, code_of
from fhir_mappings.procedures import read_procedure
from fhir_mappings.vocabulary import DIALYSIS_PROCEDURES, ConditionVocabulary
from hooks.chart import Procedure

STATUSES = frozenset(["preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error"])
"""The statuses of FHIR that tell something; "unknown", another word or none tells nothing."""
_DATES = ("performedDateTime", "occurrenceDateTime")
_PERIODS = ("performedPeriod", "occurrencePeriod")


def unread_session(
    resource: Json, found: Procedure | None, on: date, zone: tzinfo, vocabulary: ConditionVocabulary
) -> tuple[date | None, ...]:
    """The day of the Procedure that may be dialysis and was not read as such; None where its date is not understood.

    `found` is what was read of it. Empty when it was read, is something else, lies ahead, or has no date at all.
    """
    supposed = found or _supposed(resource, on, zone, vocabulary)
    if supposed is None or supposed.ongoing or supposed.concepts.keys().isdisjoint(DIALYSIS_PROCEDURES):
        return ()
    if supposed.on is None or _has_unread_end(resource, zone):
        return (None,) if _has_date(resource) else ()
    return (supposed.on,) if found is None and supposed.on <= on else ()


def _supposed(resource: Json, on: date, zone: tzinfo, vocabulary: ConditionVocabulary) -> Procedure | None:
    """The Procedure as if what is not understood were there: done, and its codes of the systems that have them."""
    code = as_object(resource.get("code"))
    codings: list[Json] = as_objects(code.get("coding"))
    # What one coding tells needs no guess at another one.
    if not any(system_of(coding.get("system")) and code_of(coding) for coding in codings):
        codings = [_in_a_system(coding, vocabulary) for coding in codings]
    status = as_text(resource.get("status")).lower()
    status = status if status in STATUSES else "completed"
    return read_procedure({**resource, "status": status, "code": {"coding": codings}}, on, zone, vocabulary)


def _in_a_system(coding: Json, vocabulary: ConditionVocabulary) -> dict[str, Any]:
    wanted = code_of(coding)
    known = (one for concept in DIALYSIS_PROCEDURES for one in vocabulary.codes[concept])
    return {**coding, "system": next((str(system) for system, code in known if code == wanted), "")}


def _period(resource: Json) -> Json:
    return next((as_object(resource[name]) for name in _PERIODS if resource.get(name)), EMPTY)


def _has_unread_end(resource: Json, zone: tzinfo) -> bool:
    """Is there an end, the day that counts, which is not understood? The beginning may be long ago."""
    end = _period(resource).get("end")
    return bool(end) and read_span(end, zone) is None


def _has_date(resource: Json) -> bool:
    """Is a date there, understood or not? A period that holds neither beginning nor end is none."""
    period = _period(resource)
    oddities = (resource.get(name) for name in _PERIODS if not isinstance(resource.get(name), dict))
    return any((*(resource.get(name) for name in _DATES), *oddities, period.get("start"), period.get("end")))
