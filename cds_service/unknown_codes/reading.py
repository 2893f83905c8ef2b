"""Codes and units on the records of a patient that our vocabulary does not hold.

What may live here: comparing codes, systems and units with the vocabulary. What is shown of them stands in
`plain_codes.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, tzinfo

from cds_service.unknown_codes.findings import UnknownCode, UnknownUnit
from cds_service.unknown_codes.plain_codes import Shown, plainly, shown_unit
from fhir_mappings.code_systems import system_of
from fhir_mappings.conditions import read_condition
from fhir_mappings.drug_matching import Drugs, find_drugs
from fhir_mappings.drug_places import drug_places
from fhir_mappings.fhir_json import Coding, Json, as_object, as_objects, as_text, code_of, read_concept, resource_key
from fhir_mappings.lab_codes import analyte_code, knows
from fhir_mappings.procedures import read_procedure
from fhir_mappings.references import Shelf
from fhir_mappings.units import recognised
from fhir_mappings.vocabulary import AnalyteWords, Vocabulary

Place = tuple[str, str, bool]
"""System, code, and whether we read that system."""
WORDS_ONLY: Place = ("", "", False)


def each_once(resources: Iterable[Json]) -> list[Json]:
    """The resources without those that came twice; one without an id counts each time."""
    kept: dict[str | int, Json] = {}
    for number, resource in enumerate(resources):
        kept.setdefault(resource_key(resource) or number, resource)
    return list(kept.values())


class CodeReading:
    """Looks at the codes of records. `shelf` holds what orders refer to; day and zone are those of the call; `shown`
    decides what of a code is told.
    """

    def __init__(self, vocabulary: Vocabulary, shelf: Shelf, on: date, zone: tzinfo, shown: Shown = plainly) -> None:
        self.vocabulary, self.shelf, self.on, self.zone, self.shown = vocabulary, shelf, on, zone, shown

    def unknown(self, resources: Iterable[Json]) -> tuple[UnknownCode, ...]:
        """The codes of records of which no code is known, the most frequent first, by resource type.

        A record in words alone counts where its words tell nothing either.
        """
        seen: Counter[tuple[str, Place]] = Counter()
        for resource in resources:
            kind = as_text(resource.get("resourceType"))
            seen.update((kind, place) for place in self._unknown(resource, kind))
        ordered = sorted(seen.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
        return tuple(UnknownCode(kind, *place, times) for (kind, place), times in ordered)

    def _unknown(self, resource: Json, kind: str) -> set[Place]:
        concepts = self._concepts(resource, kind)
        if concepts is None or self._is_known(resource, kind, concepts):
            return set()
        found = {place for concept in concepts for place in self._codes(concept)}
        return found or (set() if self._tells_in_words(resource, kind) else {WORDS_ONLY})

    def _concepts(self, resource: Json, kind: str) -> Sequence[Json] | None:
        """The CodeableConcepts that say what a record is; None for a type that is not looked at."""
        match kind:
            case "Observation":
                return [as_object(holder.get("code")) for holder in _holders(resource)]
            case "Condition" | "Procedure":
                return [as_object(resource.get("code"))]
            case "MedicationRequest":
                return drug_places(resource, self.shelf).concepts
            case _:
                return None

    def _codes(self, concept: Json) -> Iterator[Place]:
        for coding in as_objects(concept.get("coding")):
            code, system = code_of(coding), as_text(coding.get("system"))
            if code:
                yield *self.shown(system, code), system_of(system) is not None

    def _is_known(self, resource: Json, kind: str, concepts: Sequence[Json]) -> bool:
        codings = [coding for concept in concepts for coding in read_concept(concept).codings]
        match kind:
            case "Observation":
                return knows(resource, self.vocabulary.labs)
            case "MedicationRequest":
                return self._drugs(resource, codings, ()).known
            case "Condition":
                return any(map(self.vocabulary.conditions.conditions.of, codings))
            case _:
                return any(map(self.vocabulary.conditions.procedures.of, codings))

    def _tells_in_words(self, resource: Json, kind: str) -> bool:
        """Do the words of a record without a code tell something that a rule knows? A result's never do."""
        conditions = self.vocabulary.conditions
        match kind:
            case "MedicationRequest":
                places = drug_places(resource, self.shelf)
                return bool(self._drugs(resource, (), (*places.words, *places.part_words)).matches)
            case "Condition":
                read = read_condition(resource, self.on, self.zone, conditions)
                return read is not None and bool(read.concepts)
            case "Procedure":
                return read_procedure(resource, self.on, self.zone, conditions) is not None
            case _:
                return False

    def _drugs(self, order: Json, codings: Sequence[Coding], words: Sequence[str]) -> Drugs:
        drugs = self.vocabulary.drugs
        return find_drugs(codings, words, drugs.routes.of_order(order), drugs)


def unknown_units(resources: Iterable[Json], vocabulary: Vocabulary) -> tuple[UnknownUnit, ...]:
    """The units of results of analytes that we know, where we do not know the unit."""
    seen: Counter[tuple[str, str]] = Counter()
    for resource in resources:
        if resource.get("resourceType") == "Observation":
            seen.update(_strange_units(resource, vocabulary))
    ordered = sorted(seen.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    return tuple(UnknownUnit(analyte, unit, times) for (analyte, unit), times in ordered)


def _holders(observation: Json) -> list[Json]:
    return [observation, *as_objects(observation.get("component"))]


def _strange_units(observation: Json, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    labs = vocabulary.labs
    for holder in _holders(observation):
        words = labs.by_code.get(analyte_code(holder, labs) or "")
        unit = "" if words is None else _strange_unit(as_object(holder.get("valueQuantity")), words)
        if words is not None and unit:
            yield words.analyte.value, unit


def _strange_unit(quantity: Json, words: AnalyteWords) -> str:
    """The unit, as it may be shown, where neither its code nor its text is one that the analyte has, else ""."""
    spellings = [text for text in (as_text(quantity.get("code")), as_text(quantity.get("unit"))) if text]
    if not spellings or any(recognised(words.units, text) for text in spellings):
        return ""
    return shown_unit(spellings[0])
