"""Where a vitamin K antagonist is the standard, and which drugs the chart lists or the order brings.

What may live here: these questions about one assessment. The words stand in `wording.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hooks.assessment import Assessment
from hooks.chart import DrugMatch, Medication, Source

STANDARD_WITH = ("antiphospholipid", "mitral_stenosis", "ventricular_assist_device")
"""A vitamin K antagonist is the standard with these, besides a mechanical valve (TRAPS 2018; 2023 ACC/AHA)."""


def on_the_list(patient: Assessment, drug_class: str) -> tuple[DrugMatch, ...]:
    """The active and drafted drugs of a class, each substance once."""
    return tuple({match.drug: match for match in _orders(patient) if match.drug_class == drug_class}.values())


def listed_drugs(patient: Assessment) -> frozenset[str]:
    """The substances that are active or drafted."""
    return frozenset(match.drug for match in _orders(patient))


def only_of_history(patient: Assessment) -> frozenset[str]:
    """The substances that only the medication history names."""
    drugs = [drug for drug in _medications(patient) if drug.source is not Source.ORDER]
    ordered = {match.drug for drug in _medications(patient) if drug.source is Source.ORDER for match in drug.matches}
    return frozenset(match.drug for drug in drugs for match in drug.matches) - ordered


def _orders(patient: Assessment) -> Iterator[DrugMatch]:
    for order in _medications(patient):
        yield from order.matches


def _medications(patient: Assessment) -> tuple[Medication, ...]:
    chart = patient.chart
    return (*chart.medications, *chart.drafts, *chart.other_drafts)


def standards(patient: Assessment) -> tuple[str, ...]:
    """The concepts on record with which a vitamin K antagonist is the standard."""
    return tuple(concept for concept in STANDARD_WITH if patient.on_record(concept))
