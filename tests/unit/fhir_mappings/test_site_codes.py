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


def drug(drug_class: str, system: str, code: str) -> dict[str, Any]:
    return {"drug_class": drug_class, "system": system, "code": code, "name": "a drug"}


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
    ],
)
def test_what_takes_nothing_away_is_fine(sections: dict[str, Any]) -> None:
    assert problems(**sections) == []
