"""Procedures: dialysis, heart valves, kidney transplants and parathyroid surgery, completed or running.

What may live here: reading one Procedure. The rules decide how long ago still counts.
"""

from __future__ import annotations

from datetime import date, tzinfo

from fhir_mappings.clauses import read_text
from fhir_mappings.dates import read_span, read_span_as_of
from fhir_mappings.fhir_json import Json, as_object, as_text, read_concept
from fhir_mappings.further_words import add_further
from fhir_mappings.letters import as_seen
from fhir_mappings.valve_words import settle_valve
from fhir_mappings.vocabulary import ConditionVocabulary
from hooks.chart import Procedure, Sign

COUNTED = frozenset({"completed", "in-progress"})
COMPLETED_ONLY = ("mechanical_valve", "valve_kind_unknown", "transplant_procedure")
"""What is there once the operation is over."""


def is_counted(resource: Json) -> bool:
    """Is the Procedure completed or in progress?"""
    return as_text(resource.get("status")).lower() in COUNTED


def read_procedure(resource: Json, on: date, zone: tzinfo, vocabulary: ConditionVocabulary) -> Procedure | None:
    """One Procedure as of the day `on`, or None when it has another status, or neither code nor words that we know.

    Its day is its end, else its start, else performedDateTime (R5 names are read too). A year or a month stands for its
    last day. An end that lies ahead is today, and so is a date without time that is one day ahead.
    """
    if not is_counted(resource):
        return None
    code, words = read_concept(resource.get("code")), vocabulary.words
    concepts: dict[str, Sign] = {}
    for coding in code.codings:
        for concept in vocabulary.procedures.of(coding):
            concepts.setdefault(concept, Sign(concept, coding.named))
    texts = [read_text(word, words.reading) for _, word in vocabulary.telling(as_seen(code.words), procedure=True)]
    if texts:
        add_further(concepts, texts, words.procedures)
    settle_valve(concepts, texts, words.valves)
    running = as_text(resource.get("status")).lower() == "in-progress"
    for concept in COMPLETED_ONLY if running else ():
        concepts.pop(concept, None)
    if not concepts:
        return None
    period = as_object(resource.get("performedPeriod") or resource.get("occurrencePeriod"))
    return Procedure(
        text=code.words[0] if code.words else next(iter(concepts.values())).how,
        concepts=concepts,
        on=_day(resource, period, on, zone),
        ongoing=running and period.get("end") is None,
    )


def _day(resource: Json, period: Json, on: date, zone: tzinfo) -> date | None:
    end = read_span(period.get("end"), zone)
    start = period.get("start")
    if end is not None:
        begun = read_span_as_of(start, on, zone)
        # A period that begins after today is a date in the future.
        return min(end.last, on) if begun is None or begun.first <= on else begun.first
    for value in (start, resource.get("performedDateTime") or resource.get("occurrenceDateTime")):
        span = read_span_as_of(value, on, zone)
        if span is not None:
            return span.last
    return None
