"""Whom a resource is about: base, type and id are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from fhir_mappings.bases import Bases
from fhir_mappings.fhir_json import as_object
from fhir_mappings.subjects import is_about, is_of_unknown
from tests.unit.fhir_mappings.test_fhir_json import ANY_JSON

OURS = Bases("https://ehr.example/fhir")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"subject": {"reference": "Patient/p1"}}, True),
        ({"patient": {"reference": "Patient/p1"}}, True),
        ({}, True),
        ({"subject": {"display": "Ms A"}}, True),
        ({"subject": {"reference": "Patient/p2"}}, False),
        ({"patient": {"reference": "Patient/p2"}}, False),
        ({"subject": {"reference": "Patient/P1"}}, False),
    ],
)
def test_whose_resource_it_is(resource: dict[str, Any], expected: bool) -> None:
    assert is_about(resource, "p1") is expected


@pytest.mark.parametrize(
    "reference",
    [
        "p1",
        "urn:uuid:p1",
        "patient/p1",
        "Patient/p1/_history/2",
        "Patient/p1#contained",
        "https://ehr.example/fhir/Patient/p1",
        "HTTP://EHR.example:443/fhir/Patient/p1/",
    ],
)
def test_one_patient_in_many_spellings(reference: str) -> None:
    assert is_about({"subject": {"reference": reference}}, "p1", OURS)


@pytest.mark.parametrize(
    "reference",
    [
        "Group/p1",
        "https://ehr.example/fhir/Group/p1",
        "https://elsewhere.example/fhir/Patient/p1",
        "https://ehr.example/Patient/p1",
        "Patient/other/",
        "#p1x",
        "Patient?identifier=p1",
    ],
)
def test_another_type_or_server_is_another_one_whatever_the_id(reference: str) -> None:
    assert not is_about({"subject": {"reference": reference}}, "p1", OURS)


def test_where_nothing_is_known_of_the_server_the_id_decides() -> None:
    assert is_about({"subject": {"reference": "https://elsewhere.example/fhir/Patient/p1"}}, "p1")


@given(ANY_JSON)
def test_any_json_is_read_without_error(value: object) -> None:
    assert is_about(as_object(value), "p1", OURS) in (True, False)


@pytest.mark.parametrize(
    ("resource", "unknown"),
    [
        ({"subject": {"reference": "Patient/p\ufffd1"}}, True),
        ({"patient": {"reference": "Patient/p1\ud83d"}}, True),
        ({"subject": {"reference": "Patient/p2"}}, False),
        ({"subject": {"reference": "Patient/p1", "display": "M\ufffdller"}}, False),
        ({"subject": {"reference": 5}}, False),
        ({}, False),
    ],
)
def test_half_a_character_hides_whose_it_is(resource: dict[str, Any], unknown: bool) -> None:
    assert is_of_unknown(resource) is unknown
