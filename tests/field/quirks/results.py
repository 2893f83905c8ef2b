"""Habits of writing results: values, units, statuses, and results that came without a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.records import Json
from tests.field.held import Chart, calcium, without
from tests.field.quirks.kinds import mapped, of_chart

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def _quantities(chart: Chart, change: Callable[[Json], Json]) -> Chart:
    """The chart with every quantity of a result changed."""

    def new(result: Json) -> Json:
        quantity = result.get("valueQuantity")
        return {**result, "valueQuantity": change(quantity)} if quantity else result

    return mapped(chart, new, "Observation")


def _in_place_of_quantities(chart: Chart, instead: Callable[[Json], Json]) -> Chart:
    """The chart with other members in place of the quantities that have a unit."""

    def new(result: Json) -> Json:
        quantity = result.get("valueQuantity")
        return {**without(result, "valueQuantity"), **instead(quantity)} if quantity else result

    return mapped(chart, new, "Observation")


def _said(quantity: Json, pattern: str = "{value} {unit}") -> str:
    unit = quantity.get("unit") or quantity.get("code") or ""
    return pattern.format(value=quantity.get("value"), unit="" if unit == "1" else unit).strip()


@of_chart(spelling=True)
def values_in_words(chart: Chart) -> Chart:
    """Cerner sends some results as valueString "12.6 mg/dL" (fastenhealth/fasten-onprem#441)."""
    return _in_place_of_quantities(chart, lambda quantity: {"valueString": _said(quantity)})


@of_chart(spelling=True)
def values_in_the_text_of_a_concept(chart: Chart) -> Chart:
    """athenahealth puts results into valueCodeableConcept.text (drajer-health/eCRNow#625)."""
    return _in_place_of_quantities(chart, lambda quantity: {"valueCodeableConcept": {"text": _said(quantity)}})


@of_chart(spelling=True)
def values_with_a_flag_letter(chart: Chart) -> Chart:
    """The flag of the laboratory stands between number and unit (fastenhealth/fasten-onprem#441)."""
    return _in_place_of_quantities(chart, lambda quantity: {"valueString": _said(quantity, "{value} H {unit}")})


@of_chart(spelling=True)
def values_with_a_decimal_comma(chart: Chart) -> Chart:
    """Laboratories of half of Europe write 10,9 mg/dL (HL7 v2 converters; fastenhealth/fasten-onprem#441)."""
    return _in_place_of_quantities(chart, lambda quantity: {"valueString": _said(quantity).replace(".", ",")})


@of_chart(spelling=False)
def values_with_a_comparator_inside(chart: Chart) -> Chart:
    """A result above the range of the method comes as "GT 10.9 mg/dL" (drajer-health/eCRNow#625)."""
    return _in_place_of_quantities(chart, lambda quantity: {"valueString": _said(quantity, "GT {value} {unit}")})


@of_chart(spelling=True)
def numbers_in_quotes(chart: Chart) -> Chart:
    """Libraries that keep decimals exact write them as text (hapifhir/hapi-fhir#887 and others)."""
    return _quantities(chart, lambda quantity: {**quantity, "value": str(quantity["value"])})


@of_chart(spelling=True)
def units_in_capitals(chart: Chart) -> Chart:
    """Units in capitals: MG/DL, GM/DL (National-COVID-Cohort-Collaborative/Data-Ingestion-and-Harmonization#105)."""
    return _quantities(chart, lambda quantity: _renamed(quantity, str.upper))


@of_chart(spelling=True)
def grams_as_gm(chart: Chart) -> Chart:
    """gm/dL in 3.7 million results (National-COVID-Cohort-Collaborative/Data-Ingestion-and-Harmonization#105)."""
    return _quantities(chart, lambda quantity: _renamed(quantity, lambda unit: "gm/dL" if unit == "g/dL" else unit))


def _renamed(quantity: Json, rename: Callable[[str], str]) -> Json:
    names = {name: rename(quantity[name]) for name in ("unit", "code") if isinstance(quantity.get(name), str)}
    return {**quantity, **names}


@of_chart(spelling=True)
def units_of_a_table_of_hl7_v2(chart: Chart) -> Chart:
    """The only unit is a code of "(HL7_V2)" (masslight/ottehr#2029)."""

    def coded(quantity: Json) -> Json:
        return {"value": quantity["value"], "system": "(HL7_V2)", "code": quantity.get("code", quantity.get("unit"))}

    return _quantities(chart, coded)


@of_chart(spelling=True)
def ucum_as_a_word(chart: Chart) -> Chart:
    """The system of the unit is "UCUM" (LinuxForHealth/hl7v2-fhir-converter#335)."""
    return _quantities(chart, lambda quantity: {**quantity, "system": "UCUM"})


@of_chart(spelling=True)
def units_as_text_only(chart: Chart) -> Chart:
    """A unit without code and system (cqframework/clinical_quality_language#557)."""

    def worded(quantity: Json) -> Json:
        unit = quantity.get("unit") or quantity.get("code")
        return {"value": quantity["value"], **({"unit": unit} if unit else {})}

    return _quantities(chart, worded)


@of_chart(spelling=True)
def units_with_an_annotation(chart: Chart) -> Chart:
    """UCUM allows a remark in braces behind a unit (UCUM, section 6)."""
    return _quantities(
        chart, lambda quantity: _renamed(quantity, lambda unit: f"{unit}{{calc}}" if "/" in unit else unit)
    )


@of_chart(spelling=True)
def units_spelled_out(chart: Chart) -> Chart:
    """Code mg/dL beside the unit "milligram per deciliter" (cqframework/clinical_quality_language#557)."""
    return _quantities(
        chart, lambda quantity: {**quantity, "unit": "as the code says"} if "code" in quantity else quantity
    )


@of_chart(spelling=True)
def calcium_in_si_units(chart: Chart) -> Chart:
    """Most of the world measures calcium in mmol/L (miracum/loinc-conversion)."""

    def converted(result: Json) -> Json:
        quantity = result.get("valueQuantity")
        if not result["id"].startswith("calcium") or not quantity or quantity.get("unit") != "mg/dL":
            return result
        value = round(float(quantity["value"]) * 0.2495, 3)
        return {**result, "valueQuantity": {**quantity, "value": value, "unit": "mmol/L", "code": "mmol/L"}}

    return mapped(chart, converted, "Observation")


@of_chart(spelling=False)
def no_units(chart: Chart) -> Chart:
    """Results without a unit (athenahealth and others; sync-for-science and argonaut#19)."""
    return _quantities(chart, lambda quantity: without(quantity, "unit", "system", "code"))


@of_chart(spelling=False)
def units_that_nobody_knows(chart: Chart) -> Chart:
    """A unit of the laboratory's own making (masslight/ottehr#2029)."""
    return _quantities(chart, lambda quantity: {"value": quantity["value"], "unit": "units per assay"})


@of_chart(spelling=True)
def statuses_in_capitals(chart: Chart) -> Chart:
    """Statuses as FINAL, COMPLETED, ACTIVE (enum names of Java libraries)."""
    return mapped(chart, lambda resource: _with_status(resource, str.upper))


@of_chart(spelling=True)
def statuses_with_a_capital(chart: Chart) -> Chart:
    """Statuses as Final, Completed, Active (.NET libraries)."""
    return mapped(chart, lambda resource: _with_status(resource, str.title))


def _with_status(resource: Json, rename: Callable[[str], str]) -> Json:
    return {**resource, "status": rename(resource["status"])} if "status" in resource else resource


@of_chart(spelling=False)
def no_statuses(chart: Chart) -> Chart:
    """A required member is left out (openEHR and registry converters; HL7 AHRQ pain summary#6)."""
    return mapped(chart, lambda resource: without(resource, "status"), "Observation", "MedicationRequest", "Condition")


@of_chart(spelling=False)
def sessions_without_status(chart: Chart) -> Chart:
    """The same of Procedures (openEHR and registry converters)."""
    return mapped(chart, lambda resource: without(resource, "status"), "Procedure")


def _without_value(chart: Chart, reason: str) -> Chart:
    absent = {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": reason}]}}
    members = ("valueQuantity", "valueString", "valueCodeableConcept")
    return mapped(chart, lambda result: {**without(result, *members), **absent}, "Observation")


@of_chart(spelling=False)
def an_error_in_place_of_values(chart: Chart) -> Chart:
    """Results with dataAbsentReason error (drajer-health/eCRNow#509)."""
    return _without_value(chart, "error")


@of_chart(spelling=False)
def unknown_in_place_of_values(chart: Chart) -> Chart:
    """Results with dataAbsentReason unknown (hl7au/au-fhir-test-data, suppressed values)."""
    return _without_value(chart, "unknown")


def _newer(chart: Chart, **members: Any) -> Chart:
    """The chart with a newer calcium that cannot be read."""
    newer = {**without(calcium(9.0, days_ago=1, number="calcium-newer"), "valueQuantity"), **members}
    return chart.having(newer)


@of_chart(spelling=False)
def a_newer_result_in_words(chart: Chart) -> Chart:
    """The newest result says "haemolysed" (fastenhealth/fasten-onprem#441)."""
    return _newer(chart, valueString="haemolysed, see comment")


@of_chart(spelling=False)
def a_newer_result_without_unit(chart: Chart) -> Chart:
    """The newest result has no unit (masslight/ottehr#2029)."""
    return _newer(chart, valueQuantity={"value": 9.0})


@of_chart(spelling=False)
def a_newer_result_without_value(chart: Chart) -> Chart:
    """The newest result has no value and no reason (drajer-health/eCRNow#509)."""
    return _newer(chart)


@of_chart(spelling=False)
def a_newer_result_with_an_odd_date(chart: Chart) -> Chart:
    """The newest result is of 24 o'clock (hapifhir/hapi-fhir#887)."""
    older = next((one for one in chart.held if one.get("id") == "calcium"), {})
    value = {name: older[name] for name in older if name.startswith("value")}
    return _newer(chart, **value, effectiveDateTime="2026-11-21T24:00:00Z")
