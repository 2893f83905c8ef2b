"""One entry of the problem list in all its copies: what it says, and whether that could be read at all.

What may live here: entries that are masked or cannot be read; silence about them would look like "nothing there". How a
Condition is read stands in `conditions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo
from typing import Any, NamedTuple

from fhir_mappings.clauses import LONGEST
from fhir_mappings.code_systems import system_of
from fhir_mappings.conditions import read_condition
from fhir_mappings.fhir_json import Json, as_object, as_objects, as_text, code_of
from fhir_mappings.letters import as_seen, is_broken, mended
from fhir_mappings.vocabulary import ConditionVocabulary
from hooks.chart import Condition

ABSENT = "http://terminology.hl7.org/codesystem/data-absent-reason"
TOO_LONG = "its text is too long to be read whole"
GARBLED = "its code or its words could not be read"
_LETTERS = ("", *"aeiouncsy")
"""What may have stood where a character broke: nothing that counts, or one of these. Accents are folded anyway."""


class Entry(NamedTuple):
    """What was read of an entry, why not all of it (""), and whether nothing of ours was found in such a one.

    `masked`: it does not tell what it is, so it may be dialysis.
    """

    conditions: tuple[Condition, ...] = ()
    faults: tuple[str, ...] = ()
    unread: bool = False
    masked: bool = False


def read_entry(copies: Sequence[Json], on: date, zone: tzinfo, vocabulary: ConditionVocabulary) -> Entry:
    """The Conditions that are versions of one entry of which nobody knows the latest: the active one counts."""
    read = [(copy, found) for copy in copies if (found := read_condition(copy, on, zone, vocabulary))]
    active = tuple(found for _, found in read if found.active)
    told = any(found.concepts for _, found in read)
    cut = [copy for copy in copies if is_cut(copy)]
    if told:
        return Entry(active or tuple(found for _, found in read), (TOO_LONG,) * len(cut))
    garbled = [copy for copy, _ in read if is_garbled(copy, vocabulary)]
    untold = [
        *(copy for copy in garbled if _may_name_ours(copy, on, zone, vocabulary)),
        *(copy for copy, _ in read if is_masked(copy, vocabulary)),
    ]
    return Entry(
        conditions=active or tuple(found for _, found in read),
        faults=(*[TOO_LONG] * len(cut), *[GARBLED] * len(garbled)),
        unread=bool(garbled) or bool(read and cut),
        masked=bool(active) and not all(map(_is_coded, untold)),
    )


def is_cut(resource: Json) -> bool:
    """Is a text of this Condition longer than what is read of one?"""
    return any(len(word) > LONGEST for word in map(as_text, _words(resource.get("code"))))


def is_masked(resource: Json, vocabulary: ConditionVocabulary) -> bool:
    """Does the entry say no more than that something is not told? A code of no system at all says nothing either."""
    return not _is_coded(resource) and _tells_nothing(resource, vocabulary)


def is_garbled(resource: Json, vocabulary: ConditionVocabulary) -> bool:
    """Is there something where the entry says what it is that is not understood: no shape of FHIR, half a character?

    A plain string may be a code as well as words. Beside a code of a system that we read, half a character in the words
    hides nothing: there are records of which every accent is broken.
    """
    code = resource.get("code")
    if isinstance(code, str):
        return not _tells_nothing(resource, vocabulary)
    return _is_misshapen(code) or (not _is_read(code) and any(map(is_broken, map(as_text, _words(code)))))


def _is_misshapen(code: object) -> bool:
    """Is this no shape of FHIR, or is half a character in one of its codes?"""
    if not isinstance(code, dict):
        return bool(code)
    codings = code.get("coding")
    odd = [one for one in (codings if isinstance(codings, list) else [codings]) if not isinstance(one, dict)]
    parts = [one.get(key) for one in as_objects(codings) for key in ("system", "code")]
    words = [word for word in _words(code) if not isinstance(word, str)]
    return any(odd) or any(map(_is_odd, (*words, *parts)))


def _may_name_ours(copy: Json, on: date, zone: tzinfo, vocabulary: ConditionVocabulary) -> bool:
    """May a garbled entry name something of ours, dialysis for one? Words are tried with what may have stood there."""
    code = copy.get("code")
    if isinstance(code, str) and not is_broken(code):
        return any(map(str.isdigit, code))
    if not isinstance(code, str) and _is_misshapen(code):
        return True
    tried = (read_condition({**copy, "code": _mended(code, letter)}, on, zone, vocabulary) for letter in _LETTERS)
    return any(found is not None and found.concepts for found in tried)


def _mended(code: Any, letter: str) -> Any:
    if isinstance(code, str):
        return mended(code, letter)
    displays = ({"display": mended(as_text(one.get("display")), letter)} for one in as_objects(code.get("coding")))
    return {"text": mended(as_text(code.get("text")), letter), "coding": list(displays)}


def _is_read(code: object) -> bool:
    """Is there a code of a system that we read?"""
    codings = as_objects(as_object(code).get("coding"))
    return any(code_of(coding) and system_of(coding.get("system")) for coding in codings)


def _is_odd(value: object) -> bool:
    """Is this neither a text, nor a whole number in the place of one, nor left out; or is half a character in it?"""
    return is_broken(value) if isinstance(value, str) else bool(value) and type(value) is not int


def _words(code: object) -> list[object]:
    """The text and the displays as they came; those that only say why something is missing are left out."""
    if isinstance(code, str):
        return [code]
    concept = as_object(code)
    codings = [one for one in as_objects(concept.get("coding")) if as_text(one.get("system")).lower() != ABSENT]
    return [concept.get("text"), *(coding.get("display") for coding in codings)]


def _is_coded(resource: Json) -> bool:
    """Is there a code of any system, known or not?"""
    codings = as_objects(as_object(resource.get("code")).get("coding"))
    systems = (as_text(coding.get("system")).lower() for coding in codings if code_of(coding))
    return any(system and system != ABSENT for system in systems)


def _tells_nothing(resource: Json, vocabulary: ConditionVocabulary) -> bool:
    words = filter(None, map(as_text, _words(resource.get("code"))))
    return all(any(map(vocabulary.words.masks, as_seen([word]))) for word in words)
