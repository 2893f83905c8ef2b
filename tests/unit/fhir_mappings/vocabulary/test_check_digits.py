"""A slip of the pen is no code: the last digit of LOINC and SNOMED CT codes follows from the others."""

from __future__ import annotations

import pytest

from fhir_mappings.vocabulary.check_digits import is_loinc, is_snomed


@pytest.mark.parametrize("code", ["17861-6", "2000-8", "1-8"])
def test_a_loinc_code_has_one_right_check_digit(code: str) -> None:
    stem = code[:-1]
    assert [digit for digit in "0123456789" if is_loinc(stem + digit)] == [code[-1]]


@pytest.mark.parametrize("code", ["372756006", "153891000119101", "100000"])
def test_a_snomed_code_has_at_most_one_right_check_digit(code: str) -> None:
    assert len([digit for digit in "0123456789" if is_snomed(code[:-1] + digit)]) == 1


def test_the_code_of_warfarin_is_right() -> None:
    assert is_snomed("372756006")
    assert not is_snomed("372756060"), "two digits that changed places are seen"


@pytest.mark.parametrize("code", ["", "17861", "17861-", "-6", "17861-66", "12345678-9", "17861-6\n", "١7861-6"])
def test_another_shape_is_no_loinc_code(code: str) -> None:
    assert not is_loinc(code)


@pytest.mark.parametrize("code", ["", "12345", "1" * 19, "37275600x", "372756006\n", "٣72756006"])
def test_another_shape_is_no_snomed_code(code: str) -> None:
    assert not is_snomed(code)
