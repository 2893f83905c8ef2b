"""MedicationRequests to medications: which drug is meant, in every place where the record may say so.

What may live here: finding the drug of an order (codeable, contained, included, referenced, ingredients, display).
Which class it is stands in `drug_matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from fhir_mappings.dates import read_moment
from fhir_mappings.drug_matching import MANY_INGREDIENTS, match_drug
from fhir_mappings.drug_routes import Route
from fhir_mappings.fhir_json import FHIR_ID, Concept, Json, as_object, as_objects, as_text, read_concept, resource_key
from fhir_mappings.vocabulary import DrugVocabulary
from hooks.chart import DrugMatch, Medication, Unreadable

NOT_TAKEN = frozenset({"on-hold", "stopped", "cancelled", "completed", "entered-in-error"})
KIND = "medication"
NOTHING = Concept((), "", ())


@dataclass(frozen=True, slots=True)
class _Drug:
    """What a record says of one drug: its codings and words; `ingredients` where the codes are those of its parts."""

    concept: Concept = NOTHING
    words: tuple[str, ...] = ()
    ingredients: Sequence[Json] = ()

    @property
    def named(self) -> bool:
        return bool(self.words or self.ingredients or self.concept.first_code)


def is_active(request: Json) -> bool:
    """Does the request count as exposure: status active, and not an order not to give the drug?

    We asked for active requests; a request that came without a status counts as active.
    """
    return as_text(request.get("status")).lower() in ("", "active") and request.get("doNotPerform") is not True


def read_medication(
    request: Json, medications: Mapping[str, Json], zone: tzinfo, drugs: DrugVocabulary
) -> Medication | Unreadable:
    """One MedicationRequest, active or draft; `medications` holds the Medications we have, by reference."""
    drug = _drug_of(request, medications)
    if not drug.named:
        return Unreadable(KIND, "names no drug")
    matches = _matches(drug, drugs.routes.of_order(request), drugs)
    authored = read_moment(request.get("authoredOn"), zone)
    return Medication(
        reference=resource_key(request),
        display=_display(drug, matches),
        matches=matches,
        authored=authored.day if authored else None,
    )


def medication_references(resources: Iterable[object], included: Iterable[object] = ()) -> set[str]:
    """The "Medication/id" that MedicationRequests name and that are still to be read.

    `included` are resources that we already have (Medications among them). Requests that expose nobody to the drug, and
    references that are contained or whose id is no FHIR id, are left out.
    """
    at_hand = {resource_key(resource) for resource in included if isinstance(resource, dict)}
    wanted = (
        _reference(request)
        for request in resources
        if isinstance(request, dict)
        and request.get("resourceType") == "MedicationRequest"
        and as_text(request.get("status")) not in NOT_TAKEN
        and request.get("doNotPerform") is not True
        and not _codeable(request).named
    )
    return {reference for reference in wanted if reference.startswith("Medication/")} - at_hand


def refers_to_drug(request: Json) -> bool:
    """Does the order point to a drug elsewhere, whether or not we can read it? An empty draft does not."""
    return bool(_reference_of(request))


def _reference(request: Json) -> str:
    """The reference of the request as "Medication/id", as "#id" when contained, else ""."""
    reference = as_text(_reference_of(request).get("reference"))
    if reference.startswith("#"):
        return reference
    kind, _, identifier = reference.partition("/_history/")[0].rpartition("/")
    is_medication = kind.rpartition("/")[2] == "Medication" and FHIR_ID.fullmatch(identifier)
    return f"Medication/{identifier}" if is_medication else ""


def _reference_of(request: Json) -> Json:
    return as_object(request.get("medicationReference") or as_object(request.get("medication")).get("reference"))


def _codeable(request: Json) -> _Drug:
    value = request.get("medicationCodeableConcept") or as_object(request.get("medication")).get("concept")
    concept = read_concept(value)
    return _Drug(concept, concept.words)


def _drug_of(request: Json, medications: Mapping[str, Json]) -> _Drug:
    codeable = _codeable(request)
    if codeable.named:
        return codeable
    display = as_text(_reference_of(request).get("display"))
    shown = (display,) if display else ()
    medication = _medication(request, medications)
    concept = read_concept(medication.get("code"))
    if concept.words or concept.first_code:
        return _Drug(concept, tuple(dict.fromkeys((*concept.words, *shown))))
    return _Drug(words=shown, ingredients=as_objects(medication.get("ingredient")))


def _medication(request: Json, medications: Mapping[str, Json]) -> Json:
    reference = _reference(request)
    if reference.startswith("#"):
        contained = as_objects(request.get("contained"))
        return next((resource for resource in contained if as_text(resource.get("id")) == reference[1:]), {})
    return as_object(medications.get(reference))


def _matches(drug: _Drug, route: Route, drugs: DrugVocabulary) -> tuple[DrugMatch, ...]:
    if not drug.ingredients:
        return match_drug(drug.concept.codings, drug.words, route, drugs)
    if len(drug.ingredients) >= MANY_INGREDIENTS:
        return ()
    found: dict[str, DrugMatch] = {}
    for ingredient in drug.ingredients:
        concept = _item(ingredient)
        for match in match_drug(concept.codings, (*concept.words, *drug.words), route, drugs):
            found.setdefault(match.drug_class, match)
    return tuple(found.values())


def _display(drug: _Drug, matches: tuple[DrugMatch, ...]) -> str:
    """The drug as the record words it; where it has codes only, our name for it, else the first code."""
    parts = (word for part in drug.ingredients for word in _item(part).words[:1])
    worded = drug.words[0] if drug.words else " / ".join(parts)
    known = matches[0].drug if matches else drug.concept.first_code
    return worded or known or "drug without a name"


def _item(ingredient: Json) -> Concept:
    return read_concept(ingredient.get("itemCodeableConcept") or as_object(ingredient.get("item")).get("concept"))
