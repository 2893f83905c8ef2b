"""What stood on an earlier page counts once: where another page came in the place of the next, that is said."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir_client import FhirClient
from cds_service.fhir_client.terms import REPEATED, TOO_FEW
from tests.fhir_stand_in import FhirStandIn
from tests.unit.cds_service.fhir_client.asking import BASE, search

Json = dict[str, Any]
MANY_LEVELS = 400


def entry(id: Any = None, full_url: str = "", mode: str = "", kind: str = "Observation", **members: Any) -> Json:
    resource = {"resourceType": kind, **({} if id is None else {"id": id}), **members}
    described = {"fullUrl": full_url} if full_url else {}
    return {"resource": resource, **described, **({"search": {"mode": mode}} if mode else {})}


def page(*entries: Json, number: int = 0, total: int | None = None) -> Json:
    link = [{"relation": "next", "url": f"Observation?page={number}"}] if number else []
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": list(entries), "total": total}


def reason(client: FhirClient, ehr: FhirStandIn, *pages: list[Json], total: int | None = None) -> str:
    """Why a search over these pages is not complete, "" where it is."""
    ehr.forget()
    for number, entries in enumerate(pages, 1):
        following = number + 1 if number < len(pages) else 0
        ehr.get(f"{BASE}/Observation?page={number}", json=page(*entries, number=following, total=total))
    result = search(client, path="Observation?page=1")
    assert result.complete is (result.reason == "")
    assert len(ehr.calls) == len(pages)
    return result.reason


DEEP: Json = {}
for _ in range(MANY_LEVELS):
    DEEP = {"extension": [DEEP]}
FIRST = [entry("1"), entry("2")]


@pytest.mark.parametrize(
    ("second", "total", "why"),
    [
        # The control: another page comes.
        ([entry("3")], 3, ""),
        ([entry("3")], None, ""),
        # The first one comes again.
        (FIRST, 3, TOO_FEW),
        (FIRST, 4, TOO_FEW),
        (FIRST, None, REPEATED),
        (FIRST[:1], 3, TOO_FEW),
        # It was all.
        (FIRST, 2, ""),
        # The pages have shifted while they were read: what is new counts, what was there before does not.
        ([entry("2"), entry("3")], 3, ""),
        ([entry("2"), entry("3")], 4, TOO_FEW),
        ([entry("2"), entry("3")], None, ""),
        # Nothing at all, or remarks and what is included only, repeats nothing.
        ([], None, ""),
        ([entry("9", kind="Medication", mode="include")], None, ""),
    ],
)
def test_what_stood_on_an_earlier_page_does_not_count_again(
    client: FhirClient, ehr: FhirStandIn, second: list[Json], total: int | None, why: str
) -> None:
    assert reason(client, ehr, FIRST, second, total=total) == why


def test_what_stood_on_any_earlier_page_does_not_count_again(client: FhirClient, ehr: FhirStandIn) -> None:
    assert reason(client, ehr, FIRST, [entry("3")], [entry("1")], total=4) == TOO_FEW


def test_a_page_that_comes_after_a_repeat_does_not_make_up_for_it(client: FhirClient, ehr: FhirStandIn) -> None:
    assert reason(client, ehr, FIRST, FIRST, [entry("3")]) == REPEATED


@pytest.mark.parametrize("how", [{"mode": "include"}, {}], ids=["said to be included", "of another type"])
def test_the_same_drug_may_be_included_on_every_page_and_counts_each_time(
    client: FhirClient, ehr: FhirStandIn, how: dict[str, Any]
) -> None:
    """Some servers count all entries."""
    drug = entry("9", kind="Medication", **how)
    assert reason(client, ehr, [entry("1"), drug], [entry("2"), drug], total=4) == ""


def test_what_is_included_does_not_hide_that_a_page_brings_nothing_new(client: FhirClient, ehr: FhirStandIn) -> None:
    drug = entry("9", kind="Medication", mode="include")
    assert reason(client, ehr, [entry("1"), drug], [entry("1"), drug]) == REPEATED


def test_a_resource_that_stands_twice_on_one_page_counts_twice(client: FhirClient, ehr: FhirStandIn) -> None:
    assert reason(client, ehr, [entry("1"), entry("1")], [entry("2")], total=3) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("1"), entry("2")),
        (entry(status="final"), entry(status="amended")),
        (entry(**DEEP), entry(**DEEP)),
    ],
    ids=["id", "content", "too deep to tell"],
)
def test_what_differs_counts(client: FhirClient, ehr: FhirStandIn, one: Json, other: Json) -> None:
    assert reason(client, ehr, [one], [other], total=2) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("1", meta={"versionId": "1"}), entry("1", meta={"versionId": "1", "lastUpdated": "2026-01-01"})),
        (entry("1", "urn:uuid:1"), entry("1", "urn:uuid:2")),
        (entry(1), entry("1")),
        (entry(status="final", code={"text": "a"}), entry(code={"text": "a"}, status="final")),
        (entry("1"), entry("1")["resource"]),
    ],
    ids=["version", "made-up address", "number", "content", "no entry around it"],
)
def test_what_is_the_same_in_other_words_counts_once(
    client: FhirClient, ehr: FhirStandIn, one: Json, other: Json
) -> None:
    assert reason(client, ehr, [one], [other], total=2) == TOO_FEW


ANEW = [
    (entry("1", meta={"versionId": "1"}), entry("1", meta={"versionId": "2"})),
    (entry("1", "https://a.example/Observation/1"), entry("1", "https://b.example/Observation/1")),
    (entry("1", "https://a.example/Observation/1"), entry("1")),
]
"""One resource, with a version or a host made up for each answer: two nodes behind a balancer, say."""


@pytest.mark.parametrize(("one", "other"), ANEW, ids=["version", "host", "no host"])
def test_a_page_whose_matches_all_came_before_brings_nothing_new_whatever_version_and_host_say(
    client: FhirClient, ehr: FhirStandIn, one: Json, other: Json
) -> None:
    two, three = entry("2"), entry("3")
    assert reason(client, ehr, [one, two], [other, two], total=4) == TOO_FEW
    assert reason(client, ehr, [one, two], [other, two]) == REPEATED
    assert reason(client, ehr, [one], [three], [three, other], total=4) == TOO_FEW, "of different pages"


@pytest.mark.parametrize(("one", "other"), ANEW, ids=["version", "host", "no host"])
def test_beside_something_new_the_same_id_may_be_that_of_another_server_behind_a_gateway(
    client: FhirClient, ehr: FhirStandIn, one: Json, other: Json
) -> None:
    assert reason(client, ehr, [one, entry("2")], [other, entry("3")], total=4) == ""


def test_two_results_without_an_id_may_be_alike_where_the_page_brings_something_new(
    client: FhirClient, ehr: FhirStandIn
) -> None:
    alike = entry(status="final")
    assert reason(client, ehr, [alike], [alike, entry("2")], total=3) == ""


def test_of_a_first_page_that_was_sent_along_a_repeat_is_known_too(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation?page=2", json=page(*FIRST, total=4))
    result = search(client, path="Observation?page=1", first=page(*FIRST, number=2, total=4))
    assert (result.complete, result.reason) == (False, TOO_FEW)
