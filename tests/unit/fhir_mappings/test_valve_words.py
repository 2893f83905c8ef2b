"""Heart valves, entry by entry: mechanical, of unknown kind, or none that matters."""

from __future__ import annotations

from datetime import date

import pytest

from fhir_mappings.procedures import read_procedure
from tests.unit.fhir_mappings.entries import UTC, WORDS, concepts
from tests.unit.fhir_mappings.resources import CPT, ICD10_CM, ICD10_WHO, SNOMED, concept, procedure

MECHANICAL, UNKNOWN, NONE = "mechanical_valve", "valve_kind_unknown", ""

BY_WORDS = [
    ("St. Jude mechanical aortic valve, 2009", MECHANICAL),
    ("Mechanical mitral valve", MECHANICAL),
    ("Mechanical MVR", MECHANICAL),
    ("AVR, mechanical", MECHANICAL),
    ("St. Jude valve", MECHANICAL),
    ("St Jude AVR 2010", MECHANICAL),
    ("Prosthesis in mitral position, St. Jude", MECHANICAL),
    ("On-X aortic prosthesis", MECHANICAL),
    ("Carbomedics", MECHANICAL),
    ("Bileaflet aortic valve", MECHANICAL),
    ("Tilting disc valve", MECHANICAL),
    ("tilting disk", MECHANICAL),
    ("Björk-Shiley mitral", MECHANICAL),
    ("Bjork Shiley", MECHANICAL),
    ("Starr-Edwards valve", MECHANICAL),
    ("Valve one two three mechanical", MECHANICAL),
    ("Valve one two three four mechanical", NONE),
    ("St. Jude pacemaker", NONE),
    ("Mechanical ventilation", NONE),
    ("No mechanical valve", NONE),
    ("Mechanical valve ruled out", NONE),
    ("AVR", NONE),
    ("Moderate MVR", NONE),
    ("S/p TAVR 2023", NONE),
    ("TAVI", NONE),
    ("Bioprosthetic aortic valve replacement", NONE),
    ("Porcine mitral valve replacement", NONE),
    ("Bovine pericardial valve replacement", NONE),
    ("Tissue valve prosthesis", NONE),
    ("Homograft valve replacement", NONE),
    ("Mechanical and porcine valve", UNKNOWN),
    ("Mechanical aortic and porcine mitral valve", UNKNOWN),
    ("Aortic valve replacement 2011", UNKNOWN),
    ("S/p mitral valve replacement", UNKNOWN),
    ("Prosthetic valve", UNKNOWN),
    ("Prosthetic heart valve", UNKNOWN),
    ("Prosthetic tricuspid valve", UNKNOWN),
    ("Artificial valve", UNKNOWN),
    ("Artificial mitral valve", UNKNOWN),
    ("Valve prosthesis", UNKNOWN),
    ("Klappenersatz", UNKNOWN),
    ("Aortenklappenersatz 2012", UNKNOWN),
    ("No valve replacement", NONE),
    ("Valve repair", NONE),
]


@pytest.mark.parametrize(("text", "expected"), BY_WORDS)
def test_words_tell_the_valve_in_a_condition_and_in_a_procedure(text: str, expected: str) -> None:
    assert concepts(text) & {MECHANICAL, UNKNOWN} == ({expected} if expected else set())
    found = read_procedure(procedure() | {"code": concept(text)}, date(2026, 3, 1), UTC, WORDS)
    assert (set(found.concepts) if found else set()) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("text", "coding", "expected"),
    [
        ("", (SNOMED, "699347000"), MECHANICAL),
        ("", (SNOMED, "232773001"), MECHANICAL),
        ("", (SNOMED, "275202005"), MECHANICAL),
        ("Tissue valve", (SNOMED, "699347000"), MECHANICAL),
        ("", (ICD10_CM, "Z95.2"), UNKNOWN),
        ("", (ICD10_WHO, "Z95.2"), UNKNOWN),
        ("St. Jude valve", (ICD10_CM, "Z95.2"), MECHANICAL),
        ("S/p TAVR", (ICD10_CM, "Z95.2"), NONE),
        ("Porcine mitral valve", (ICD10_CM, "Z95.2"), NONE),
        ("Mechanical and porcine valve", (ICD10_CM, "Z95.2"), UNKNOWN),
        ("", (SNOMED, "34068001"), UNKNOWN),
        ("", (SNOMED, "81762006"), UNKNOWN),
        ("", (SNOMED, "1217005008"), NONE),
        ("", (ICD10_CM, "Z95.3"), NONE),
        ("Prosthetic heart valve", (ICD10_CM, "Z95.3"), NONE),
        ("Heart valve replacement", (ICD10_CM, "Z95.4"), NONE),
        ("Aortic valve replacement", (SNOMED, "174928005"), NONE),
        ("Mechanical valve", (ICD10_CM, "Z95.3"), MECHANICAL),
    ],
)
def test_codes_and_words_together(text: str, coding: tuple[str, str], expected: str) -> None:
    assert concepts(text, coding) & {MECHANICAL, UNKNOWN} == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ((CPT, "33405"), UNKNOWN),
        ((CPT, "33430"), UNKNOWN),
        ((CPT, "33465"), UNKNOWN),
        ((SNOMED, "26212005"), UNKNOWN),
        ((SNOMED, "431339008"), MECHANICAL),
    ],
)
def test_an_operation_by_code(coding: tuple[str, str], expected: str) -> None:
    found = read_procedure(procedure(coding), date(2026, 3, 1), UTC, WORDS)
    assert found is not None
    assert set(found.concepts) == {expected}


def test_an_operation_that_is_not_over_has_left_no_valve() -> None:
    running = procedure((SNOMED, "431339008"), status="in-progress")
    assert read_procedure(running, date(2026, 3, 1), UTC, WORDS) is None


def test_a_code_of_a_tissue_valve_alone_is_nothing_to_the_rules() -> None:
    assert read_procedure(procedure((SNOMED, "174928005")), date(2026, 3, 1), UTC, WORDS) is None
