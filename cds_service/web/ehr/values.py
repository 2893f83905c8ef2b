"""The value of a result, in the words in which it was sent.

What may live here: every kind of value as text, and the parts of a panel as results of their own. Nothing is rounded,
converted or left out: what cannot be read is shown as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.web.ehr.rows import words_of
from fhir_mappings.fhir_json import as_object, as_objects, as_text

_OF_THE_PART = ("code", "dataAbsentReason", "interpretation", "referenceRange")
"""What a part of a panel says for itself, beside its value."""
_BOUNDS = {"valueRange": ("low", "high", "–"), "valueRatio": ("numerator", "denominator", " : ")}


def each_measured(observation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The observation itself, where it says a value or has no parts; and each of its parts, with the date of both."""
    parts = as_objects(observation.get("component"))
    whole = {name: held for name, held in observation.items() if name != "component"}
    if not parts or "dataAbsentReason" in whole or any(map(_is_value, whole.items())):
        yield whole
    shared = {name: held for name, held in whole.items() if name not in _OF_THE_PART and not name.startswith("value")}
    for part in parts:
        yield {**shared, **part}


def value_words(observation: Mapping[str, Any]) -> str:
    """'9.8 mg/dL', '<3 mg/L', 'positive', 'no value: haemolysed'."""
    values = list(filter(_is_value, observation.items()))
    if not values:
        missing = words_of(as_object(observation.get("dataAbsentReason")))
        return f"no value: {missing}" if missing else "no value"
    return " ".join(_words(name, held) for name, held in values)


def quantity_words(quantity: Mapping[str, Any]) -> str:
    """A Quantity as it was sent; "1" is how UCUM writes that there is no unit."""
    unit = unit_words(quantity)
    value = quantity.get("value")
    number = f"{as_text(quantity.get('comparator'))}{'no number' if value is None else value}"
    return number if unit in ("", "1") else f"{number} {unit}"


def unit_words(quantity: Mapping[str, Any]) -> str:
    """The unit of a Quantity, else its code."""
    return as_text(quantity.get("unit")) or as_text(quantity.get("code"))


def _is_value(item: tuple[str, Any]) -> bool:
    return item[0].startswith("value") and item[1] is not None and item[1] != {}


def _words(name: str, value: Any) -> str:
    if name in _BOUNDS:
        first, second, between = _BOUNDS[name]
        ends = (quantity_words(as_object(as_object(value).get(end))) for end in (first, second))
        return between.join(ends)
    if name == "valueQuantity":
        return quantity_words(value) if isinstance(value, dict) else "a value that is no quantity"
    if name == "valueCodeableConcept":
        return words_of(as_object(value)) or "a value without a name"
    if isinstance(value, str | int | float):
        return str(value).strip()
    return f"a value of the kind {name.removeprefix('value')}"
