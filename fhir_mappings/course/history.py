"""A patient's history from FHIR: today's chart, and what came and went before.

What may live here: the longer searches of the course, and bringing the readers of periods together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from fhir_mappings.chart import ChartContext, Gathered, build_chart, drug_shelf
from fhir_mappings.course.periods import condition_period, medication_period, procedure_period, was_taken
from fhir_mappings.fhir_json import Json
from fhir_mappings.medications import is_active, read_medication
from fhir_mappings.queries import Query
from fhir_mappings.versions import versions
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Medication, Unreadable
from hooks.course import ConditionPeriod, History, MedicationPeriod, ProcedurePeriod

LOOK_BACK_DAYS = 731
"""Two years, one of them a leap year."""

_PAGE = "500"
_NOT_IN_THE_COURSE = frozenset({"temperature", "inflammation"})
"""What only the sepsis watch of today looks at."""


def course_queries(queries: Iterable[Query]) -> tuple[Query, ...]:
    """The searches of the services, reaching back two years before the first day that any rule would have looked at.

    Prescriptions of every status are asked for; the medication history, on which nothing rests, is not.
    """
    return tuple(_longer(query) for query in queries if query.key not in _NOT_IN_THE_COURSE and not query.optional)


def _longer(query: Query) -> Query:
    days = None if query.look_back_days is None else query.look_back_days + LOOK_BACK_DAYS
    params = tuple(
        (name, _PAGE if name == "_count" else value)
        for name, value in query.params
        if not (query.key == "medications" and name == "status")
    )
    what = "prescriptions" if query.key == "medications" else query.what
    return replace(query, params=params, look_back_days=days, what=what)


def past_orders(orders: Iterable[Any]) -> tuple[Json, ...]:
    """The orders that are over, with an active status, so that the drugs they refer to are looked up as well."""
    return tuple(
        {**order, "status": "active"}
        for order in orders
        if isinstance(order, dict) and was_taken(order) and not is_active(order)
    )


def read_history(gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary) -> History:
    """The history of one patient. Takes any JSON; what cannot be read is listed in the chart, never dropped."""
    chart = build_chart(gathered, context, vocabulary)
    medications, unreadable, unread = _medications(gathered, context, vocabulary)
    return History(
        chart=replace(chart, unreadable=(*chart.unreadable, *unreadable)),
        conditions=tuple(_conditions(gathered, context, vocabulary)),
        medications=tuple(medications),
        procedures=tuple(_procedures(gathered, context, vocabulary)),
        unread_past=unread,
    )


def _resources(gathered: Sequence[Gathered], kind: str, context: ChartContext) -> Iterator[Json]:
    """The patient's resources of a type, each in the version that counts; what is left out here has been reported with
    the chart.
    """
    own = [
        resource
        for entry in gathered
        if entry.query.resource_type == kind
        for resource in entry.resources
        if isinstance(resource, dict) and resource.get("resourceType") == kind and context.owns(resource)
    ]
    return (copy for copies in versions(own) for copy in copies)


def _conditions(
    gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary
) -> Iterator[ConditionPeriod]:
    for resource in _resources(gathered, "Condition", context):
        period = condition_period(resource, context.on, context.zone, vocabulary.conditions)
        if period is not None:
            yield period


def _procedures(
    gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary
) -> Iterator[ProcedurePeriod]:
    for resource in _resources(gathered, "Procedure", context):
        period = procedure_period(resource, context.on, context.zone, vocabulary.conditions)
        if period is not None:
            yield period


def _medications(
    gathered: Sequence[Gathered], context: ChartContext, vocabulary: Vocabulary
) -> tuple[list[MedicationPeriod], list[Unreadable], int]:
    """The prescriptions that were taken at some time, and what could not be read of those that are over."""
    shelf = drug_shelf(context.medications, gathered, context.bases)
    periods: list[MedicationPeriod] = []
    unreadable: list[Unreadable] = []
    unread = 0
    for request in _resources(gathered, "MedicationRequest", context):
        if not was_taken(request):
            continue
        found = read_medication(request, shelf, context.zone, vocabulary.drugs)
        if isinstance(found, Medication):
            periods.append(medication_period(request, found, context.on, context.zone))
        elif not is_active(request):
            unreadable.append(found)
            unread += 1
    return periods, unreadable, unread
