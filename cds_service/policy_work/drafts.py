"""One draft order of each drug class that has a rule: what a clinician might order next.

What may live here: picking a drug of a class from the clinicians' own file, and the order that it becomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.knowledge import InForce

Json = dict[str, Any]

_RXNORM, _ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
_CODES = (("rxnorm_products", _RXNORM), ("rxnorm_ingredients", _RXNORM), ("atc", _ATC))
"""Where the codes of a drug stand, the one that says the most about it first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A drug of a class, and how it is coded."""

    drug_class: str
    drug: str
    concept: Json

    def order_for(self, patient_id: str) -> Json:
        """The unsigned order."""
        return {
            "resourceType": "MedicationRequest",
            "id": "policy-work-draft",
            "status": "draft",
            "intent": "order",
            "medicationCodeableConcept": self.concept,
            "subject": {"reference": f"Patient/{patient_id}"},
        }


def drafts(old: InForce, new: InForce) -> tuple[Draft, ...]:
    """One for each class with a rule in either policy. The drug is that of the old vocabulary, where it has one."""
    classes = dict.fromkeys([*old.knowledge.policy.rules, *new.knowledge.policy.rules])
    drugs = [*_drugs(old), *_drugs(new)]
    return tuple(draft_of(name, drugs) for name in classes)


def _drugs(policy: InForce) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = policy.files.data("drugs")["drug"]
    return found


def draft_of(drug_class: str, drugs: Sequence[Mapping[str, Any]]) -> Draft:
    """The first drug that is of this class alone, else the first one of it: every class with a rule has one."""
    entry = min((one for one in drugs if drug_class in _classes(one)), key=lambda one: len(_classes(one)))
    return Draft(drug_class, entry["name"], _concept(entry, drugs))


def _classes(entry: Mapping[str, Any]) -> tuple[str, ...]:
    classes = entry["class"]
    return (classes,) if isinstance(classes, str) else tuple(classes)


def _concept(entry: Mapping[str, Any], drugs: Sequence[Mapping[str, Any]]) -> Json:
    """With one code where the file has any; a product's name says its form, and with it the route.

    A code that stands under other drugs as well is that of a combination, which would raise their cards, too.
    """
    others = [one for one in drugs if one["name"] != entry["name"]]
    for key, system in _CODES:
        codes = entry.get(key, ())
        alone = (code for code in codes if not any(code in one.get(key, ()) for one in others))
        code = next(alone, None)
        if code is not None:
            text = codes[code] if isinstance(codes, dict) else entry["name"]
            return {"coding": [{"system": system, "code": code, "display": text}], "text": text}
    return {"text": entry["name"]}
