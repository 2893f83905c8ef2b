"""What looks like a code, a system or a unit is shown; names, dates of birth and words of a person are not."""

from __future__ import annotations

import pytest

from cds_service.unknown_codes.plain_codes import (
    WORDS_FOR_CODE,
    WORDS_FOR_SYSTEM,
    WORDS_FOR_UNIT,
    as_written,
    may_be_local,
    plainly,
    plainly_or_local,
    shown_code,
    shown_system,
    shown_unit,
)

NAMES = [
    "Maria Musterfrau",
    "Musterfrau, Maria",
    "Musterfrau",
    "MUSTERFRAU",
    "maria",
    "Anna",
    "Eva",
    "Eva Lee",
    "Lee-19500101",
    "Lee_3",
    "EVA 01.01.1950",
    "see the doc",
    "is it so",
    "Zéphyrine",
    "Li\x1b[31m",
    "1950-01-01",
    "19500101",
    "1.1.1950",
    "01011950",
]


@pytest.mark.parametrize("words", [*NAMES, "Musterfrau-Maria-19500101", "MARIA1950", "eva", "LI-WU", "mm Hg", "1" * 21])
def test_what_may_be_a_name_or_words_is_not_shown_as_a_code(words: str) -> None:
    assert shown_code(words) == WORDS_FOR_CODE


@pytest.mark.parametrize(
    "code",
    [
        *("17861-6", "2823-3", "LP7839-6", "236435004", "900000000000207008", "855332", "19123-9"),
        *("N18.6", "E83.59", "E83.50+", "Z99.2", "B01AA03", "J0604", "5A1D70Z", "8-854.2", "0093-1234-05", "XE2q0"),
        *("NPU04169", "LAB123", "K", "NA", "PTH", "20131301", "1" * 20),
    ],
)
def test_codes_of_code_systems_and_short_local_ones_are_shown(code: str) -> None:
    assert shown_code(code) == code


@pytest.mark.parametrize("words", [*NAMES, "eva lee", "mg for you", "furlong", "mmoles", "xmmol", "1" * 25])
def test_what_may_be_a_name_or_words_is_not_shown_as_a_unit(words: str) -> None:
    assert shown_unit(words) == WORDS_FOR_UNIT


@pytest.mark.parametrize(
    "unit",
    [
        *("mg/dL", "mmol/L", "mmol / l", "µmol/L", "umol/l", "mEq/L", "pg/mL", "uIU/mL", "[iU]/L", "nkat/L", "mosm/kg"),
        *("mm Hg", "mm[Hg]", "10*3 / µL", "10^9/L", "mL/min/{1.73_m2}", "%", "mol/mol", "g", "1" * 24),
    ],
)
def test_units_are_shown(unit: str) -> None:
    assert shown_unit(unit) == unit


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ("", ""),
        ("http://loinc.org", "http://loinc.org"),
        ("https://lab.example:8443/CodeSystem/lab-codes", "https://lab.example:8443/CodeSystem/lab-codes"),
        ("urn:oid:1.2.3.4", "urn:oid:1.2.3.4"),
        ("2.16.840.1", "2.16.840.1"),
        ("99LAB", "99LAB"),
        ("SNOMED CT", "SNOMED CT"),
        ("loinc", "LOINC"),
        ("http://loinc.org|Maria Musterfrau", "LOINC"),
        ("http://lab.example/?patient=Maria", WORDS_FOR_SYSTEM),
        ("http://lab.example/#maria", WORDS_FOR_SYSTEM),
        ("http://lab.example/Maria%20Musterfrau", WORDS_FOR_SYSTEM),
        ("http://lab.example/1950-01-01", WORDS_FOR_SYSTEM),
        ("http://lab.example/" + "x" * 181, "http://lab.example/" + "x" * 181),
        ("http://lab.example/" + "x" * 182, WORDS_FOR_SYSTEM),
        *((name, WORDS_FOR_SYSTEM) for name in NAMES),
    ],
)
def test_a_system_is_shown_as_an_address_or_under_the_name_that_we_have_for_it(system: str, said: str) -> None:
    assert shown_system(system) == said


TABLE = "urn:oid:1.2.3.4"


@pytest.mark.parametrize("code", ["PHOS", "K_SER", "CA-TOT", "ALB.SER", "LAB_GLUC2", "PTH-INTACT", "A" * 20, "SMITH"])
def test_a_code_of_a_laboratory_may_be_shown_where_something_vouches_for_it(code: str) -> None:
    assert may_be_local(TABLE, code)
    assert plainly_or_local(TABLE, code) == (TABLE, code)
    assert plainly(TABLE, code) == (TABLE, WORDS_FOR_CODE)


@pytest.mark.parametrize(
    "words",
    ["Phos", "phos", "PHOS SER", "SMITH,EVA", "SMITH--EVA", "-PHOS", "PHOS-", "A" * 21, "SMITH-19500101", "ÄPFEL"],
)
def test_what_has_not_the_form_of_a_code_may_not(words: str) -> None:
    assert not may_be_local(TABLE, words)
    assert plainly_or_local(TABLE, words) == (TABLE, WORDS_FOR_CODE)


@pytest.mark.parametrize("system", ["", "LAB", "SMITH", "our lab", "https://lab.example/?patient=1", "Mrs Example"])
def test_without_the_address_of_a_table_it_may_not_either(system: str) -> None:
    assert not may_be_local(system, "PHOS")
    assert plainly_or_local(system, "PHOS")[1] == WORDS_FOR_CODE


@pytest.mark.parametrize("code", ["17861-6", "B01AA03", "PTH", "LAB123"])
def test_what_is_shown_anyway_needs_nobody_to_vouch_for_it(code: str) -> None:
    assert not may_be_local(TABLE, code)
    assert plainly_or_local(TABLE, code) == (TABLE, code)


def test_whoever_may_read_the_record_gets_codes_as_they_are_written() -> None:
    assert as_written("our lab", "Smith, Eva") == ("our lab", "Smith, Eva")
