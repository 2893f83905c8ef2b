"""Reading JSON that may be anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.code_systems import System
from fhir_mappings.fhir_json import (
    Coding,
    Concept,
    as_object,
    as_objects,
    as_text,
    is_same_id,
    read_concept,
    resource_key,
    status_codes,
)
from tests.unit.fhir_mappings.resources import SNOMED, concept

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("value", "expected"), [({"a": 1}, {"a": 1}), (None, {}), ([], {}), ("x", {}), (1, {})])
def test_an_object_or_an_empty_one(value: object, expected: object) -> None:
    assert as_object(value) == expected


def test_only_the_objects_of_a_list() -> None:
    assert as_objects([None, {"a": 1}, "x", []]) == [{"a": 1}]


@pytest.mark.parametrize(("value", "expected"), [(" x ", "x"), (None, ""), (1, ""), (["x"], "")])
def test_a_text_or_an_empty_one(value: object, expected: str) -> None:
    assert as_text(value) == expected


def test_a_concept_has_codings_text_and_each_word_once() -> None:
    value = concept("Sepsis", (SNOMED, "91302008", "Sepsis"), ("urn:x", "S", "Blood poisoning"))
    value["coding"] += [{"system": SNOMED, "code": 5758002}, {"code": True}, "x"]
    found = read_concept(value)
    assert found == Concept(
        (
            Coding(System.SNOMED, "91302008", "Sepsis"),
            Coding(None, "S", "Blood poisoning", "urn:x"),
            Coding(System.SNOMED, "5758002", ""),
            Coding(None, "", ""),
        ),
        "Sepsis",
        ("Sepsis", "Blood poisoning"),
    )
    assert found.first_code == "91302008"


@pytest.mark.parametrize("value", [None, [], "", 5, {}, {"coding": None}, {"coding": [None]}, {"text": 5}])
def test_what_is_no_concept_is_an_empty_one(value: object) -> None:
    assert read_concept(value) == Concept((), "", ())
    assert read_concept(value).first_code == ""


def test_a_plain_string_is_the_text_of_a_concept() -> None:
    assert read_concept(" Sepsis ") == Concept((), "Sepsis", ("Sepsis",))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Active ", ["active"]),
        (concept("", ("urn:x", "active"), ("urn:y", "A")), ["active", "a"]),
        ({"code": "active"}, ["active"]),
        ({"text": "Active"}, ["active"]),
        ({}, []),
        (None, []),
        (5, []),
    ],
)
def test_a_status_in_any_shape(value: object, expected: list[str]) -> None:
    assert status_codes(value) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "p1"}, "Patient/p1"),
        ({"resourceType": "Patient"}, ""),
        ({"id": "p1"}, ""),
        ({"resourceType": ["Patient"], "id": 5}, ""),
    ],
)
def test_the_key_of_a_resource(resource: dict[str, Any], expected: str) -> None:
    assert resource_key(resource) == expected


LOWER = "3f2a1c9e-0b1d-4e2f-8a7b-6c5d4e3f2a1b"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a1", "a1", True),
        ("a1", "A1", False),
        ("a1", "a2", False),
        (LOWER, LOWER.upper(), True),
        (f"urn:uuid:{LOWER}", LOWER.upper(), True),
        (f"URN:UUID:{LOWER}", LOWER, True),
        ("urn:uuid:a1", "a1", True),
        ("urn:uuid:a1", "A1", False),
        (LOWER, LOWER[:-1] + "c", False),
    ],
)
def test_uuids_are_compared_without_letter_case_and_all_other_ids_letter_by_letter(
    one: str, other: str, same: bool
) -> None:
    assert is_same_id(one, other) is same
    assert is_same_id(other, one) is same


@given(ANY_JSON)
def test_any_json_is_read_without_error(value: object) -> None:
    assert isinstance(as_text(value), str)
    assert isinstance(resource_key(as_object(value)), str)
    assert all(isinstance(code, str) for code in status_codes(value))
    assert isinstance(read_concept(value).first_code, str)
