"""A clinic's code never takes the meaning away that a code of the packaged files has."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.site_codes import code_problems

ICD10_CM, SNOMED = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
OWN = "https://clinic.example/codes"


def problems(**sections: list[dict[str, Any]]) -> list[tuple[object, str]]:
    return [(place, problem) for place, problem in code_problems(sections, default_vocabulary())]


def condition(finding: object, system: str, code: str) -> dict[str, Any]:
    return {"finding": finding, "system": system, "code": code}


def drug(drug_class: str, system: str, code: str, name: object = "a drug") -> dict[str, Any]:
    return {"drug_class": drug_class, "system": system, "code": code, "name": name}


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (condition("transplant", ICD10_CM, "Z99.2"), "dialysis_status"),
        (condition("transplant", SNOMED, "237900002"), "calciphylaxis"),
        (condition("esrd", SNOMED, "302497006"), "haemodialysis"),
    ],
)
def test_a_code_of_another_finding_is_refused_with_what_it_means(entry: dict[str, Any], meant: str) -> None:
    ((place, problem),) = problems(condition=[condition("esrd", OWN, "X"), entry])
    assert place == ("condition", 1, "code")
    assert meant in problem
    assert "in the packaged files" in problem


@pytest.mark.parametrize(("system", "code"), [(RXNORM, "11289"), (ATC, "B01AA03"), (SNOMED, "372756006")])
def test_a_code_of_another_class_is_refused_with_that_class(system: str, code: str) -> None:
    ((place, problem),) = problems(drug=[drug("calcimimetic", system, code)])
    assert place == ("drug", 0, "code")
    assert problem.startswith("means vitamin_k_antagonist ")


@pytest.mark.parametrize(
    ("name", "given", "has"),
    [
        ("warfarin", "alternative_anticoagulant", "vitamin_k_antagonist"),
        ("Coumadin 5 mg", "alternative_anticoagulant", "vitamin_k_antagonist"),
        ("WARFARINA", "insulin", "vitamin_k_antagonist"),
        ("our calcium acetate", "non_calcium_binder", "calcium_product"),
        ("Calcium with vitamin D3", "calcimimetic", "calcium_product, nutritional_vitamin_d"),
        ("teriparatide", "calcium_product", "other"),
    ],
)
def test_a_drug_of_another_class_by_its_name_is_refused_with_that_class(name: str, given: str, has: str) -> None:
    ((place, problem),) = problems(drug=[drug("calcimimetic", OWN, "X"), drug(given, OWN, "W5", name)])
    assert place == ("drug", 1, "name")
    assert problem.startswith(f"{name} is of the class {has} in the packaged files, not {given}: ")


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"condition": [condition("dialysis_status", ICD10_CM, "Z99.2")]},
        {"condition": [condition("transplant", OWN, "Z99.2")]},
        {"condition": [condition("transplant", ICD10_CM, "Q99.999")]},
        {"condition": [condition(5, ICD10_CM, "Z99.2")]},
        {"drug": [drug("vitamin_k_antagonist", RXNORM, "11289")]},
        {"drug": [drug("calcimimetic", OWN, "11289")]},
        {"drug": [drug("calcimimetic", RXNORM, "999999999")]},
        {"drug": [drug("vitamin_k_antagonist", OWN, "W5", "Warfarin 5 mg tablet")]},
        {"drug": [drug("doac", OWN, "E5", "Eliquis"), drug("alternative_anticoagulant", OWN, "E5", "Eliquis")]},
        {"drug": [drug("calcium_product", OWN, "D3", "Calcium with vitamin D3")]},
        {"drug": [drug("calcimimetic", OWN, "L", "Warfarin clinic referral")]},
        {"drug": [drug("calcimimetic", OWN, "L", 7)]},
    ],
    ids=[
        "nothing",
        "the same meaning",
        "of its own system",
        "unknown",
        "no text",
        "the same class",
        "own drug",
        "new drug",
        "a drug of its class",
        "a drug of two classes",
        "a drug of more than one class",
        "what only looks like a drug",
        "no name",
    ],
)
def test_what_takes_nothing_away_is_fine(sections: dict[str, Any]) -> None:
    assert problems(**sections) == []
