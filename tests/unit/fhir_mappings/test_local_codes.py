"""Codes of a clinic's own: read under their own system, as the codes of the files are, and under no other."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.code_systems import address_key
from fhir_mappings.conditions import read_condition
from fhir_mappings.drug_matching import find_drugs
from fhir_mappings.drug_routes import Route
from fhir_mappings.fhir_json import read_concept
from fhir_mappings.lab_codes import analyte_code
from fhir_mappings.labs import Reading, read_observation
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.procedures import read_procedure
from hooks.chart import Result, Unreadable
from tests.unit.fhir_mappings.resources import (
    LOINC,
    PATIENT,
    RXNORM,
    SNOMED,
    concept,
    condition,
    observation,
    procedure,
)
from tests.unit.fhir_mappings.site_files import DRUGS, LAB, PROBLEMS, knowledge

ON, UTC = date(2026, 3, 1), ZoneInfo("UTC")
_, VOCABULARY = knowledge(
    lab=[
        {"analyte": "phosphate", "system": LAB, "code": "PHOS"},
        {"analyte": "phosphate", "system": LAB, "code": "PHOS-SI", "unit": "mmol/L"},
        {"analyte": "albumin", "system": SNOMED, "code": "104485008"},
    ],
    drug=[
        {"drug_class": "vitamin_k_antagonist", "system": DRUGS, "code": "W5", "name": "warfarin"},
        {"drug_class": "iv_iron", "system": LOINC, "code": "FE", "name": "our iron"},
    ],
    condition=[
        {"finding": "calciphylaxis", "system": PROBLEMS, "code": "CUA"},
        {"finding": "haemodialysis_procedure", "system": "urn:oid:1.2.3", "code": "HD"},
    ],
)


def results(resource: dict[str, object]) -> list[Result | Unreadable]:
    return list(read_observation(resource, Reading(PATIENT, UTC, VOCABULARY.labs)))


def of(system: str, code: str, value: float = 6.0, unit: str = "mg/dL", **more: Any) -> dict[str, object]:
    return observation(value=value, unit=unit, **more) | {"code": concept("", (system, code))}


# ------------------------------------------------------------------ results
@pytest.mark.parametrize("system", [LAB, f"{LAB}/", LAB.upper(), f" {LAB}"])
def test_a_result_is_read_by_its_own_code(system: str) -> None:
    (found,) = results(of(system, "PHOS"))
    assert isinstance(found, Result)
    assert (found.analyte, found.value, found.unit, found.code) == ("phosphate", 6.0, "mg/dL", f"{LAB}|PHOS")


@pytest.mark.parametrize(("system", "code"), [(LAB, "PHOSPHATE"), ("https://other.example/lab", "PHOS"), ("", "PHOS")])
def test_the_same_code_of_another_system_is_not_read(system: str, code: str) -> None:
    assert results(of(system, code)) == []


def test_a_code_of_a_system_that_we_know_for_other_things_is_read_too() -> None:
    (found,) = results(of("urn:oid:2.16.840.1.113883.6.96", "104485008", 3.1, "g/dL"))
    assert isinstance(found, Result)
    assert found.analyte == "albumin"


def test_a_value_without_a_unit_is_in_the_unit_that_the_clinic_named_and_without_one_it_is_never_guessed() -> None:
    bare = {"valueQuantity": {"value": 2.0}}
    (named,) = results(of(LAB, "PHOS-SI") | bare)
    assert isinstance(named, Result)
    assert named.value == pytest.approx(2.0 / 0.3229, abs=0.001)
    (unnamed,) = results(of(LAB, "PHOS") | bare)
    assert isinstance(unnamed, Unreadable)
    assert unnamed.reason == "no unit"


def test_a_unit_in_the_record_counts_before_the_one_that_the_clinic_named() -> None:
    (found,) = results(of(LAB, "PHOS-SI", 6.0, "mg/dL"))
    assert isinstance(found, Result)
    assert found.value == 6.0


def test_a_panel_is_read_once_by_its_parts_whichever_code_they_carry() -> None:
    part = {"code": concept("", (LAB, "PHOS-SI")), "valueQuantity": {"value": 2.0, "unit": "mmol/L"}}
    panel = observation("2777-1") | {"component": [part], "valueQuantity": None}
    (found,) = results(panel)
    assert isinstance(found, Result)
    assert found.code == f"{LAB}|PHOS-SI"


def test_an_excluded_code_beside_it_still_rules_the_result_out() -> None:
    excluded = sorted(VOCABULARY.labs.excluded)[0]
    assert analyte_code({"code": concept("", (LAB, "PHOS"), (LOINC, excluded))}, VOCABULARY.labs) is None


def test_nobody_else_reads_it() -> None:
    labs = default_vocabulary().labs
    assert analyte_code({"code": concept("", (LAB, "PHOS"))}, labs) == ""
    assert labs.own_code(LAB, "PHOS") == ""


# ------------------------------------------------------------------ drugs
def drugs(*codings: tuple[str, str], route: Route = Route.UNKNOWN) -> list[tuple[str, str]]:
    coded = read_concept(concept("", *codings)).codings
    found = find_drugs(coded, (), route, VOCABULARY.drugs)
    assert found.known is bool(found.matches) or route is Route.LOCAL
    return [(match.drug_class, match.how) for match in found.matches]


def test_a_drug_is_found_by_its_own_code() -> None:
    assert drugs((DRUGS, "W5")) == [("vitamin_k_antagonist", f"{DRUGS} W5")]
    assert drugs((LOINC, "FE")) == [("iv_iron", "LOINC FE")]


@pytest.mark.parametrize(("system", "code"), [(DRUGS, "W6"), ("https://other.example/drugs", "W5"), ("", "W5")])
def test_the_same_code_of_another_system_is_no_drug(system: str, code: str) -> None:
    assert drugs((system, code)) == []


def test_its_own_code_says_nothing_of_the_route() -> None:
    assert drugs((DRUGS, "W5"), route=Route.LOCAL) == []


def test_codes_of_the_files_beside_it_count_as_well() -> None:
    assert [name for name, _ in drugs((DRUGS, "W5"), (RXNORM, "24909"))] == ["vitamin_k_antagonist", "iv_iron"]


@pytest.mark.parametrize(
    ("words", "classes"),
    [
        ("Warfarin 5 mg tablet", ["iv_iron", "vitamin_k_antagonist"]),
        ("Venofer 100 mg", ["iv_iron"]),
        ("something of ours", ["iv_iron"]),
    ],
)
def test_its_own_code_takes_no_drug_away_that_the_words_name(words: str, classes: list[str]) -> None:
    coded = read_concept(concept("", (LOINC, "FE"))).codings
    found = find_drugs(coded, (words,), Route.UNKNOWN, VOCABULARY.drugs)
    assert [match.drug_class for match in found.matches] == classes
    assert found.known


def test_beside_a_code_of_the_files_words_say_nothing_more() -> None:
    coded = read_concept(concept("", (LOINC, "FE"), (RXNORM, "24909"))).codings
    found = find_drugs(coded, ("Warfarin 5 mg",), Route.UNKNOWN, VOCABULARY.drugs)
    assert [match.drug_class for match in found.matches] == ["iv_iron"]


# ------------------------------------------------------------------ conditions and procedures
def test_a_condition_is_read_by_its_own_code() -> None:
    found = read_condition(condition("", (PROBLEMS, "CUA")), ON, UTC, VOCABULARY.conditions)
    assert found is not None
    assert [sign.how for sign in found.concepts.values()] == [f"{PROBLEMS} CUA"]


@pytest.mark.parametrize(("system", "code"), [(PROBLEMS, "CUB"), ("urn:other", "CUA"), ("", "CUA")])
def test_the_same_code_of_another_system_is_no_condition(system: str, code: str) -> None:
    found = read_condition(condition("", (system, code)), ON, UTC, VOCABULARY.conditions)
    assert found is None or not found.concepts


@pytest.mark.parametrize("system", ["urn:oid:1.2.3", "1.2.3"])
def test_a_procedure_is_read_by_its_own_code(system: str) -> None:
    found = read_procedure(procedure((system, "HD")), ON, UTC, VOCABULARY.conditions)
    assert found is not None
    assert [*found.concepts] == ["haemodialysis_procedure"]


@pytest.mark.parametrize(
    ("address", "key"),
    [(None, ""), (3, ""), ("x" * 301, ""), ("HTTPS://A.example/", "https://a.example"), (SNOMED, "SNOMED CT")],
)
def test_what_is_no_address_is_no_system_of_a_clinic(address: object, key: str) -> None:
    assert address_key(address) == key
