"""Observations to results: code first, then status, date, value, unit and plausibility.

What may live here: reading Observations. The rules decide windows, comparators and the choice of results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from fhir_mappings.code_systems import System, system_of
from fhir_mappings.dates import PointInTime, read_moment
from fhir_mappings.fhir_json import EMPTY, Json, as_object, as_objects, as_text, is_about, status_codes
from fhir_mappings.units import Unit, normalised
from fhir_mappings.vocabulary import AnalyteWords, LabVocabulary
from hooks.chart import Result, Unreadable

# A missing status is seen in practice; such a result is usable, but ranks below any other of the same instant.
RANKS = {"corrected": 2, "amended": 2, "final": 1, "preliminary": 0, None: 0}
UNUSABLE_STATUSES = frozenset({"registered", "cancelled", "unknown"})
COMPARATORS = frozenset({"<", "<=", ">", ">="})
UCUM = "http://unitsofmeasure.org"
_NUMERIC = (int, float, str)
ANOTHER_PATIENT = "belongs to another patient"


def read_observation(
    observation: Json, patient_id: str, zone: tzinfo, labs: LabVocabulary
) -> Sequence[Result | Unreadable]:
    """The results of one Observation (its own value, or those of its components), each usable or with a reason.

    An observation of no known analyte, or entered in error, gives no result. Units: `labs.toml`.
    """
    code = _code(observation, labs)
    # Two results of three are of no interest to any rule: they are left out here.
    if code is None or not (code or "component" in observation):
        return ()
    measured = _measured(observation, code, labs)
    if not is_about(observation, patient_id):
        return [Unreadable(words.analyte.value, ANOTHER_PATIENT) for words, _, _ in measured]
    if observation.get("status") == "entered-in-error":
        return ()
    return [_read(observation, holder, words, code, zone) for words, code, holder in measured]


def _measured(observation: Json, code: str, labs: LabVocabulary) -> Iterator[tuple[AnalyteWords, str, Json]]:
    """What was measured: analyte, code, and the part of the observation that holds the value."""
    own = labs.by_code.get(code)
    parts = []
    if "component" in observation:
        components = as_objects(observation["component"])
        parts = [(labs.by_code[found], found, part) for part in components if (found := _code(part, labs))]
    elsewhere = observation.get("valueQuantity") is None and any(words is own for words, _, _ in parts)
    if own and not elsewhere:
        yield own, code, observation
    yield from parts


def _code(holder: Json, labs: LabVocabulary) -> str | None:
    """The first code of a known analyte, "" when there is none, None when an excluded code rules the holder out."""
    found = ""
    codings = as_object(holder.get("code")).get("coding")
    for coding in codings if isinstance(codings, list) else as_objects(codings):
        code = coding.get("code") if isinstance(coding, dict) else None
        # The code first: most codes are not in our vocabulary.
        if isinstance(code, str) and (code := code.strip()) in labs.telling:
            if system_of(coding.get("system")) is not System.LOINC:
                continue
            if code in labs.excluded:
                return None
            found = found or code
    return found


def _read(observation: Json, holder: Json, words: AnalyteWords, code: str, zone: tzinfo) -> Result | Unreadable:
    what = words.analyte.value
    moment = _moment(observation, zone)
    day = moment.day if moment else None
    rank = _rank(observation.get("status"))
    if isinstance(rank, str):
        return Unreadable(what, rank, day)
    if moment is None:
        return Unreadable(what, "no usable date")
    quantity, number = _quantity(holder)
    if isinstance(number, str):
        return Unreadable(what, number, day)
    comparator = quantity.get("comparator") or ""
    if not isinstance(comparator, str) or (comparator and comparator not in COMPARATORS):
        return Unreadable(what, "comparator not understood", day)
    unit, spelling = _unit(quantity, words)
    if unit is None:
        return Unreadable(what, "unit not understood" if spelling else "no unit", day)
    value = unit.to_canonical(number)
    if not words.plausible(value):
        return Unreadable(what, "implausible value", day)
    return Result(
        analyte=words.analyte,
        value=value,
        unit=words.unit,
        on=moment.day,
        at=moment.at,
        rank=rank,
        comparator=comparator,
        original="" if unit.canonical else unit.quote(number, spelling),
        upper_limit=_upper_limit(holder, unit, words),
        code=code,
    )


def _rank(status: object) -> int | str:
    """How the status ranks results of the same instant, or why it is not usable."""
    if status is not None and not isinstance(status, str):
        return "status not understood"
    if status in RANKS:
        return RANKS[status]
    return f"status {status}" if status in UNUSABLE_STATUSES else "status not understood"


def _moment(observation: Json, zone: tzinfo) -> PointInTime | None:
    """When: effectiveDateTime, else effectiveInstant, else the end of effectivePeriod, else issued.

    The first that is present decides; what it says may be no usable date (a year or a month alone).
    """
    for key in ("effectiveDateTime", "effectiveInstant"):
        if observation.get(key) is not None:
            return read_moment(observation[key], zone)
    end = as_object(observation.get("effectivePeriod")).get("end")
    return read_moment(end if end is not None else observation.get("issued"), zone)


def _quantity(holder: Json) -> tuple[Json, float | str]:
    """The quantity with its number, or with why there is none."""
    quantity = holder.get("valueQuantity")
    if quantity is None:
        has_other_value = any(key.startswith("value") and value is not None for key, value in holder.items())
        return EMPTY, "value is not a quantity" if has_other_value else "no value"
    number = _number(as_object(quantity).get("value"))
    return as_object(quantity), "no value" if number is None else number


def _number(value: object) -> float | None:
    """A finite number, given as such or as text."""
    if isinstance(value, bool) or not isinstance(value, _NUMERIC):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _unit(quantity: Json, words: AnalyteWords) -> tuple[Unit | None, str]:
    """The unit and its spelling in the record: the UCUM code first, else the unit's text."""
    code, text = quantity.get("code"), quantity.get("unit")
    for spelling in (code, text) if _is_ucum(quantity.get("system")) else (text,):
        if not isinstance(spelling, str):
            continue
        # First as nearly every server writes it; the spelling is normalised only where that is not known.
        unit = words.units.get(spelling) or words.units.get(normalised(spelling))
        if unit is not None:
            return unit, spelling.strip()
    return None, as_text(code) or as_text(text)


def _is_ucum(system: object) -> bool:
    """Does the code of a quantity come from UCUM, or from nowhere in particular?"""
    return system is None or system == UCUM or as_text(system).lower().rstrip("/").endswith("unitsofmeasure.org")


def _upper_limit(holder: Json, own: Unit, words: AnalyteWords) -> float | None:
    """The upper limit of the first normal reference range, when it stands in the unit of the value or in none."""
    for reference in as_objects(holder.get("referenceRange")):
        if "type" in reference and "normal" not in status_codes(reference["type"]):
            continue
        high = as_object(reference.get("high"))
        number = _number(high.get("value"))
        if number is None:
            return None
        unit, spelling = _unit(high, words)
        return own.to_canonical(number) if unit is own or not spelling else None
    return None
