"""Procedures: dialysis and mechanical valves, completed or running.

What may live here: reading one Procedure. The rules decide how long ago still counts.
"""

from __future__ import annotations

from datetime import tzinfo

from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import Json, as_object, read_concept
from fhir_mappings.vocabulary import ConditionVocabulary
from hooks.chart import Procedure, Sign

COUNTED = frozenset({"completed", "in-progress"})


def read_procedure(resource: Json, zone: tzinfo, vocabulary: ConditionVocabulary) -> Procedure | None:
    """One Procedure, or None when it has another status, or no code that we know.

    Its day is its end, else performedDateTime, else its start (R5 names are read too); a year or month is no day.
    """
    status = resource.get("status")
    if not isinstance(status, str) or status not in COUNTED:
        return None
    code = read_concept(resource.get("code"))
    concepts: dict[str, Sign] = {}
    for coding in code.codings:
        for concept in vocabulary.procedures.of(coding):
            concepts.setdefault(concept, Sign(concept, f"{coding.system} {coding.code}"))
    if not concepts:
        return None
    period = as_object(resource.get("performedPeriod") or resource.get("occurrencePeriod"))
    moment = resource.get("performedDateTime") or resource.get("occurrenceDateTime")
    days = (read_moment(value, zone) for value in (period.get("end"), moment, period.get("start")))
    return Procedure(
        text=code.words[0] if code.words else next(iter(concepts.values())).how,
        concepts=concepts,
        on=next((found.day for found in days if found), None),
        ongoing=status == "in-progress" and period.get("end") is None,
    )
