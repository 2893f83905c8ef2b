"""A code of a million characters costs no more memory than a real one, and stands for nothing."""

from __future__ import annotations

import tracemalloc

import pytest

from fhir_mappings.code_systems import System
from fhir_mappings.drug_matching import find_drugs
from fhir_mappings.drug_routes import Route
from fhir_mappings.fhir_json import Coding
from fhir_mappings.vocabulary import Vocabulary

ENDLESS = "E83" * 400_000


@pytest.mark.parametrize("system", [System.ICD10, System.ICD10_CM])
def test_an_endless_icd_code(system: System, vocabulary: Vocabulary) -> None:
    tracemalloc.start()
    found = vocabulary.conditions.conditions.of(Coding(system, ENDLESS, ""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found, peak < 20_000_000) == ((), True)


def test_an_endless_atc_code(vocabulary: Vocabulary) -> None:
    endless = Coding(System.ATC, "C08" + "X" * 1_000_000, "")
    assert find_drugs([endless], [], Route.UNKNOWN, vocabulary.drugs).matches == ()


def test_thousands_of_codes_on_one_medication_are_not_kept(vocabulary: Vocabulary) -> None:
    tracemalloc.start()
    for turn in range(10):
        coded = [Coding(System.RXNORM, f"{turn}-{number}", "") for number in range(5_000)]
        find_drugs(coded, [], Route.UNKNOWN, vocabulary.drugs)
    coded.clear()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1_000_000
