"""Laboratory results as rows of the chart.

What may live here: reading results tolerantly into rows of plain text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.web.ehr.rows import ChartRow, day_of, first_code, words_of
from fhir_mappings.fhir_json import as_object, as_objects, as_text


def result_rows(found: Sequence[Mapping[str, Any]]) -> list[ChartRow]:
    """The results, newest first."""
    return sorted(map(_result, found), key=lambda row: row.day, reverse=True)


def _result(result: Mapping[str, Any]) -> ChartRow:
    concept = as_object(result.get("code"))
    status = as_text(result.get("status"))
    told = "" if status == "final" else status
    flags = [first_code(flag) for flag in as_objects(result.get("interpretation"))]
    return ChartRow(
        words_of(concept) or "result without a name", _value(result), day_of(result), told or " ".join(flags)
    )


def _value(result: Mapping[str, Any]) -> str:
    quantity = as_object(result.get("valueQuantity"))
    if quantity:
        unit = as_text(quantity.get("unit")) or as_text(quantity.get("code"))
        number = f"{as_text(quantity.get('comparator'))}{quantity.get('value', '')}"
        # "1" is how UCUM writes that there is no unit.
        return number if unit in ("", "1") else f"{number} {unit}"
    if as_text(result.get("valueString")):
        return as_text(result.get("valueString"))
    missing = words_of(as_object(result.get("dataAbsentReason")))
    return words_of(as_object(result.get("valueCodeableConcept"))) or (
        f"no value: {missing}" if missing else "no value"
    )
