"""Laboratory results as a FHIR server sends them, and how the chart shows them."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.web.ehr.results import ResultLine, ResultReader
from fhir_mappings.reference_ranges import Person

TODAY = date(2026, 3, 2)
CALCIUM, ALBUMIN, PHOSPHATE, PTH, KT_V, ALP = "17861-6", "1751-7", "2777-1", "2731-8", "70961-8", "6768-6"
LOINC = "http://loinc.org"


@cache
def knowledge(zone: str = "UTC") -> Knowledge:
    return load_knowledge(Settings(timezone=ZoneInfo(zone)))


def quantity(value: object, unit: str = "mg/dL", **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit, **more}


def result(
    code: str | dict[str, Any] = CALCIUM, value: object = 9.0, unit: str = "mg/dL", **more: Any
) -> dict[str, Any]:
    """A final result of the first of March with this LOINC code, or this concept."""
    coding = {"system": LOINC, "code": code, "display": f"the name of {code}"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [coding]} if isinstance(code, str) else code,
        "effectiveDateTime": "2026-03-01",
        "valueQuantity": quantity(value, unit),
        **more,
    }


def without_value(**more: Any) -> dict[str, Any]:
    return {name: held for name, held in {**result(**more), "valueQuantity": None, **more}.items() if held is not None}


def lines(*results: dict[str, Any], sex: str = "female", zone: str = "UTC") -> list[ResultLine]:
    reader = ResultReader("p1", Person(date(1950, 3, 3), sex), knowledge(zone), TODAY)
    return reader.lines(results)


def line(*results: dict[str, Any], sex: str = "female", zone: str = "UTC") -> ResultLine:
    (found,) = lines(*results, sex=sex, zone=zone)
    return found
