"""A server that answers much: what is read of it, and for how long, is bounded, and what is left out is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_service.fhir_client import Deadline, FhirClient, FhirError, FhirServer, Limits, SearchResult
from cds_service.fhir_client import terms as fhir_terms
from cds_service.fhir_client.answer import READ_PER_SECOND, HttpAnswer, judged_in_time
from cds_service.fhir_client.entry_limit import EntryLimit
from tests.unit.cds_service.conftest import Behaviour, Clock, Connection
from tests.unit.cds_service.fhir_client.asking import SEARCH, Serve, bundle, ids, observation, reason_of

WHOLE = json.dumps(bundle(*range(20))).encode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., FhirClient]]:
    made: list[FhirClient] = []

    def client(**limits: int) -> FhirClient:
        made.append(FhirClient(Limits(deadline_seconds=20.0, **limits), lambda base: True, clock))
        return made[-1]

    yield client
    for one in made:
        one.close()


def pages(*made: dict[str, Any]) -> Behaviour:
    """The first request gets the first of these, one that names a page gets that one."""
    bodies = [json.dumps(page).encode() for page in made]

    def act(connection: Connection) -> None:
        _, found, number = connection.head.split(" HTTP/")[0].partition("page=")
        connection.answer(bodies[int(number) if found else 0])

    return act


def found(client: FhirClient, base: str, **how: Any) -> SearchResult:
    with client.talk(FhirServer(base), client.deadline()) as talk:
        return talk.answer(talk.search(SEARCH, **how))


# The deadline


@pytest.mark.parametrize(("seconds", "is_read"), [(1.0, True), (0.99, False), (0.0, False)])
def test_an_answer_is_read_where_there_is_surely_time_for_it(seconds: float, is_read: bool) -> None:
    body = WHOLE + b" " * (READ_PER_SECOND - len(WHOLE))
    outcome = judged_in_time(HttpAnswer(200, 0, body), Deadline(seconds, 0.0, lambda: 0.0))
    assert (isinstance(outcome, dict), getattr(outcome, "reason", "")) == (is_read, "" if is_read else fhir_terms.LATE)


def test_an_answer_that_took_until_the_deadline_to_read_counts_as_late() -> None:
    times = iter([0.0, 1.0])
    outcome = judged_in_time(HttpAnswer(200, 0, WHOLE), Deadline(1.0, 0.0, lambda: next(times)))
    assert isinstance(outcome, FhirError)
    assert outcome.reason == fhir_terms.LATE


@pytest.mark.parametrize("left", [0.0, 1.0])
def test_an_answer_without_a_body_says_what_it_says_at_any_time(left: float) -> None:
    outcome = judged_in_time(HttpAnswer(404, 0, b""), Deadline(left, 0.0, lambda: 0.0))
    assert isinstance(outcome, fhir_terms.RefusedError)


def test_what_there_was_no_time_to_read_is_said_and_what_was_read_before_is_kept(
    serve: Serve, make: Callable[..., FhirClient], clock: Clock
) -> None:
    large = json.dumps(bundle(3)).encode() + b" " * 10_000_000

    def act(connection: Connection) -> None:
        if "page=1" in connection.head:
            clock.skipped += 19.6
            connection.answer(large)
        else:
            connection.answer(json.dumps(bundle(1, 2, next_page="Observation?patient=1&page=1")).encode())

    client, server = make(), serve(act)
    result = found(client, server.base)
    assert (ids(result), result.complete, result.reason) == (["1", "2"], False, fhir_terms.LATE)
    assert result.lost_a_page


# Entries


@pytest.mark.parametrize(("entries", "kept"), [(41, 41), (42, 41), (60, 41)])
def test_one_search_may_fetch_all_that_a_call_may_and_says_so_when_there_is_more(
    entries: int, kept: int, serve: Serve, make: Callable[..., FhirClient]
) -> None:
    result = found(make(max_entries=40), serve(pages(bundle(*range(entries)))).base)
    assert ids(result) == [str(number) for number in range(kept)]
    assert result.complete == (entries == kept)
    assert result.reason == ("" if entries == kept else fhir_terms.TOO_MANY_ENTRIES)
    assert not result.lost_a_page, "the list only goes on further than was read"


def test_its_pages_are_counted_together_and_no_further_one_is_asked_for(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    links = [f"Observation?patient=1&page={number}" for number in (1, 2, 3)]
    made = [bundle(*range(6 * n, 6 * n + 6), next_page=link) for n, link in enumerate(links)]
    server = serve(pages(*made))
    result = found(make(max_entries=9), server.base)
    assert (len(ids(result)), result.reason, len(server.heads)) == (10, fhir_terms.TOO_MANY_ENTRIES, 2)


def test_a_page_that_comes_when_nothing_more_may_is_told_like_one_that_is_cut(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    server = serve(pages(bundle(*range(10), next_page="Observation?patient=1&page=1"), bundle(10)))
    result = found(make(max_entries=9), server.base)
    assert (len(ids(result)), result.complete, result.reason) == (10, False, fhir_terms.TOO_MANY_ENTRIES)


def test_a_list_that_is_older_than_we_look_back_where_it_is_cut_is_complete(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    seen: list[int] = []

    def past(page: Any) -> bool:
        seen.append(len(page))
        return True

    result = found(make(max_entries=9), serve(pages(bundle(*range(20)))).base, past=past)
    assert (len(ids(result)), result.complete, seen) == (10, True, [10])


def test_what_was_sent_along_is_not_counted(serve: Serve, make: Callable[..., FhirClient]) -> None:
    first = bundle(*range(30), next_page="Observation?patient=1&page=0")
    result = found(make(max_entries=9), serve(pages(bundle(*range(30, 40)))).base, first=first)
    assert (len(ids(result)), result.complete) == (40, True)


@pytest.mark.parametrize("entries", [9_000, 10_000])
def test_a_very_long_list_leaves_the_others_what_they_usually_have(entries: int) -> None:
    limit = EntryLimit(10_000)
    assert len(limit.share().kept([{}] * entries)) == entries
    assert [len(limit.share().kept([{}] * 100)) for _ in range(15)] == [100] * 15


def test_all_searches_of_a_call_share_one_limit_and_have_little_besides(
    serve: Serve, make: Callable[..., FhirClient]
) -> None:
    client, server = make(max_entries=200), serve(pages(bundle(*range(120))))
    for _ in range(2):
        with client.talk(FhirServer(server.base), client.deadline()) as talk:
            results = [talk.answer(one) for one in [talk.search(SEARCH) for _ in range(5)]]
        assert sorted(len(one.resources) for one in results) == [2, 2, 2, 84, 120]
        assert [one.complete for one in results].count(True) == 1


def test_an_empty_list_is_whole_when_nothing_more_may_come(serve: Serve, make: Callable[..., FhirClient]) -> None:
    client, server = make(max_entries=1), serve(lambda connection: connection.answer(json.dumps(bundle()).encode()))
    result = found(client, server.base)
    assert (ids(result), result.complete) == ([], True)


@pytest.mark.parametrize(
    ("contained", "kept"),
    [([0, 0, 0], 3), ([1, 0, 0], 2), ([0, 1, 0], 2), ([2, 0, 0], 1), ([3, 0, 0], 0), ([0, 2, 0], 1)],
)
def test_what_a_resource_contains_counts_as_well_and_nothing_behind_the_first_too_many_is_kept(
    contained: list[int], kept: int
) -> None:
    resources = [observation(n) | {"contained": [{}] * inside} for n, inside in enumerate(contained)]
    assert len(EntryLimit(2).share().kept(resources)) == kept


def test_what_is_no_list_contains_nothing() -> None:
    assert len(EntryLimit(4).share().kept([observation(1) | {"contained": "x" * 9}])) == 1


@pytest.mark.parametrize("most", [1, 3])
def test_a_small_limit_lets_each_search_fetch_something(most: int) -> None:
    limit = EntryLimit(most)
    assert len(limit.share().kept([observation(1)] * 9)) == most + 1
    assert [len(limit.share().kept([observation(1)] * 2)) for _ in range(3)] == [1] * 3


def test_a_search_that_has_failed_by_the_limit_says_so(serve: Serve, make: Callable[..., FhirClient]) -> None:
    whole = bundle()
    whole["entry"] = [{"resource": observation(1) | {"contained": [{}] * 9}}]
    client, server = make(max_entries=8), serve(lambda connection: connection.answer(json.dumps(whole).encode()))
    assert reason_of(found, client, server.base) == fhir_terms.TOO_MANY_ENTRIES
