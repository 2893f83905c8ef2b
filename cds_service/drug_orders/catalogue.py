"""The drugs that can be picked by name, and the draft order that a pick becomes.

What may live here: names, their RxNorm ingredient codes and the search among them. It is an order catalogue, as every
EHR has one; what a drug means for a patient is for the service to say.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_mappings.packaged import packaged_data

Resource = dict[str, Any]
"""One FHIR resource as JSON."""

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"

OTHERS = (
    "amlodipine",
    "amoxicillin",
    "atorvastatin",
    "darbepoetin alfa",
    "epoetin alfa",
    "furosemide",
    "gabapentin",
    "hydromorphone",
    "metoprolol",
    "pantoprazole",
    "paracetamol",
    "ramipril",
    "vancomycin",
)
"""Common on a dialysis unit and not in the clinicians' files; ordered by name, without a code."""

ROUTES: Mapping[str, tuple[str, str]] = {
    "oral": ("26643006", "Oral route"),
    "iv": ("47625008", "Intravenous route"),
    "sc": ("34206005", "Subcutaneous route"),
    "topical": ("6064005", "Topical route"),
}
"""Routes of an order: the page's own key → SNOMED CT code and display (as in `fhir_mappings/drugs.toml`)."""

_MOST_MATCHES = 8
_LEAST_LETTERS = 3
_WORD = re.compile(r"[a-z0-9]+")
_PLAIN = re.compile(r"[\w][\w .,'()/-]*")


@dataclass(frozen=True, slots=True)
class DrugName:
    """A drug of the catalogue; `code` is its RxNorm ingredient, "" where there is none. `known_as` is in lower case."""

    name: str
    code: str = ""
    code_display: str = ""
    known_as: tuple[str, ...] = ()

    def is_named(self, typed: str) -> bool:
        """Is this one of its names in full, in whatever letters?"""
        return _plain(typed) in self.known_as

    def answers_to(self, typed: str) -> bool:
        """Does one of its names, or a word in one, begin with `typed` (in lower case)?"""
        return any(name.startswith(typed) or f" {typed}" in name for name in self.known_as)


class Catalogue:
    """All drugs that can be picked by name."""

    def __init__(self, drugs: Iterable[DrugName]) -> None:
        self._drugs = sorted(drugs, key=lambda drug: drug.name.lower())

    def __iter__(self) -> Iterator[DrugName]:
        return iter(self._drugs)

    def matching(self, typed: str) -> list[DrugName]:
        """The drugs that the typed text may mean, the likeliest first; a name or brand typed in full stands alone."""
        wanted = _plain(typed)
        if not wanted:
            return []
        exact = [drug for drug in self._drugs if wanted in drug.known_as]
        if exact:
            return exact[:1]
        found = [drug for drug in self._drugs if drug.answers_to(wanted)]
        return sorted(found, key=lambda drug: not drug.name.lower().startswith(wanted))[:_MOST_MATCHES]

    def settled(self, typed: str) -> DrugName | None:
        """The one drug that the typed text means, once it is long enough to mean one."""
        found = self.matching(typed)
        return found[0] if len(found) == 1 and len(_plain(typed)) >= _LEAST_LETTERS else None

    def ordered(self, name: str) -> DrugName:
        """The drug to order by this name: the one that it means, else that text without a code."""
        return self.settled(name) or DrugName(name)


def load_catalogue() -> Catalogue:
    """The drugs of the clinicians' file, and other common drugs."""
    drugs: dict[str, DrugName] = {}
    for entry in packaged_data("drugs")["drug"]:
        drugs.setdefault(entry["name"].lower(), _drug(entry))
    return Catalogue([*drugs.values(), *(DrugName(name, known_as=(name,)) for name in OTHERS)])


def draft_order(patient_id: str, drug: DrugName, route: str = "", dose: str = "", authored: str = "") -> Resource:
    """An unsigned MedicationRequest. A drug without a code is ordered by its name alone."""
    concept: Resource = {"text": drug.name}
    if drug.code:
        concept["coding"] = [{"system": RXNORM, "code": drug.code, "display": drug.code_display}]
    order: Resource = {
        "resourceType": "MedicationRequest",
        "id": new_draft_id(),
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": concept,
        "subject": {"reference": f"Patient/{patient_id}"},
    }
    if authored:
        order["authoredOn"] = authored
    dosage = _dosage(route, dose)
    return {**order, "dosageInstruction": [dosage]} if dosage else order


def new_draft_id() -> str:
    """An id that no other draft has."""
    return f"draft-{uuid.uuid4()}"


def _dosage(route: str, dose: str) -> Resource:
    dosage: Resource = {"text": dose} if dose else {}
    if route in ROUTES:
        code, display = ROUTES[route]
        dosage["route"] = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": display}
    return dosage


def _drug(entry: Mapping[str, Any]) -> DrugName:
    names: Sequence[str] = [entry["name"], *(name for name in entry.get("names", ()) if _PLAIN.fullmatch(name))]
    ingredients: Mapping[str, str] = entry.get("rxnorm_ingredients", {})
    first = next(iter(ingredients.items()), ("", ""))
    code, display = next((pair for pair in ingredients.items() if pair[1] == entry["name"]), first)
    return DrugName(entry["name"], code, display, tuple(dict.fromkeys(_plain(name) for name in names)))


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
