"""Where the next page of a search is asked for: below the base that was given, and nowhere else."""

from __future__ import annotations

import pytest

from cds_service.next_page import next_address

FHIR = "https://ehr.example/fhir/r4"


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("?page=2", f"{FHIR}/Condition?page=2"),
        ("Condition?page=2", f"{FHIR}/Condition?page=2"),
        ("/fhir/r4/Condition?page=2", f"{FHIR}/Condition?page=2"),
        (f"{FHIR}/Condition?a=1&amp;page=2#top", f"{FHIR}/Condition?a=1&page=2"),
        (f"{FHIR}?_getpages=2", f"{FHIR}?_getpages=2"),
        (f"{FHIR}/?_getpages=2", f"{FHIR}/?_getpages=2"),
        (f"{FHIR}/__page/x", f"{FHIR}/__page/x"),
        ("http://EHR.example:8080/fhir/r4/Condition?page=2", f"{FHIR}/Condition?page=2"),
        ("http://10.0.0.7/inner/Condition?page=2", f"{FHIR}/Condition?page=2"),
        ("//10.0.0.7/inner/Condition/_search?page=2", f"{FHIR}/Condition/_search?page=2"),
        ("http://10.0.0.7/Condition/x/Condition?page=2", f"{FHIR}/Condition?page=2"),
        ("http://10.0.0.7/inner?_getpages=2", f"{FHIR}?_getpages=2"),
        ("http://10.0.0.7/inner/page/2", None),
        ("http://10.0.0.7/fhir/r4/../../admin?page=2", None),
        ("http://10.0.0.7/fhir/r4/..;/admin?page=2", None),
        ("/fhir/r4/%2e%2e/admin?page=2", None),
        ("../admin?page=2", None),
        ("http://10.0.0.7/inner/Patient?page=2", None),
    ],
)
def test_the_next_page_is_asked_for_below_the_base_however_the_link_is_written(link: str, place: str | None) -> None:
    assert next_address(FHIR, f"{FHIR}/Condition?patient=1", link, "Condition") == place


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("http://10.0.0.7:8080/inner/Condition?page=2", "https://ehr.example/Condition?page=2"),
        ("https://ehr.example/page/2", "https://ehr.example/page/2"),
        ("https://ehr.example/?page=2", "https://ehr.example/?page=2"),
    ],
)
def test_a_base_may_have_no_path(link: str, place: str) -> None:
    base = "https://ehr.example"
    assert next_address(base, f"{base}/Condition?patient=1", link, "Condition") == place
