"""High or low: as the laboratory marked a result, else by the range that came with it, else by the limits of the rules.

What may live here: reading marks and ranges, and plain comparison with a range that was sent. No range is made up:
where none is known, there is no mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cds_service.web.ehr.limits import RuleLimits
from cds_service.web.ehr.rows import first_code, words_of
from cds_service.web.ehr.values import quantity_words, unit_words
from fhir_mappings.fhir_json import as_number, as_object, as_objects, as_text
from fhir_mappings.reference_ranges import Person, holding
from fhir_mappings.units import normalised, recognised
from fhir_mappings.vocabulary import AnalyteWords, LabVocabulary

_SENT = {
    "H": ("H", "high"),
    "HH": ("HH", "critically high"),
    "HU": ("H", "significantly high"),
    ">": ("H", "above what can be measured"),
    "L": ("L", "low"),
    "LL": ("LL", "critically low"),
    "LU": ("L", "significantly low"),
    "<": ("L", "below what can be measured"),
    "A": ("A", "abnormal"),
    "AA": ("AA", "critically abnormal"),
    "N": ("", "normal"),
}
"""Codes of FHIR's `interpretation` → mark and word. Others are shown as they were sent."""


_SENT_WITH_IT = "the range sent with it"


@dataclass(frozen=True, slots=True)
class Marked:
    """How a value stands to its range: the mark ("H", "L", …, or ""), what it means and who says so, and the range."""

    mark: str = ""
    words: str = ""
    span: str = ""


class Ranges(NamedTuple):
    """For whom ranges are read, on which day, and by which vocabulary."""

    person: Person
    today: date
    labs: LabVocabulary


def marked(
    observation: Mapping[str, Any], on: date | None, ranges: Ranges, words: AnalyteWords | None, rules: RuleLimits
) -> Marked:
    """How a result is marked. `words` are those of its analyte where we know it, `rules` what the rules say of it."""
    reference = next(
        holding(observation.get("referenceRange"), ranges.person, on or ranges.today, ranges.labs.ranges), {}
    )
    span = _span(reference)
    by_laboratory = _by_the_laboratory(observation, reference, words)
    if rules.on_dialysis and rules.span:
        return _for_dialysis(rules, by_laboratory, span)
    if by_laboratory is not None:
        mark, word = by_laboratory
        from_range = word.endswith(_SENT_WITH_IT) or not word
        return Marked(mark, word, span if from_range else span or _by_the_rules(rules))
    return Marked(rules.mark, rules.words, "; ".join(filter(None, (span, _by_the_rules(rules)))))


def _by_the_laboratory(
    observation: Mapping[str, Any], reference: Mapping[str, Any], words: AnalyteWords | None
) -> tuple[str, str] | None:
    """The mark and its word: as it was sent, else by the range that came with the result; None where neither tells."""
    sent = _interpretation(observation)
    if sent is not None:
        return sent[0], f"{sent[1]}, as the laboratory marked it"
    side = _side(as_object(observation.get("valueQuantity")), reference, words)
    if side is None:
        return None
    told = {"H": f"above {_SENT_WITH_IT}", "L": f"below {_SENT_WITH_IT}"}
    return side, told.get(side, "")


def _for_dialysis(rules: RuleLimits, by_laboratory: tuple[str, str] | None, span: str) -> Marked:
    """By the rules: a PTH that a laboratory calls high can be too low on dialysis. Its own mark is told in words."""
    of_laboratory = by_laboratory[1] if by_laboratory else ""
    spans = f"on dialysis, {_by_the_rules(rules)}" + (f"; laboratory, for healthy kidneys: {span}" if span else "")
    if of_laboratory and not span:
        spans += f"; {of_laboratory}, for healthy kidneys"
    return Marked(rules.mark, rules.words, spans)


def _by_the_rules(rules: RuleLimits) -> str:
    return f"rules: {rules.span}" if rules.span else ""


def _interpretation(observation: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first mark that was sent, with its word; one that is none of ours is shown as the laboratory wrote it."""
    told = ""
    for concept in as_objects(observation.get("interpretation")):
        known = _SENT.get(first_code(concept).upper())
        if known:
            return known
        told = told or words_of(concept)
    return (told, told) if told else None


def _span(reference: Mapping[str, Any]) -> str:
    """'3.5–5.2 g/dL', 'up to 65 pg/mL', 'from 1.2', or the words of the laboratory."""
    low, high = as_object(reference.get("low")), as_object(reference.get("high"))
    if as_number(low.get("value")) is None and as_number(high.get("value")) is None:
        return as_text(reference.get("text"))
    if as_number(low.get("value")) is None:
        return f"up to {quantity_words(high)}"
    if as_number(high.get("value")) is None:
        return f"from {quantity_words(low)}"
    same = unit_words(low) in ("", unit_words(high))
    return f"{low.get('value') if same else quantity_words(low)}–{quantity_words(high)}"


def _side(quantity: Mapping[str, Any], reference: Mapping[str, Any], words: AnalyteWords | None) -> str | None:
    """ "H", "L" or "" for within; None where the value cannot be compared with any limit that was sent."""
    compared = [
        (mark, limit)
        for mark, end in (("L", "low"), ("H", "high"))
        if (limit := _limit(as_object(reference.get(end)), quantity, words)) is not None
    ]
    number, comparator = as_number(quantity.get("value")), as_text(quantity.get("comparator"))
    if number is None or not compared:
        return None
    answers = {mark: _is_beyond(number, comparator, mark, limit) for mark, limit in compared}
    found = next((mark for mark, beyond in answers.items() if beyond), None)
    return found or ("" if all(beyond is False for beyond in answers.values()) else None)


def _is_beyond(number: float, comparator: str, mark: str, limit: float) -> bool | None:
    """Does it lie beyond the limit? None where a comparator leaves that open, or is not understood."""
    if not comparator:
        return number > limit if mark == "H" else number < limit
    if comparator in ("<", "<="):
        at_most = number < limit or (number == limit and comparator == "<")
        return (True if at_most else None) if mark == "L" else (False if number <= limit else None)
    if comparator in (">", ">="):
        at_least = number > limit or (number == limit and comparator == ">")
        return (True if at_least else None) if mark == "H" else (False if number >= limit else None)
    return None


def _limit(limit: Mapping[str, Any], quantity: Mapping[str, Any], words: AnalyteWords | None) -> float | None:
    """The limit as a number in the unit of the value; None where it is none, or of a unit that is not the same."""
    number, spelled = as_number(limit.get("value")), unit_words(limit)
    names = {normalised(as_text(quantity.get(name))) for name in ("unit", "code")} - {""}
    if number is None or not spelled or normalised(spelled) in names:
        return number
    own = recognised(words.units, unit_words(quantity)) if words else None
    other = recognised(words.units, spelled) if words else None
    return number if own is not None and own is other else None
