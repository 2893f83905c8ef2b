"""MedicationRequests to medications: which drug is meant, and whether that could be read.

What may live here: one order as a rule sees it. Where an order names its drug stands in `drug_places.py`, which class
it is in `drug_matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from fhir_mappings.dates import read_moment
from fhir_mappings.drug_matching import CODE_SYSTEMS, MANY_INGREDIENTS, Drugs, find_drugs, ordered_texts
from fhir_mappings.drug_places import Places, drug_places, paths_to_read
from fhir_mappings.fhir_json import Json, as_text, resource_key, status_word
from fhir_mappings.letters import as_seen, spaced
from fhir_mappings.references import Shelf
from fhir_mappings.vocabulary import DrugVocabulary
from hooks.chart import UNREAD_DRUG, Medication, Unreadable

NOT_TAKEN = frozenset({"on-hold", "stopped", "cancelled", "completed", "entered-in-error"})
KIND = "medication"


def is_active(request: Json) -> bool:
    """Does the request count as exposure: status active, and not an order not to give the drug?

    We asked for active requests; a request that came without a status, or with one that is no word, counts as active.
    """
    return status_word(request) in ("", "active") and request.get("doNotPerform") is not True


def read_medication(
    request: Json, shelf: Shelf, zone: tzinfo, drugs: DrugVocabulary, *, draft: bool = False
) -> Medication | Unreadable:
    """One MedicationRequest; `shelf` holds what it may refer to. Only a draft may take a drug away in words.

    Unreadable is an order without a known code whose words may name no drug at all, ours or another, and one that
    leads on to more than is followed.
    """
    places = drug_places(request, shelf)
    found = _drugs(places, request, drugs, draft=draft)
    if not (found.known or found.matches) and (places.cut or not _tell(places, drugs)):
        return Unreadable(KIND, UNREAD_DRUG)
    authored = read_moment(request.get("authoredOn"), zone)
    return Medication(
        reference=resource_key(request),
        display=_display(places, found, drugs),
        matches=found.matches,
        authored=authored.day if authored else None,
    )


def medication_references(resources: Iterable[object], shelf: Shelf) -> set[str]:
    """The "Medication/id" and "Substance/id" that MedicationRequests lead to and that are still to be read, and
    references that nobody can be asked for (`is_path`), as they are written.

    `shelf` holds what we already have. Requests that expose nobody to the drug are left out.
    """
    return {
        path
        for request in resources
        if isinstance(request, dict)
        and request.get("resourceType") == "MedicationRequest"
        and as_text(request.get("status")).lower() not in NOT_TAKEN
        and request.get("doNotPerform") is not True
        for path in paths_to_read(request, shelf)
    }


def _tell(places: Places, drugs: DrugVocabulary) -> bool:
    beside_code = any(one.code and one.system in CODE_SYSTEMS for one in (*places.codings, *places.part_codings))
    return places.tell(drugs.unread, beside_code=beside_code)


def _drugs(places: Places, request: Json, drugs: DrugVocabulary, *, draft: bool) -> Drugs:
    route = drugs.routes.of_order(request)
    if places.ingredients >= MANY_INGREDIENTS:
        # A multivitamin or an infusion: what it is made of is no order of its parts.
        return find_drugs(places.codings, _readings(places.words), route, drugs, mixture=True)
    texts = _readings((*places.words, *places.part_words))
    if draft and not places.has_code:
        texts = ordered_texts(texts, drugs)
    return find_drugs((*places.codings, *places.part_codings), texts, route, drugs)


def _readings(words: Iterable[str]) -> tuple[str, ...]:
    """The words as they are seen, and once more with what is glued to a name taken off; names hold numbers, too."""
    seen = as_seen(words)
    return tuple(dict.fromkeys((*seen, *map(spaced, seen))))


def _display(places: Places, found: Drugs, drugs: DrugVocabulary) -> str:
    """The drug as the record words it; where it has codes only, our name for it, else the first code."""
    words = [*places.words]
    if len(words) > 1 or places.part_words:
        words = [word for word in words if drugs.unread.tells(word)] or [" / ".join(places.part_words)]
    if words and words[0]:
        return words[0]
    coded = next((coding.code for coding in (*places.codings, *places.part_codings) if coding.code), "")
    return found.matches[0].drug if found.matches else coded
