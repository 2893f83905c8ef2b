"""Observations to results: code first, then status, date, value, unit and plausibility.

What may live here: reading Observations. The rules decide windows, comparators and the choice of results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, tzinfo
from typing import NamedTuple

from fhir_mappings.bases import ANYWHERE, Bases
from fhir_mappings.dates import PointInTime, not_ahead, read_moment
from fhir_mappings.fhir_json import Json, as_number, as_object, as_objects, as_text, status_codes
from fhir_mappings.lab_codes import analyte_code, code_without_system
from fhir_mappings.reference_ranges import Person, holding
from fhir_mappings.subjects import ANOTHER_PATIENT, NOBODYS, is_about, is_of_unknown
from fhir_mappings.units import Unit, recognised
from fhir_mappings.value_texts import read_value_text
from fhir_mappings.vocabulary import AnalyteWords, LabVocabulary
from hooks.chart import Result, Unreadable

RANKS: Mapping[str, int] = {"corrected": 2, "amended": 2, "final": 1, "preliminary": 0}
NO_RESULT = frozenset({"registered", "cancelled"})
"""Statuses of what was never measured."""
UNKNOWN_STATUS = "unknown"
NO_STATUS = "no status"
"""A result of which nobody says that it is one is not used, and told."""
ENTERED_IN_ERROR = "entered-in-error"
NOT_MEASURED = {"not-performed": "not performed", "not-applicable": "not applicable"}
"""Reasons for a missing value that say that there is no result at all."""
COMPARATORS = frozenset({"<", "<=", ">", ">="})
UCUM = "http://unitsofmeasure.org"
_UCUM_NAMES = frozenset({"ucum", "urn:oid:2.16.840.1.113883.6.8", "2.16.840.1.113883.6.8"})
NO_SYSTEM = "its code is of no known system"


class Reading(NamedTuple):
    """Whose Observations are read, with which words, in which zone; `on` is the day of the call, where it is known."""

    patient_id: str
    zone: tzinfo
    labs: LabVocabulary
    on: date | None = None
    person: Person = Person()
    bases: Bases = ANYWHERE


class Amount(NamedTuple):
    """What was measured: the number, its comparator, its unit, and how the unit is spelled in the record."""

    number: float
    comparator: str
    unit: Unit
    spelling: str


def read_observation(observation: Json, reading: Reading) -> Sequence[Result | Unreadable]:
    """The results of one Observation (its own value, or those of its components), each usable or with a reason.

    An observation of no known analyte, or entered in error, gives no result; one whose code is one of ours, but of no
    known system, cannot be read. Units: `labs.toml`.
    """
    labs = reading.labs
    code = analyte_code(observation, labs)
    if code is None:
        return ()
    doubtful = "" if code or "component" in observation else code_without_system(observation, labs)
    # Two results of three are of no interest to any rule: they are left out here.
    if not (code or doubtful or "component" in observation):
        return ()
    measured = _measured(observation, code or doubtful, labs)
    mine = is_about(observation, reading.patient_id, reading.bases)
    if not mine and not is_of_unknown(observation):
        return [Unreadable(words.analyte.value, ANOTHER_PATIENT, no_result=True) for words, _, _ in measured]
    if as_text(observation.get("status")).lower() == ENTERED_IN_ERROR:
        return ()
    read = [_read(observation, holder, words, code, reading) for words, code, holder in measured]
    doubt = NO_SYSTEM if doubtful else "" if mine else NOBODYS
    return [_in_doubt(found, doubt) for found in read] if doubt else read


def _measured(observation: Json, code: str, labs: LabVocabulary) -> Iterator[tuple[AnalyteWords, str, Json]]:
    """What was measured: analyte, code, and the part of the observation that holds the value."""
    own = labs.by_code.get(code)
    parts = []
    if "component" in observation:
        components = as_objects(observation["component"])
        parts = [(labs.by_code[found], found, part) for part in components if (found := analyte_code(part, labs))]
    analyte = own.analyte if own else None
    elsewhere = observation.get("valueQuantity") is None and any(words.analyte is analyte for words, _, _ in parts)
    if own and not elsewhere:
        yield own, code, observation
    yield from parts


def _in_doubt(found: Result | Unreadable, doubt: str) -> Unreadable:
    """A result that may be of one of our analytes, or of something else with the same code; or of another patient."""
    return found if isinstance(found, Unreadable) else Unreadable(found.analyte.value, doubt, found.on)


def _read(observation: Json, holder: Json, words: AnalyteWords, code: str, reading: Reading) -> Result | Unreadable:
    what = words.analyte.value
    moment = _moment(observation, reading)
    day = moment.day if moment else None
    # What an unknown method measured is told, and never stands in for a result.
    shown = code in reading.labs.shown
    status = observation.get("status")
    rank = _rank(status)
    if isinstance(rank, str):
        return Unreadable(what, rank, day, shown or as_text(status).lower() in NO_RESULT)
    absent = _not_measured(holder)
    if absent:
        return Unreadable(what, absent, day, no_result=True)
    if moment is None:
        return Unreadable(what, "no usable date", no_result=shown)
    amount = _amount(holder, words)
    if isinstance(amount, str):
        return Unreadable(what, amount, day, shown)
    value = amount.unit.to_canonical(amount.number)
    if not words.plausible(value):
        return Unreadable(what, "implausible value", day, shown)
    return Result(
        analyte=words.analyte,
        value=value,
        unit=words.unit,
        on=moment.day,
        at=moment.at,
        rank=rank,
        comparator=amount.comparator,
        original="" if amount.unit.canonical else amount.unit.quote(amount.number, amount.spelling),
        upper_limit=_upper_limit(holder, amount.unit, words, moment.day, reading),
        code=code,
        timed=moment.timed,
    )


def _rank(status: object) -> int | str:
    """How the status ranks results of the same instant, or why it is not usable."""
    if status == "final":
        return RANKS["final"]
    if status is None:
        return NO_STATUS
    word = as_text(status).lower()
    if word in RANKS:
        return RANKS[word]
    return f"status {word}" if word in NO_RESULT or word == UNKNOWN_STATUS else "status not understood"


def _not_measured(holder: Json) -> str:
    """Why there is no result at all, where the record says so in place of a value."""
    if "dataAbsentReason" not in holder or any(key.startswith("value") and holder[key] is not None for key in holder):
        return ""
    return next((NOT_MEASURED[code] for code in status_codes(holder["dataAbsentReason"]) if code in NOT_MEASURED), "")


def _moment(observation: Json, reading: Reading) -> PointInTime | None:
    """When: effectiveDateTime, else effectiveInstant, else the end of effectivePeriod, else issued.

    The first that is present decides; what it says may be no usable date (a year or a month alone).
    """
    found = observation.get("effectiveDateTime")
    if found is None:
        found = observation.get("effectiveInstant")
    if found is None:
        found = as_object(observation.get("effectivePeriod")).get("end")
    moment = read_moment(observation.get("issued") if found is None else found, reading.zone)
    return moment if moment is None or reading.on is None else not_ahead(moment, reading.on, reading.zone)


def _amount(holder: Json, words: AnalyteWords) -> Amount | str:
    """The amount, or why there is none."""
    quantity = holder.get("valueQuantity")
    if quantity is not None:
        return _of_quantity(as_object(quantity), words)
    text = as_text(holder.get("valueString")) or as_text(as_object(holder.get("valueCodeableConcept")).get("text"))
    if text:
        return _of_text(text, words)
    has_other_value = any(key.startswith("value") and value is not None for key, value in holder.items())
    return "value is not a quantity" if has_other_value else "no value"


def _of_quantity(quantity: Json, words: AnalyteWords) -> Amount | str:
    value = quantity.get("value")
    number = as_number(value)
    if number is None:
        return "no value" if value is None else "no usable number"
    comparator = quantity.get("comparator") or ""
    if not isinstance(comparator, str) or (comparator and comparator not in COMPARATORS):
        return "comparator not understood"
    unit, spelling = _unit(quantity, words)
    if unit is None:
        return "unit not understood" if spelling else "no unit"
    return Amount(number, comparator, unit, spelling)


def _of_text(text: str, words: AnalyteWords) -> Amount | str:
    found = read_value_text(text, lambda spelling: recognised(words.units, spelling) is not None)
    if isinstance(found, str):
        return found
    unit = recognised(words.units, found.unit) if found.unit else words.no_unit
    return "no unit" if unit is None else Amount(found.number, found.comparator, unit, found.unit)


def _unit(quantity: Json, words: AnalyteWords) -> tuple[Unit | None, str]:
    """The unit and its spelling in the record: the UCUM code, else the unit's text, else a code of no such system.

    A ratio needs no unit.
    """
    code, text = as_text(quantity.get("code")), as_text(quantity.get("unit"))
    for spelling in (code or text,) if _is_ucum(quantity.get("system")) else (text, code):
        unit = recognised(words.units, spelling) if spelling else None
        if unit is not None:
            return unit, spelling
    named = code or text
    return (None, named) if named else (words.no_unit, "")


def _is_ucum(system: object) -> bool:
    """Does the code of a quantity come from UCUM?"""
    if system == UCUM:
        return True
    name = as_text(system).lower().rstrip("/")
    return name in _UCUM_NAMES or name.endswith("unitsofmeasure.org")


def _upper_limit(holder: Json, own: Unit, words: AnalyteWords, on: date, reading: Reading) -> float | None:
    """The upper limit of the first reference range that holds for the patient and has one, in the canonical unit.

    A limit without a unit has that of the value; one in a unit that the analyte does not have is no limit. A limit that
    no value can have (0, a negative number) is passed over.
    """
    if "referenceRange" not in holder:
        return None
    for reference in holding(holder.get("referenceRange"), reading.person, on, reading.labs.ranges):
        high = as_object(reference.get("high"))
        number = as_number(high.get("value"))
        if number is not None:
            named = as_text(high.get("code")) or as_text(high.get("unit"))
            unit = _unit(high, words)[0] if named else own
            limit = unit.to_canonical(number) if unit else None
            if limit is None or words.plausible(limit):
                return limit
    return None
