"""Each FHIR server has a redirect address of its own, which stays as it is, since EHRs know it."""

from __future__ import annotations

import re

import pytest

from cds_service.web.smart.redirects import redirect_address, redirect_name

BASES = [
    "https://ehr.example/fhir",
    "https://ehr.example/Fhir",
    "https://ehr.example/fhir/r4",
    "https://ehr.example:8443/fhir",
    "https://ehr.example-8443/fhir",
    "http://ehr.example/fhir",
    "https://other.example/fhir",
    "https://[::1]:8080/fhir",
    "https://ehr_example/fhir",
    "https://ehr-example/fhir",
    "https://ehr.example",
]


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://ehr.example/fhir", "ehr.example-f2db1e76a1e26a202527"),
        ("https://ehr.example:8443/fhir", "ehr.example-8443-4c9508abbf2511444836"),
        ("http://[::1]:8080/fhir", "1-8080-5a07dcc3347559b64c17"),
    ],
)
def test_the_name_of_a_server_does_not_change_from_one_version_to_the_next(base: str, name: str) -> None:
    assert redirect_name(base) == name


def test_no_two_servers_share_a_name() -> None:
    assert len({redirect_name(base) for base in BASES}) == len(BASES)


@pytest.mark.parametrize("base", BASES)
def test_a_name_needs_no_escaping_in_an_address(base: str) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", redirect_name(base))


def test_the_address_lies_below_our_own() -> None:
    address = redirect_address("https://cds.example/behind", "https://ehr.example/fhir")
    assert address == "https://cds.example/behind/smart/callback/ehr.example-f2db1e76a1e26a202527"
