"""Results of a vignette in a dialect, as FHIR R4 Observations.

What may live here: the shapes of Observations and quantities, and the panel of ordinary results.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cds_service.stories.catalogue import catalogue
from cds_service.stories.dialects import SYSTEMS, Dialect
from cds_service.stories.story import Entry, Vignette
from cds_service.stories.subject import Resource, subject_of


def told_results(vignette: Vignette) -> Iterator[Entry]:
    """The panel, except what the vignette says itself; then what it says."""
    said = vignette.entries["results"]
    named = {entry.get("of") for entry in said}
    if vignette.labs:
        for name, value in catalogue()["panel"][vignette.labs].items():
            if name not in named:
                yield {"of": name, "value": value, "days_ago": 10}
    yield from said


def write_result(entry: Entry, dialect: Dialect, now: datetime, identifier: str) -> Resource:
    """One result as an Observation of this id."""
    loinc, unit, times = _measure(entry, dialect)
    written: Resource = {
        "resourceType": "Observation",
        "id": identifier,
        "status": entry.get("status", "final"),
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": SYSTEMS["loinc"], "code": loinc}]},
        "subject": subject_of(entry),
        **_effective(entry, dialect, now),
    }
    if "words" in entry:
        written["valueString"] = entry["words"]
    else:
        written["valueQuantity"] = _value(entry, unit, times, dialect)
    if "version" in entry:
        written["meta"] = {"versionId": str(entry["version"])}
    if dialect.local_codes:
        written["code"]["coding"].insert(0, {"system": "urn:oid:1.2.3.4.5", "code": "LAB17"})
    if "upper" in entry:
        limit = quantity(entry["upper"] * times, entry.get("upper_unit", unit), dialect)
        written["referenceRange"] = [{"high": limit}]
    if "ranges" in entry:
        written["referenceRange"] = [_range(told, times) for told in entry["ranges"]]
    return written


def quantity(value: float, unit: str, dialect: Dialect) -> Resource:
    """A Quantity with its unit as this dialect writes it; "" for none."""
    written: Resource = {"value": round(value, 8)}
    if unit and dialect.unit_as_text:
        return {**written, "unit": unit}
    return {**written, "unit": unit, "system": SYSTEMS["ucum"], "code": unit} if unit else written


def _measure(entry: Entry, dialect: Dialect) -> tuple[str, str, float]:
    """LOINC code and unit of a result in this dialect, and by how much its value is multiplied there."""
    known = catalogue()["result"][entry["of"]] if "of" in entry else {}
    if dialect.si_units and "si" in known and not {"unit", "loinc"} & set(entry):
        return known["si"]["loinc"], known["si"]["unit"], known["si"]["times"]
    return entry.get("loinc", known.get("loinc")), entry.get("unit", known.get("unit", "")), 1.0


def _value(entry: Entry, unit: str, times: float, dialect: Dialect) -> Resource:
    written = quantity(entry["value"] * times, unit, dialect)
    if "unit_system" in entry:
        del written["unit"]
        written |= {"code": unit, "system": entry["unit_system"]}
    return {**written, "comparator": entry["comparator"]} if "comparator" in entry else written


def _effective(entry: Entry, dialect: Dialect, now: datetime) -> Resource:
    if "at" in entry:
        return {"effectiveDateTime": entry["at"]} if entry["at"] else {}
    moment = dialect.moment(now, entry.get("days_ago", 10))
    return {"effectivePeriod": {"start": moment, "end": moment}} if dialect.period else {"effectiveDateTime": moment}


def _range(told: Entry, times: float) -> Resource:
    """A reference range in the unit of the result."""
    written: Resource = {"high": {"value": round(told["upper"] * times, 8)}}
    if "kind" in told:
        base = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
        written["type"] = {"coding": [{"system": base, "code": told["kind"]}]}
    if "for" in told:
        written["appliesTo"] = [{"text": told["for"]}]
    ages = {side: told[key] for side, key in (("low", "age_from"), ("high", "age_to")) if key in told}
    if ages:
        written["age"] = {side: {"value": years, "unit": "a"} for side, years in ages.items()}
    return written
