"""A Bundle is taken at its word only where its words can be read."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir_client.bundles import (
    NOT_A_BUNDLE,
    REPORTED_ERROR,
    UNREADABLE_ENTRY,
    UNREADABLE_NEXT,
    looks_truncated,
    next_link,
    read_page,
    reports_error,
)
from cds_service.json_text import TOO_LARGE

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def bundle(*resources: Any, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources], **members}


def observation(number: int = 1) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": str(number)}


def outcome(*severities: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity} for severity in severities]}


def test_an_entry_may_be_the_resource_itself() -> None:
    page = read_page({"resourceType": "Bundle", "entry": [observation(), {}]})
    assert (page.problem, page.resources, page.matches) == (None, [observation()], 1)
    assert read_page({"resourceType": "Bundle", "entry": [outcome("error")]}).problem == REPORTED_ERROR


def next_page(url: Any) -> dict[str, Any]:
    return {"link": [{"relation": "self", "url": "here"}, {"relation": "next", "url": url}]}


@pytest.mark.parametrize(
    "value",
    [
        bundle(),
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": None, "link": None},
        bundle(observation(), outcome("warning", "information")),
        {"resourceType": "Bundle", "entry": [{}, {}]},
        bundle(**next_page("https://ehr.example/fhir?page=2")),
        bundle(link=[{"relation": "self"}, {"url": "x"}]),
    ],
)
def test_a_sound_bundle_has_no_problem(value: object) -> None:
    assert read_page(value).problem is None


@pytest.mark.parametrize("value", [None, [], "Bundle", 7, {}, {"resourceType": ["Bundle"]}, observation()])
def test_what_is_not_a_bundle_is_named_so(value: object) -> None:
    assert read_page(value).problem == NOT_A_BUNDLE


@pytest.mark.parametrize("severity", ["error", "fatal", "Error", "FATAL "])
def test_an_error_of_the_server_is_a_problem_as_the_answer_and_inside_it(severity: str) -> None:
    assert read_page(outcome(severity)).problem == REPORTED_ERROR
    assert read_page(bundle(observation(), outcome("warning", severity))).problem == REPORTED_ERROR


@pytest.mark.parametrize("severity", ["warning", "information", "success", "Warning", "INFORMATION", " warning "])
def test_a_remark_of_the_server_is_no_error(severity: str) -> None:
    assert not reports_error(outcome(severity))


@pytest.mark.parametrize(
    "issue", [None, [], {}, "fatal", [None], [{}], [{"severity": None}], [{"severity": []}], [{"severity": "severe"}]]
)
def test_an_outcome_whose_severity_cannot_be_read_counts_as_an_error(issue: object) -> None:
    assert reports_error({"resourceType": "OperationOutcome", "issue": issue})


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "x",
        3,
        [None],
        ["x"],
        [[]],
        [{"resource": "x"}],
        [{"resource": []}],
        [{"resource": {"resourceType": "Bundle"}}],
        # What proxies leave where they may not show a resource, and what is left of one that was cut.
        [{"fullUrl": "https://ehr.example/fhir/Observation/1"}],
        [{"response": {"status": "403 Forbidden"}}],
        [{"response": {"status": "200 OK"}}],
        [{"search": {"mode": "match"}}],
        [{"search": {"mode": "include"}}],
        [{"resource": None}],
        [{"fullUrl": None}],
        [{"x": 1}],
        [{"resource": {}}],
        [{"resource": {"id": "1"}}],
        [{"resource": {"resourceType": " "}}],
        [{"resource": {"resourceType": None}}],
        [{"resourceType": None}],
    ],
)
def test_an_entry_that_cannot_be_read_is_a_problem(entry: object) -> None:
    assert read_page({"resourceType": "Bundle", "entry": entry}).problem == UNREADABLE_ENTRY
    if isinstance(entry, list):
        beside = {"resourceType": "Bundle", "entry": [observation(), *entry, observation()]}
        assert read_page(beside).problem == UNREADABLE_ENTRY


@pytest.mark.parametrize(
    "link",
    [
        {},
        "x",
        TOO_LARGE,
        [None],
        [{"relation": "next"}],
        [{"relation": "Next "}],
        [{"relation": "next", "url": 5}],
        [{"relation": "next", "url": " "}],
        [{"relation": 5, "url": "?page=2"}],
        [{"relation": ["next"], "url": "?page=2"}],
        [{"relation": TOO_LARGE, "url": "?page=2"}],
    ],
)
def test_a_next_page_that_cannot_be_found_is_a_problem(link: object) -> None:
    assert read_page(bundle(link=link)).problem == UNREADABLE_NEXT


def test_resources_come_in_order_without_empty_entries_and_without_remarks() -> None:
    page = bundle(observation(1), outcome("warning"), observation(2))
    page["entry"].insert(1, {})
    assert read_page(page).resources == [observation(1), observation(2)]


def test_the_next_link_is_the_one_called_next() -> None:
    assert next_link(bundle(**next_page(" ?page=2 "))) == "?page=2"
    assert next_link(bundle(link=[{"relation": " NEXT", "url": "?page=2"}])) == "?page=2"
    assert next_link(bundle(link=[{"relation": "self", "url": "here"}])) is None
    assert next_link(bundle()) is None


def test_matches_are_counted_and_all_entries_that_hold_something() -> None:
    entries = [
        {"resource": observation(1)},
        {"resource": observation(2), "search": {"mode": "match"}},
        {"resource": observation(3), "search": {"mode": "include"}},
        {"resource": observation(4), "search": "match"},
        {"resource": observation(5), "search": {"mode": TOO_LARGE}},
        {"resource": observation(6), "search": {"mode": None}},
        {"resource": observation(7), "search": {"mode": ["include"]}},
        {"resource": observation(8), "search": {"mode": " Include"}},
        {"resource": outcome("warning"), "search": {"mode": "outcome"}},
        {"resource": outcome("warning")},
        {},
    ]
    page = read_page({"resourceType": "Bundle", "entry": entries})
    assert (page.matches, page.counted) == (6, 10)


@pytest.mark.parametrize(
    ("total", "requested", "truncated"),
    [
        (2, 3, False),
        (3, 3, True),
        (None, 3, False),
        (None, 2, True),
        (None, 1, True),
        ("9", 3, True),
        ("2", 3, False),
        (" 2 ", 3, False),
        (2.0, 3, False),
        (3.0, 3, True),
    ],
)
def test_two_matches_look_truncated_when_more_were_counted_or_the_page_is_full(
    total: object, requested: int, truncated: bool
) -> None:
    sent = bundle(observation(1), observation(2), total=total)
    assert looks_truncated(sent, read_page(sent), requested) is truncated


@pytest.mark.parametrize(
    "total", [True, False, -1, -1.0, 0.5, 2.5, math.inf, "", "two", "-2", "2.5", "\u0662", [], {}, TOO_LARGE]
)
def test_a_total_that_is_no_count_may_stand_for_any_number(total: object) -> None:
    sent = bundle(observation(1), observation(2), total=total)
    assert looks_truncated(sent, read_page(sent), 3)


@pytest.mark.parametrize(("total", "truncated"), [(2, False), (4, False), (5, True)])
def test_includes_and_remarks_count_towards_the_total_and_not_towards_the_page(total: int, truncated: bool) -> None:
    sent = bundle(observation(1), observation(2), outcome("warning"), total=total)
    sent["entry"].append({"resource": observation(3), "search": {"mode": "include"}})
    assert looks_truncated(sent, read_page(sent), 3) is truncated
    assert looks_truncated(sent, read_page(sent), 2)


def test_a_bundle_that_names_its_next_page_is_not_called_truncated() -> None:
    sent = bundle(observation(), total=9, **next_page("?page=2"))
    assert not looks_truncated(sent, read_page(sent), 1)


@given(anything, anything, anything)
def test_no_bundle_at_all_makes_the_readers_stumble(entry: object, link: object, total: object) -> None:
    page = {"resourceType": "Bundle", "entry": entry, "link": link, "total": total}
    found = read_page(page)
    looks_truncated(page, found, 3)
    if found.problem is None:
        resources = found.resources
        assert len(resources) <= len(entry) if isinstance(entry, list) else resources == []
