"""Units of `labs.toml`: every spelling, every factor both ways, and how a value is quoted as received."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.units import Unit, normalised, recognised
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte
from tests.unit.fhir_mappings.resources import from_canonical

EVERY_UNIT = [
    one for words in default_vocabulary().labs.by_analyte.values() for one in dict.fromkeys(words.units.values())
]
PAIRS = [
    (Analyte.TOTAL_CALCIUM, "mmol/L", 2.495, 10.0),
    (Analyte.TOTAL_CALCIUM, "meq/L", 4.99, 10.0),
    (Analyte.ALBUMIN_CORRECTED_CALCIUM, "mmol/L", 2.54, 10.1804),
    (Analyte.IONISED_CALCIUM, "mg/dL", 4.8, 1.1976),
    (Analyte.IONISED_CALCIUM, "mEq/L", 2.4, 1.2),
    (Analyte.IONISED_CALCIUM_PH74, "mmol/L", 1.2, 1.2),
    (Analyte.PHOSPHATE, "mmol/L", 1.78, 5.5125),
    (Analyte.ALBUMIN, "g/L", 35, 3.5),
    (Analyte.ALBUMIN, "µmol/L", 600, 3.99),
    (Analyte.INTACT_PTH, "pmol/L", 10.61, 100.0),
    (Analyte.INTACT_PTH, "ng/L", 100, 100.0),
    (Analyte.ALKALINE_PHOSPHATASE, "ukat/L", 2.5, 150.0),
    (Analyte.ALKALINE_PHOSPHATASE, "[IU]/L", 150, 150.0),
    (Analyte.SP_KT_V, "{ratio}", 1.4, 1.4),
    (Analyte.PD_WEEKLY_KT_V, "1", 1.7, 1.7),
    (Analyte.UREA_REDUCTION_RATIO, "1", 0.7, 70.0),
    (Analyte.BODY_MASS_INDEX, "kg/m²", 30, 30.0),
    (Analyte.DRY_WEIGHT, "[lb_av]", 150, 68.0389),
    (Analyte.POST_DIALYSIS_WEIGHT, "g", 70500, 70.5),
    (Analyte.BODY_TEMPERATURE, "[degF]", 100.4, 38.0),
    (Analyte.BODY_TEMPERATURE, "°C", 38.1, 38.1),
    (Analyte.WHITE_CELL_COUNT, "10*3/uL", 12.1, 12.1),
    (Analyte.WHITE_CELL_COUNT, "/uL", 12100, 12.1),
    (Analyte.C_REACTIVE_PROTEIN, "mg/dL", 10.1, 101.0),
]


def unit(vocabulary: Vocabulary, analyte: Analyte, spelling: str) -> Unit:
    return vocabulary.labs.by_analyte[analyte].units[normalised(spelling)]


@pytest.mark.parametrize(("analyte", "spelling", "received", "canonical"), PAIRS)
def test_a_value_is_brought_to_the_canonical_unit(
    vocabulary: Vocabulary, analyte: Analyte, spelling: str, received: float, canonical: float
) -> None:
    assert unit(vocabulary, analyte, spelling).to_canonical(received) == canonical


@settings(max_examples=400)
@given(st.sampled_from(EVERY_UNIT), st.floats(0.01, 10_000))
def test_every_unit_converts_there_and_back(one: Unit, value: float) -> None:
    assert from_canonical(one, one.to_canonical(value)) == pytest.approx(value, abs=1e-4 * one.divide_by / one.times)


@pytest.mark.parametrize("spelling", ["MG/DL", " mg/dl ", "mg / dL", "Mg/Dl"])
def test_letter_case_and_blanks_make_no_difference(vocabulary: Vocabulary, spelling: str) -> None:
    assert unit(vocabulary, Analyte.PHOSPHATE, spelling).canonical


@pytest.mark.parametrize(
    ("value", "decimals", "quoted"),
    [
        (2.6, 2, "2.60 mmol/L"),
        (2.61234567, 2, "2.6123 mmol/L"),
        (45, 1, "45.0 mmol/L"),
        (35, 0, "35 mmol/L"),
        (35.5, 0, "35.5 mmol/L"),
        (100, 0, "100 mmol/L"),
        (-0.5, 0, "-0.5 mmol/L"),
    ],
)
def test_a_value_is_quoted_with_the_digits_it_came_with(value: float, decimals: int, quoted: str) -> None:
    assert Unit("mmol/L", canonical=False, decimals=decimals).quote(value, "mmol/L") == quoted


@given(st.floats(0, 1e6))
def test_a_quoted_value_never_has_more_than_four_decimals(value: float) -> None:
    quoted = Unit("g/L", canonical=False).quote(value, "g/L")
    assert len(quoted.removesuffix(" g/L").partition(".")[2]) <= 4
    assert float(quoted.removesuffix(" g/L")) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("analyte", "spelling", "meant"),
    [
        (Analyte.TOTAL_CALCIUM, "mg/dL", "mg/dL"),
        (Analyte.TOTAL_CALCIUM, "mg / DL", "mg/dL"),
        (Analyte.TOTAL_CALCIUM, "mg/dL{corr}", "mg/dL"),
        (Analyte.TOTAL_CALCIUM, "mg{calcium}/dL", "mg/dL"),
        (Analyte.ALBUMIN, "gm/dL", "g/dL"),
        (Analyte.ALBUMIN, "GM/DL", "g/dL"),
        (Analyte.ALBUMIN, "gm/L", "g/L"),
        (Analyte.ALBUMIN, "gm%", "g/dL"),
        (Analyte.DRY_WEIGHT, "gm", "g"),
        (Analyte.SP_KT_V, "{single pool}", "1"),
        (Analyte.SP_KT_V, "1{ratio}", "1"),
        (Analyte.PD_WEEKLY_KT_V, "{Kt/V}/wk", "/wk"),
        (Analyte.WHITE_CELL_COUNT, "K/uL", "10*3/uL"),
        (Analyte.WHITE_CELL_COUNT, "10^3/µL", "10*3/uL"),
        (Analyte.WHITE_CELL_COUNT, "10^9/L", "10*9/L"),
        (Analyte.WHITE_CELL_COUNT, "10*3{cells}/uL", "10*3/uL"),
    ],
)
def test_remarks_in_braces_old_grams_and_letter_case_make_no_difference(
    vocabulary: Vocabulary, analyte: Analyte, spelling: str, meant: str
) -> None:
    found = recognised(vocabulary.labs.by_analyte[analyte].units, spelling)
    assert found is not None
    assert found.name == meant


@pytest.mark.parametrize("spelling", ["", " ", "{corr}", "stones", "mgm/dL", "mg/dL{corr", "kgm"])
def test_what_is_no_unit_of_the_analyte_is_none(vocabulary: Vocabulary, spelling: str) -> None:
    assert recognised(vocabulary.labs.by_analyte[Analyte.TOTAL_CALCIUM].units, spelling) is None
