"""Every place where an order may say which drug it is: codes and words of the product and of its ingredients.

What may live here: finding them, through references. Which drug they mean is decided in `drug_matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fhir_mappings.bases import ANYWHERE, Bases, base_of
from fhir_mappings.fhir_json import Coding, Json, as_object, as_objects, as_text, read_concept, resource_key
from fhir_mappings.letters import is_broken
from fhir_mappings.references import Shelf, contained_in, path_of
from fhir_mappings.versions import versions
from fhir_mappings.vocabulary import UnreadWords

DRUG_KINDS = {"medication": "Medication", "substance": "Substance"}
"""What an order or an ingredient may refer to, by the type in lower case."""

DRUG_TYPES = tuple(DRUG_KINDS.values())
"""A tuple, so that a type that is no text is compared and found nowhere."""

MOST_STEPS = 20
"""So many resources are followed from one order: ingredients of ingredients end, circles do too."""


@dataclass(slots=True)
class Places:
    """What was found for one order: codings and words of the product, and those of its ingredients (`part…`).

    `ingredients` counts the active ingredients of the product; `concepts` are what was read, as received; `cut` is True
    where the order leads on to more than is followed.
    """

    codings: list[Coding] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    part_codings: list[Coding] = field(default_factory=list)
    part_words: dict[str, None] = field(default_factory=dict)
    ingredients: int = 0
    concepts: list[Json] = field(default_factory=list)
    cut: bool = False

    @property
    def has_code(self) -> bool:
        """Is there a code of any system, known or not?"""
        return any(coding.code for coding in (*self.codings, *self.part_codings))

    def tell(self, unread: UnreadWords, *, beside_code: bool) -> bool:
        """May any of the words name a drug? Displays that only say why the drug is missing are none.

        Beside a code of a system that we know, of which nothing is said, the words may be of any script, and broken.
        Else words with half a character in them may be a name of ours.
        """
        words = (*self.words, *self.part_words)
        if not beside_code and any(map(is_broken, words)):
            return False
        tells = unread.tells if beside_code else unread.tells_readers_of_latin(words)
        if any(tells(as_text(concept.get("text"))) for concept in self.concepts):
            return True
        told = [word for word in words if tells(word)]
        return bool(told) and not self._reasons(unread).issuperset(told)

    def _reasons(self, unread: UnreadWords) -> set[str]:
        codings = (coding for concept in self.concepts for coding in as_objects(concept.get("coding")))
        return {as_text(coding.get("display")) for coding in codings if unread.is_reason(coding.get("system"))}


def new_shelf(bases: Bases = ANYWHERE) -> Shelf:
    """An empty shelf for what orders refer to; `bases` are those of the server that is asked."""
    return Shelf(DRUG_TYPES, bases)


def drugs_beside(bundle: object) -> dict[str, Json]:
    """The Medications and Substances of a Bundle by their addresses: the fullUrl of their entry, and Type/id.

    Those whose fullUrl names a server go by that alone: two servers may each have a Medication/1.
    """
    found: dict[str, list[Json]] = {}
    for entry in as_objects(as_object(bundle).get("entry")):
        resource = entry.get("resource", entry)
        # Not by a function: most entries of a long Bundle are orders.
        if isinstance(resource, dict) and resource.get("resourceType") in DRUG_TYPES:
            full = as_text(entry.get("fullUrl"))
            names = (full,) if base_of(full) else (resource_key(resource), full)
            for name in filter(None, names):
                found.setdefault(name, []).append(resource)
    return {name: copies[0] if len(copies) == 1 else versions(copies)[0][0] for name, copies in found.items()}


def drug_places(order: Json, shelf: Shelf) -> Places:
    """All codings and words of an order."""
    return _Search(order, shelf).places


def paths_to_read(order: Json, shelf: Shelf) -> Iterator[str]:
    """What an order leads to and what is neither contained nor at hand: "Medication/id" and "Substance/id".

    A reference that names neither, or whose id no server takes, stands there as it is written: see `is_path`.
    """
    if reference_of(order):
        yield from _Search(order, shelf).missing


def is_path(wanted: str) -> bool:
    """Is this something that a server can be asked for?"""
    return path_of(wanted, DRUG_KINDS) == wanted


def reference_of(order: Json) -> Json:
    """The reference of an order to its drug."""
    reference = order.get("medicationReference")
    return as_object(reference or as_object(order.get("medication")).get("reference"))


class _Search:
    """One walk from an order through all that it refers to."""

    def __init__(self, order: Json, shelf: Shelf) -> None:
        self.shelf, self.places = shelf, Places()
        self.missing: list[str] = []
        self._steps = MOST_STEPS
        words, codings = self.places.words, self.places.codings
        self._add(
            order.get("medicationCodeableConcept") or as_object(order.get("medication")).get("concept"), codings, words
        )
        if reference := reference_of(order):
            product = self._follow(reference, (order,))
            self._add(product.get("code"), codings, words)
            self._show(reference, words)
            active = _active(product)
            self.places.ingredients = len(active)
            for ingredient in active:
                self._ingredient(ingredient, (order, product))

    def _ingredient(self, ingredient: Json, holders: tuple[Json, ...]) -> None:
        """An ingredient of a Medication or of a Substance, with what it is made of itself."""
        either = as_object(ingredient.get("item"))
        concept = ingredient.get("itemCodeableConcept") or ingredient.get("substanceCodeableConcept")
        self._add(concept or either.get("concept"), self.places.part_codings, self.places.part_words)
        reference = as_object(
            ingredient.get("itemReference") or ingredient.get("substanceReference") or either.get("reference")
        )
        part = self._follow(reference, holders)
        self._add(part.get("code"), self.places.part_codings, self.places.part_words)
        self._show(reference, self.places.part_words)
        for inner in _active(part):
            self._ingredient(inner, (*holders, part))

    def _follow(self, reference: Json, holders: Iterable[Json]) -> Json:
        """The resource that is meant: contained in one of the holders, or at hand; else it is noted as missing."""
        text = as_text(reference.get("reference"))
        if not text:
            return {}
        if self._steps <= 0:
            self.places.cut = True
            return {}
        self._steps -= 1
        found = contained_in(holders, text) or self.shelf.get(text)
        if not self.shelf.bases.hold(text):
            # Another server's resource is not read here: what stands beside the reference speaks for it.
            return found
        # Some libraries write "Medication/m1" for a contained "m1", others leave out the "#".
        found = found or contained_in(holders, text.rpartition("/")[2])
        if not found:
            self.missing.append(path_of(text, DRUG_KINDS) or text)
        return found

    def _add(self, value: object, codings: list[Coding], words: dict[str, None]) -> None:
        if isinstance(value, dict):
            concept = read_concept(value)
            codings += concept.codings
            words |= dict.fromkeys(concept.words)
            self.places.concepts.append(value)

    def _show(self, reference: Json, words: dict[str, None]) -> None:
        display = as_text(reference.get("display"))
        if display:
            words[display] = None


def _active(resource: Json) -> list[Json]:
    """The ingredients that act; what a tablet is pressed with is no drug."""
    return [part for part in as_objects(resource.get("ingredient")) if part.get("isActive") is not False]
