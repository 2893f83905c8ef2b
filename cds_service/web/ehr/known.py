"""Which of the active drugs the rules judge, so that those stand first in a long list.

What may live here: the order of a list. Which class a drug is in is read by `fhir_mappings`, which classes have rules
stands in the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cds_service.knowledge import Knowledge
from cds_service.web.ehr.rows import ChartRow, drug_row
from fhir_mappings.drug_places import drugs_beside, new_shelf
from fhir_mappings.medications import is_active, read_medication
from fhir_mappings.references import Shelf
from hooks.chart import Unreadable

JUDGED, NOT_READ, KNOWN, OTHER = range(4)
"""In this order drugs stand: classes with rules, drugs that cannot be read, other classes of the policy, the rest."""
CANNOT_BE_READ = "the rules cannot read which drug this is"


@dataclass(frozen=True, slots=True)
class DrugRows:
    """Rows of active drugs, those first that the rules judge, and how many of them those are."""

    rows: tuple[ChartRow, ...]
    judged: int
    unread: int


def drug_rows(bundle: Mapping[str, Any], orders: Sequence[Mapping[str, Any]], knowledge: Knowledge) -> DrugRows:
    """The rows of orders that came in a Bundle; within a group they keep the order of the server."""
    beside, shelf = drugs_beside(bundle), new_shelf()
    for address, drug in beside.items():
        shelf.put(drug, address)
    seen = [(*_seen(order, shelf, knowledge), drug_row(order, beside, knowledge.zone)) for order in orders]
    seen.sort(key=lambda one: one[0])
    ranks = [rank for rank, _, _ in seen]
    rows = tuple(replace(row, seen_as=words) for _, words, row in seen)
    return DrugRows(rows, ranks.count(JUDGED), ranks.count(NOT_READ))


def _seen(order: Mapping[str, Any], shelf: Shelf, knowledge: Knowledge) -> tuple[int, str]:
    """The rank of an order, and how the rules see its drug."""
    if not is_active(order):
        return OTHER, ""
    drug = read_medication(order, shelf, knowledge.zone, knowledge.vocabulary.drugs)
    if isinstance(drug, Unreadable):
        return NOT_READ, CANNOT_BE_READ
    classes = [match.drug_class for match in drug.matches]
    names = _names(classes, knowledge)
    if any(knowledge.policy.rules.get(drug_class) for drug_class in classes):
        return JUDGED, names
    return (KNOWN if names else OTHER), names


def _names(classes: Iterable[str], knowledge: Knowledge) -> str:
    """The classes as the policy writes them; those that it does not name are of no interest to a reader."""
    named = knowledge.policy.drug_classes
    return ", ".join(named[drug_class].name for drug_class in classes if drug_class in named)
