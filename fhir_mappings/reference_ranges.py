"""Reference ranges: which of those beside a result hold for the patient.

What may live here: age, sex and kind of a range. Its words and codes stand in `labs.toml`; units are read in `labs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from fhir_mappings.fhir_json import Json, as_number, as_object, as_objects, as_text, read_concept
from fhir_mappings.vocabulary import RangeWords


class Person(NamedTuple):
    """Of whom a range must hold: the earliest possible day of birth (None if unknown), and sex or ""."""

    born: date | None = None
    sex: str = ""


def holding(ranges: object, person: Person, on: date, words: RangeWords) -> Iterator[Json]:
    """The reference ranges that hold for the person on the day of the result, in their order."""
    for reference in as_objects(ranges):
        if _is_normal(reference, words) and _applies(reference, person, words) and _fits(reference, person, on, words):
            yield reference


def _is_normal(reference: Json, words: RangeWords) -> bool:
    """A range without a type, or of the normal one: a target is no reference limit."""
    kind = reference.get("type")
    return not kind or not _names(kind).isdisjoint(words.normal)


def _applies(reference: Json, person: Person, words: RangeWords) -> bool:
    """Is the range for everybody, or for the sex of the patient? Each group that is named must be so."""
    own = words.normal | words.by_sex.get(person.sex, frozenset())
    groups = [_names(group) for group in _concepts(reference.get("appliesTo"))]
    return not any(group and group.isdisjoint(own) for group in groups)


def _concepts(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _names(value: object) -> frozenset[str]:
    """Codes, displays and text of a concept in lower case; a plain word counts as its text."""
    if isinstance(value, str):
        return frozenset({value.strip().lower()} - {""})
    concept = read_concept(value)
    return frozenset(name.lower() for name in (*concept.words, *(coding.code for coding in concept.codings)) if name)


def _fits(reference: Json, person: Person, on: date, words: RangeWords) -> bool:
    """Does the age for which the range holds include the person's on that day?"""
    age = as_object(reference.get("age"))
    for side, excludes in (("low", _younger), ("high", _older)):
        limit = as_object(age.get(side))
        number = as_number(limit.get("value"))
        if number is not None and excludes(_age(limit, person, on, words), number):
            return False
    return True


def _younger(age: int | None, limit: float) -> bool:
    return age is not None and age < limit


def _older(age: int | None, limit: float) -> bool:
    return age is not None and age > limit


def _age(limit: Json, person: Person, on: date, words: RangeWords) -> int | None:
    """The completed age in the unit of the limit; None for a unit that we do not know. Without a unit: years."""
    unit = (as_text(limit.get("code")) or as_text(limit.get("unit"))).lower()
    if not unit or unit in words.years:
        if person.born is None:
            return words.unknown_age
        birthday_ahead = (on.month, on.day) < (person.born.month, person.born.day)
        return on.year - person.born.year - birthday_ahead
    length = words.days.get(unit)
    if length is None:
        return None
    lived = words.unknown_age * words.days_a_year if person.born is None else (on - person.born).days
    return int(lived / length)
