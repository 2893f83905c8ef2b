"""Of the versions of one resource the latest counts; where nothing tells which, every different one is kept."""

from time import process_time
from typing import Any

import pytest

from fhir_mappings.versions import versions

Json = dict[str, Any]


def version(value: int, **meta: Any) -> Json:
    return {"id": "o1", "value": value, **({"meta": meta} if meta else {})}


def kept(*resources: Json) -> list[list[int]]:
    return [[copy["value"] for copy in copies] for copies in versions(resources)]


@pytest.mark.parametrize(
    ("older", "later"),
    [
        ({"versionId": "1"}, {"versionId": "2"}),
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"versionId": 1}, {"versionId": " 2 "}),
        ({"versionId": "1", "lastUpdated": "2026-03-02"}, {"versionId": "2", "lastUpdated": "2026-03-01"}),
        ({"lastUpdated": "2026-03-01T10:00:00Z"}, {"lastUpdated": "2026-03-01T12:00:00+01:00"}),
        (
            {"versionId": "f3", "lastUpdated": "2026-03-01T10:00:00Z"},
            {"versionId": "a1", "lastUpdated": "2026-03-01T10:00:01Z"},
        ),
        ({"versionId": "1", "lastUpdated": "2026-03-01"}, {"lastUpdated": "2026-03-02"}),
        ({"versionId": "1", "lastUpdated": "2026-03-01"}, {"versionId": "1", "lastUpdated": "2026-03-02"}),
    ],
)
def test_the_later_version_counts_whatever_came_first(older: Json, later: Json) -> None:
    one, other = version(1, **older), version(2, **later)
    assert kept(one, other) == kept(other, one) == [[2]]


@pytest.mark.parametrize(
    "meta",
    [{}, {"versionId": "a"}, {"versionId": True}, {"versionId": "²"}, {"versionId": "1"}, {"lastUpdated": "2026"}],
)
def test_where_nothing_tells_which_is_later_both_are_kept(meta: Json) -> None:
    assert kept(version(1, **meta), version(2, **meta)) == [[1, 2]]
    assert kept(version(1, **meta), version(1, **meta)) == [[1]]


def test_a_later_version_ends_all_earlier_ones() -> None:
    assert kept(version(1), version(2, versionId="1"), version(3, versionId="2")) == [[1, 3]]
    assert kept(version(2, versionId="1"), version(3, versionId="2"), version(1, versionId="1")) == [[3]]


def test_resources_of_other_ids_or_without_one_stand_for_themselves_in_their_order() -> None:
    assert kept({"id": "b", "value": 1}, {"value": 2}, {"id": "a", "value": 3}, {"value": 2}) == [[1], [2], [3], [2]]
    assert kept({"id": {}, "value": 1}, {"id": {}, "value": 2}) == [[1], [2]]


def test_a_whole_number_is_an_id_like_any_other() -> None:
    older, later = {"id": 5, "value": 1, "meta": {"versionId": "1"}}, {"id": 5, "value": 2, "meta": {"versionId": "2"}}
    assert kept(older, later) == [[2]]
    assert kept({"id": 0, "value": 1}, {"id": "0", "value": 2}, {"id": 1, "value": 3}) == [[1, 2], [3]]


def test_thousands_of_copies_are_compared_in_no_time() -> None:
    started = process_time()
    assert len(kept(*(version(number) for number in range(20_000)))[0]) == 20_000
    assert process_time() - started < 5


def test_copies_that_are_nested_too_deeply_are_all_kept() -> None:
    deep: Json = {}
    for _ in range(5_000):
        deep = {"x": deep}
    assert kept({**version(1), "x": deep}, {**version(1), "x": deep}, version(2)) == [[1, 1, 2]]


def test_what_answered_several_searches_is_one_copy_and_stays_the_resource_that_it_was() -> None:
    one = version(1)
    ((kept_one,),) = versions([one, one, one])
    assert kept_one is one
