"""Reading FHIR JSON that may be anything: every accessor answers something usable and never raises.

What may live here: access by shape (objects, lists, texts, references, codings), no meaning of codes or dates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from fhir_mappings.code_systems import System, system_of

Json = Mapping[str, Any]
EMPTY: Json = {}

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""An id as FHIR defines it; our own pages take no other."""

LONG_ID = re.compile(r"[A-Za-z0-9\-.]{1,255}")
"""An id as servers write it: some make them longer than FHIR allows."""

"""The type in a reference, as FHIR writes types."""

_URN = re.compile("urn:uuid:", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Coding(NamedTuple):
    """One coding: `system` is None for a system that we do not know, or none; `code` and `display` may be "".

    `address` is how the record names a system that we do not know.
    """

    system: System | None
    code: str
    display: str
    address: str = ""

    @property
    def named(self) -> str:
        """System and code, as cards name them."""
        return f"{self.system or self.address} {self.code}"


def as_object(value: object) -> Json:
    """The value when it is a JSON object, else an empty object."""
    return value if isinstance(value, dict) else EMPTY


def as_objects(value: object) -> list[Json]:
    """The objects of a list; everything else in it is left out."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def as_text(value: object) -> str:
    """The value when it is a string, without blanks around it, else ""."""
    return value.strip() if isinstance(value, str) else ""


def as_number(value: object) -> float | None:
    """A finite number, given as such or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or (isinstance(value, str) and "_" in value):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


class Concept(NamedTuple):
    """A CodeableConcept: its codings in their order, its text, and all its words (text and displays, each once)."""

    codings: tuple[Coding, ...]
    text: str
    words: tuple[str, ...]

    @property
    def first_code(self) -> str:
        """The first code of any system, or ""."""
        return next((coding.code for coding in self.codings if coding.code), "")


def read_concept(value: object) -> Concept:
    """A CodeableConcept from JSON; whole numbers are accepted as codes, a plain string as its text."""
    concept = {"text": value} if isinstance(value, str) else as_object(value)
    text = as_text(concept.get("text"))
    codings: list[Coding] = []
    words = {text: None}
    for coding in as_objects(concept.get("coding")):
        display = as_text(coding.get("display"))
        system = system_of(coding.get("system"))
        address = "" if system else as_text(coding.get("system"))
        codings.append(Coding(system, code_of(coding), display, address))
        words[display] = None
    words.pop("", None)
    return Concept(tuple(codings), text, tuple(words))


def code_of(coding: Json) -> str:
    """The code of a coding, or ""; a whole number is accepted as a code."""
    value = coding.get("code")
    if isinstance(value, str):
        return value.strip()
    return str(value) if type(value) is int else ""


def status_codes(value: object) -> list[str]:
    """The codes of a status, in lower case, given as CodeableConcept, as Coding-like object or as a plain string."""
    if isinstance(value, str):
        return [value.strip().lower()]
    concept = as_object(value)
    codes = [code_of(coding) for coding in as_objects(concept.get("coding"))]
    codes = codes or [as_text(concept.get("code")), as_text(concept.get("text"))]
    return [code.lower() for code in codes if code]


def status_word(resource: Json) -> str:
    """The status of an order or of what was given, in lower case; "" where there is none, or no word."""
    status = as_text(resource.get("status")).lower()
    return status if status[:1].isalpha() else ""


def id_of(resource: Json) -> str:
    """The id of a resource, or ""; a whole number is accepted as an id."""
    value = resource.get("id")
    return str(value) if type(value) is int else as_text(value)


def resource_key(resource: Json) -> str:
    """ "Type/id" of a resource, or "" when it has no usable id."""
    kind, identifier = as_text(resource.get("resourceType")), id_of(resource)
    return f"{kind}/{identifier}" if kind and identifier else ""


def is_same_id(one: str, other: str) -> bool:
    """Do two ids name one resource? UUIDs are compared without letter case, all others letter by letter."""
    if one == other:
        return True
    one, other = without_urn(one), without_urn(other)
    return one == other or (is_uuid(one) and one.lower() == other.lower())


def is_uuid(identifier: str) -> bool:
    """Is this id a UUID, which means the same in either letter case?"""
    return bool(_UUID.fullmatch(identifier))


def without_urn(identifier: str) -> str:
    """The id without "urn:uuid:", which says how it is written and is no part of it."""
    prefix = _URN.match(identifier)
    return identifier[prefix.end() :] if prefix else identifier
