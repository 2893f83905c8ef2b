"""The server that an absolute reference names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from fhir_mappings.bases import ANYWHERE, Bases, base_of, bases_named
from tests.unit.fhir_mappings.test_fhir_json import ANY_JSON


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        ("https://ehr.example/fhir/Medication/1", "//ehr.example/fhir"),
        ("http://EHR.example:80/fhir/Medication/1/_history/3", "//ehr.example/fhir"),
        ("https://ehr.example:8443/Medication/1#a", "//ehr.example:8443"),
        ("https://ehr.example/FHIR/R4/Medication/1?x=/y/z", "//ehr.example/FHIR/R4"),
        ("Medication/1", ""),
        ("urn:uuid:1", ""),
        ("#1", ""),
        ("", ""),
    ],
)
def test_the_base_of_a_reference(reference: str, base: str) -> None:
    assert base_of(reference) == base


@pytest.mark.parametrize(
    ("reference", "held"),
    [
        ("https://ehr.example/fhir/Medication/1", True),
        ("http://ehr.example/fhir/Medication/1", True),
        ("http://inner:8080/hapi/Medication/1", True),
        ("Medication/1", True),
        ("#1", True),
        ("https://formulary.example/fhir/Medication/1", False),
        ("https://ehr.example/other/Medication/1", False),
    ],
)
def test_a_server_goes_by_the_base_asked_and_by_those_that_it_names(reference: str, held: bool) -> None:
    assert Bases("https://EHR.example/fhir/", ["//inner:8080/hapi", ""]).hold(reference) is held


@pytest.mark.parametrize("bases", [ANYWHERE, Bases(), Bases("not an address"), Bases("", [""])])
def test_where_nothing_is_known_every_base_may_be_its_own(bases: Bases) -> None:
    assert bases.hold("https://formulary.example/fhir/Medication/1")


def entry(full_url: object, kind: str = "Observation", identifier: object = "o1") -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": {"resourceType": kind, "id": identifier}}


def link(url: object, relation: str = "self") -> dict[str, Any]:
    return {"relation": relation, "url": url}


@pytest.mark.parametrize(
    ("bundle", "bases"),
    [
        ({"link": [link("http://inner/fhir/Observation?patient=1")]}, {"//inner/fhir"}),
        ({"link": [link("http://inner/fhir?_getpages=1")]}, {""}),
        ({"link": [link("http://other/fhir/Observation?page=2", "next")]}, set()),
        ({"entry": [entry("http://inner/fhir/Observation/o1")]}, {"//inner/fhir"}),
        ({"entry": [entry("urn:uuid:o1")]}, set()),
        ({"entry": [entry("urn:uuid:Observation/o1")]}, {""}),
        ({"entry": [entry("http://inner/fhir/Observation/o1", identifier="o2")]}, set()),
        (
            {"entry": [entry("http://drugs/fhir/Medication/o1", "Medication"), entry("http://a/Observation/o1")]},
            {"//a"},
        ),
        ({"entry": [entry("http://a/Observation/o1"), entry("http://b/Observation/o1")]}, {"//a"}),
        ({}, set()),
    ],
)
def test_a_server_names_itself_in_its_self_link_and_in_the_address_of_the_first_match(
    bundle: dict[str, Any], bases: set[str]
) -> None:
    assert {*bases_named(bundle, "Observation")} == bases


@given(ANY_JSON)
def test_any_json_is_read_without_error(value: object) -> None:
    assert all(isinstance(base, str) for base in bases_named(value, "Observation"))
