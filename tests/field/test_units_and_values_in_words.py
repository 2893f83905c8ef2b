"""A unit that is there and clear is read, and a text that is exactly a number is a quantity; nothing is guessed.

Sources: National-COVID-Cohort-Collaborative/Data-Ingestion-and-Harmonization#105 (GM/DL), masslight/ottehr#2029
(units of HL7 v2), LinuxForHealth/hl7v2-fhir-converter#335 (UCUM as a word), fastenhealth/fasten-onprem#441 and
drajer-health/eCRNow#625 (values in text), argonaut#19 (Kt/V without a unit).
"""

from __future__ import annotations

import pytest

from tests.contract.records import CALCIUM_DRAFT, UCUM, Json, result
from tests.field.held import ALBUMIN, ORDER_HOOKS, QUIET, Chart, calcium, without
from tests.field.play import Field

ORDERS_CALCIUM = QUIET.drafting(CALCIUM_DRAFT)
HIGH, VERY_HIGH = [("calcium-hypercalcaemia", "warning")], [("calcium-hypercalcaemia", "critical")]
GAP = [("calcium-data-gap", "info")]

UNITS = {
    "of a table of HL7 v2": {"system": "(HL7_V2)", "code": "mg/dL"},
    "UCUM as a word": {"system": "UCUM", "code": "mg/dL"},
    "UCUM as an OID": {"system": "urn:oid:2.16.840.1.113883.6.8", "code": "mg/dL"},
    "a code without a system": {"code": "mg/dL"},
    "text alone": {"unit": "mg/dL"},
    "capitals": {"unit": "MG/DL", "system": UCUM, "code": "MG/DL"},
    "a remark in braces": {"system": UCUM, "code": "mg/dL{corr}"},
    "text beside an odd code": {"unit": "mg/dL", "system": "urn:local", "code": "U7"},
    "mg per 100 mL": {"unit": "mg/100 mL"},
}


def with_calcium(**value: object) -> Chart:
    """The only calcium has this value."""
    return ORDERS_CALCIUM.having({**without(calcium(0), "valueQuantity"), **value})


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_clear_unit_is_read(hook: str, unit: Json, field: Field) -> None:
    answer = field.ask(hook, with_calcium(valueQuantity={"value": 12.6, **unit}))
    assert answer.topics == VERY_HIGH
    assert "12.6 mg/dl" in answer.words


@pytest.mark.parametrize("unit", ["gm/dL", "GM/DL", "g/dl", "G/DL"])
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_gm_is_g_so_the_calcium_is_corrected(hook: str, unit: str, field: Field) -> None:
    albumin = {**result("albumin", ALBUMIN, 0, "g/dL"), "valueQuantity": {"value": 3.0, "unit": unit}}
    answer = field.ask(hook, ORDERS_CALCIUM.having(calcium(10.1), albumin))
    assert answer.topics == HIGH
    assert "10.9 mg/dl" in answer.words
    assert "no albumin" not in answer.words


TEXTS = {
    "12.6 mg/dL": VERY_HIGH,
    "12,6 mg/dL": VERY_HIGH,
    "12.6 H mg/dL": VERY_HIGH,
    "12.6 mg/dL (H)": VERY_HIGH,
    "  12.6mg/dl ": VERY_HIGH,
    "3.15 mmol/L": VERY_HIGH,
    ">11.0 mg/dL": HIGH,
    "GT 11.0 mg/dL": HIGH,
    ">= 12.5 mg/dL HH": VERY_HIGH,
    "<8.0 mg/dL": [("calcium-hypocalcaemia", "info")],
    "12,600 mg/dL": GAP,
    "about 12.6 mg/dL": GAP,
    "12.6 mg/dL, haemolysed": GAP,
    "12.6 or 12.8 mg/dL": GAP,
    "12.6": GAP,
}


@pytest.mark.parametrize("member", ["valueString", "valueCodeableConcept"])
@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_a_text_that_is_exactly_a_number_is_a_quantity_and_another_one_is_told(
    text: str, expected: list[tuple[str, str]], member: str, field: Field
) -> None:
    value: object = text if member == "valueString" else {"text": text}
    chart = with_calcium(**{member: value})
    answer = field.ask("order-select", chart)
    assert answer.topics == expected
    assert ("could not be read" in answer.words) is (expected == GAP)
    kept = expected != [("calcium-hypocalcaemia", "info")]
    assert field.topics("order-sign", chart) == (expected if kept else [])


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_comparator_decides_only_what_it_decides_by_itself(hook: str, field: Field) -> None:
    older = calcium(11.0, days_ago=9, number="calcium-older")
    undecided = with_calcium(valueString=">9.0 mg/dL").having(older)
    answer = field.ask(hook, undecided)
    assert answer.topics == HIGH
    assert "11.0 mg/dl" in answer.words


@pytest.mark.parametrize("quantity", [{"value": 0.9}, {"value": 0.9, "unit": " "}, {"value": "0.9"}])
def test_a_dialysis_dose_needs_no_unit(quantity: Json, field: Field) -> None:
    """Kt/V of 0.9 counts as a low dose, whatever is written where its unit would stand."""
    low = {**result("kt-v", "70961-8", 0, "1"), "valueQuantity": quantity}
    with_unit = {**result("kt-v", "70961-8", 0.9, "1")}
    chart = QUIET.having(calcium(10.9))
    plain = field.ask("patient-view", chart.having(with_unit))
    assert field.ask("patient-view", chart.having(low)).topics == plain.topics


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_unit_that_belies_the_code_decides(hook: str, field: Field) -> None:
    """2000-8 is the code of mmol/L; the result says mg/dL."""
    answer = field.ask(hook, ORDERS_CALCIUM.without("calcium").having(result("calcium-2", "2000-8", 12.6, "mg/dL", 3)))
    assert answer.topics == VERY_HIGH
