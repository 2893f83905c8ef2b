"""Rules, files and schemas name the same thresholds, units, ranges and closed lists."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from typing import Any

import pytest

from fhir_mappings.packaged import packaged_text
from fhir_mappings.vocabulary import KINDS, Vocabulary
from fhir_mappings.vocabulary.drugs import NOT_INJECTED, ONLY_ORAL
from hooks.card import Indicator
from hooks.chart import Analyte
from hooks.policy_loading import HIDDEN
from hooks.reasons.checks import HOOKS
from hooks.thresholds import COMPARED, FACTORS, Thresholds
from tests.unit.fhir_mappings.faulty_files import Data, at, packaged, packaged_schema_text, problems, put
from tests.unit.fhir_mappings.resources import from_canonical

THRESHOLDS = packaged_schema_text("thresholds")
NUMBERS = {field.name for field in fields(Thresholds)} - {"windows", "points"}


def test_the_schema_asks_for_exactly_the_thresholds_of_the_rules() -> None:
    assert set(THRESHOLDS["properties"]) == set(THRESHOLDS["required"]) == NUMBERS | {"windows", "points"}
    points = THRESHOLDS["properties"]["points"]
    assert set(points["properties"]) == set(points["required"]) == set(FACTORS)


def resolved(part: Data) -> Data:
    """A threshold of the schema with what it names: its unit, and the limits of its value."""
    found: Data = {}
    for named in part.get("allOf", [part] if "$ref" in part else []):
        found |= resolved(THRESHOLDS["$defs"][named["$ref"].removeprefix("#/$defs/")])
    own = part.get("properties", {})
    values = own.get("values", {}).get("items", {}).get("properties", {})
    return {**found, **own.get("unit", {}), **values.get("value", {})}


OF_MANY_SIZES = {"c_reactive_protein_high"}
"""Protocols have 10 mg/L and 100 mg/L: here a slip of the decimal point looks like a choice."""

KEYS = [*((key,) for key in sorted(NUMBERS)), *(("points", factor) for factor in FACTORS)]


def limits_of(key: tuple[str, ...]) -> Data:
    """What the schema asks of a threshold: `const` is its unit, `minimum` and `maximum` are its range."""
    table = THRESHOLDS["properties"]
    return resolved(table[key[0]]["properties"][key[1]] if len(key) > 1 else table[key[0]])


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_every_threshold_has_a_fixed_unit_and_a_range_that_a_slip_of_the_decimal_point_leaves(
    key: tuple[str, ...],
) -> None:
    section, limits = at(packaged("thresholds"), key), limits_of(key)
    assert limits["const"] == section["unit"]
    for entry in section["values"]:
        assert limits["minimum"] <= entry["value"] <= limits["maximum"]
        if key[-1] in OF_MANY_SIZES:
            continue
        assert entry["value"] * 10 > limits["maximum"]
        assert entry["value"] / 10 < limits["minimum"] or limits["type"] == "integer"


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_each_range_has_two_sides(key: tuple[str, ...]) -> None:
    limits = limits_of(key)
    step = 1 if limits.get("type") == "integer" else 0.001
    low, high = limits["minimum"], limits["maximum"]
    taken = [
        value
        for value in (low - step, low, high, high + step)
        if not problems("thresholds", put(*key, "values", 0, "value", value))
    ]
    assert taken == [low, high]


COMPARISONS = [(key, analyte) for key, analytes in sorted(COMPARED.items()) for analyte in analytes]
DISTINCT = [(key, analyte) for key, analyte in COMPARISONS if key not in OF_MANY_SIZES]


@pytest.mark.parametrize(("key", "analyte"), COMPARISONS)
def test_a_threshold_has_the_unit_of_the_results_that_it_is_compared_with(
    key: str, analyte: Analyte, vocabulary: Vocabulary
) -> None:
    assert limits_of((key,))["const"] == vocabulary.labs.by_analyte[analyte].unit


@pytest.mark.parametrize(("key", "analyte"), DISTINCT)
def test_the_same_amount_in_any_other_unit_of_a_laboratory_is_out_of_range(
    key: str, analyte: Analyte, vocabulary: Vocabulary
) -> None:
    limits = limits_of((key,))
    value = at(packaged("thresholds"), (key, "values", -1, "value"))
    elsewhere = [from_canonical(unit, value) for unit in vocabulary.labs.by_analyte[analyte].units.values()]
    others = [amount for amount in elsewhere if round(amount, 4) != value]
    assert [amount for amount in others if limits["minimum"] <= amount <= limits["maximum"]] == []


def test_every_threshold_in_the_unit_of_a_result_is_compared_with_one(vocabulary: Vocabulary) -> None:
    units = {words.unit for words in vocabulary.labs.by_analyte.values()} - {"%", "1"}
    assert {key for key in NUMBERS if limits_of((key,))["const"] in units} <= set(COMPARED) <= NUMBERS


@pytest.mark.parametrize("analyte", Analyte)
def test_no_other_unit_can_become_the_one_of_an_analyte(analyte: Analyte, vocabulary: Vocabulary) -> None:
    number = list(vocabulary.labs.by_analyte).index(analyte)
    (told,) = problems("labs", put("analyte", number, "unit", "furlong"))
    assert told.endswith(f"unit: must be {vocabulary.labs.by_analyte[analyte].unit}")


FACTORS_OF_UNITS = [
    ("analyte", number, "units", unit, key)
    for number, entry in enumerate(tomllib.loads(packaged_text("labs"))["analyte"])
    for unit, factors in entry["units"].items()
    for key in {"minus", "times", "divide_by"} & factors.keys()
]


@pytest.mark.parametrize("path", FACTORS_OF_UNITS)
def test_the_factor_of_a_unit_that_ships_is_fixed(path: tuple[Any, ...]) -> None:
    (told,) = problems("labs", put(*path, at(packaged("labs"), path) * 1.01))
    assert told.endswith(f"{path[-1]}: must be {at(packaged('labs'), path)}")


def test_a_unit_that_does_not_ship_can_be_added_with_its_factor() -> None:
    assert problems("labs", put("analyte", 0, "units", "umol/L", {"divide_by": 249.5})) == []


WEIGHTS = {"dry_weight", "post_dialysis_weight"}


@pytest.mark.parametrize("analyte", Analyte)
def test_a_code_that_moved_under_another_analyte_is_found_by_its_name(analyte: Analyte) -> None:
    analytes = packaged("labs")["analyte"]
    (number,) = [place for place, entry in enumerate(analytes) if entry["name"] == analyte]
    # The two weights are used alike, one where the other is missing.
    others = [entry for entry in analytes if entry["name"] != analyte and not {entry["name"], analyte} <= WEIGHTS]
    for code, name in [line for entry in others for line in entry["loinc"].items()]:
        (told,) = problems("labs", put("analyte", number, "loinc", code, name))
        assert f"loinc.{code}: must be the LOINC name, which begins with " in told


SHOWN_AS = {"1": "per session", "/wk": "per week", "kg/m2": "kg/m²", "Cel": "°C", "10*9/L": "10⁹/L"}


@pytest.mark.parametrize("analyte", Analyte)
def test_a_card_shows_an_analyte_in_the_unit_in_which_it_is_compared(analyte: Analyte, vocabulary: Vocabulary) -> None:
    unit = vocabulary.labs.by_analyte[analyte].unit
    assert problems("wording", put("analytes", analyte, "unit", "furlong")) == [
        f"[analytes.{analyte}] unit: must be {SHOWN_AS.get(unit, unit)}"
    ]


def test_the_closed_lists_of_the_schemas_are_those_of_the_code() -> None:
    rule = packaged_schema_text("drug_rules")["properties"]["rules"]["items"]["properties"]
    row = packaged_schema_text("reasons")["$defs"]["topic"]["properties"]["rows"]["items"]["properties"]
    concept = packaged_schema_text("conditions")["$defs"]["concept"]["properties"]
    drug = packaged_schema_text("drugs")["$defs"]["drug"]["properties"]
    for urgency in (rule["indicator"], row["indicator"]):
        assert set(urgency["enum"]) == set(Indicator)
    assert set(rule["at_patient_view"]["enum"]) == {HIDDEN, *Indicator}
    assert row["hooks"]["items"]["enum"] == list(HOOKS)
    assert concept["kinds"]["items"]["enum"] == list(KINDS)
    assert drug["route"]["enum"] == [NOT_INJECTED, ONLY_ORAL]
