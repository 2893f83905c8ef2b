"""An event goes through the spool and into any database as it is; what no database takes is found before."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.storage.event import (
    NAMES,
    Event,
    Kind,
    UnreadableLine,
    event_of,
    feedback_event,
    feedback_id,
    new_id,
)
from cds_service.storage.records import FeedbackItem
from cds_service.storage.schema import event as table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENT = Event("id-1", NOON, Kind.ISSUED, topic="vka", content={"suggestions": []})
FEEDBACK = FeedbackItem("card-1", "overridden", NOON, user_comment="Mrs Example has a valve")


def test_an_event_has_a_value_for_each_column_of_its_table() -> None:
    assert set(NAMES) == set(table.columns.keys())
    assert set(EVENT.row()) == set(NAMES)


def test_a_line_says_only_what_is_not_usual() -> None:
    told = json.loads(EVENT.line())
    assert told == {
        "id": "id-1",
        "at": "2026-03-02T12:00:00+00:00",
        "kind": "card-issued",
        "topic": "vka",
        "content": {"suggestions": []},
    }


texts = st.text(max_size=30)


@given(texts, texts, texts, st.none() | texts, st.dictionaries(texts, texts | st.integers(0, 9) | st.lists(texts)))
def test_any_event_comes_back_from_its_line_with_the_row_it_had(
    client: str, hook_instance: str, reason: str, comment: str | None, content: dict[str, Any]
) -> None:
    event = Event(
        new_id(),
        NOON,
        Kind.FEEDBACK,
        client,
        hook_instance=hook_instance,
        reason=reason,
        user_comment=comment,
        content=content,
    )
    line = event.line()
    assert b"\n" not in line
    assert b"\r" not in line
    # An empty comment says nothing, and is left out.
    assert event_of(line).row() == event.row() | {"user_comment": event.row()["user_comment"] or None}


def test_what_no_database_can_hold_is_replaced_and_what_is_too_long_is_cut() -> None:
    odd = replace(EVENT, hook_instance="a\x00b\ud800", reason="x" * 300, content={"\x00": ["\ud800", 1]})
    row = event_of(odd.line()).row()
    assert row["hook_instance"] == "a\ufffdb\ufffd"
    assert row["reason"] == "x" * 200
    assert row["content"] == {"\ufffd": ["\ufffd", 1]}


NAIVE = NOON.replace(tzinfo=None)


@pytest.mark.parametrize("event", [replace(EVENT, at=NAIVE), replace(EVENT, outcome_timestamp=NAIVE)])
def test_a_moment_without_a_time_zone_is_refused(event: Event) -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        event.line()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"id":"1","kind":"refused"}',
        b'{"id":"1","at":"2026-03-02T12:00:00","kind":"refused"}',
        b'{"id":"1","at":"noon","kind":"refused"}',
        b'{"id":"1","at":5,"kind":"refused"}',
        b'{"id":1,"at":"2026-03-02T12:00:00Z","kind":"refused"}',
        b'{"id":"1","at":"2026-03-02T12:00:00Z","kind":null}',
        b'{"id":"1","at":"2026-03-02T12:00:00Z","kind":"refused","topic":["vka"]}',
        b'{"id":"1","at":"2026-03-02T12:00:00Z","kind":"refused","content":"words"}',
        b'{"id":"1","at":"2026-03-02T12:00:00Z","kind":"refused","card_uuid":5}',
        b'{"id":"' + b"x" * 81 + b'","at":"2026-03-02T12:00:00Z","kind":"refused"}',
    ],
)
def test_a_line_that_no_table_would_take_is_no_event(line: bytes) -> None:
    with pytest.raises(UnreadableLine):
        event_of(line)


def test_what_a_later_release_adds_to_a_line_is_passed_over() -> None:
    line = EVENT.line()[:-1] + b',"of_tomorrow":1}'
    assert event_of(line).row() == EVENT.row()


def test_the_same_feedback_is_one_event_wherever_its_clock_stands() -> None:
    elsewhere = replace(FEEDBACK, outcome_timestamp=NOON.astimezone())
    assert feedback_id("s", "c", FEEDBACK) == feedback_id("s", "c", elsewhere)


@pytest.mark.parametrize(
    ("service", "client", "item"),
    [
        ("other", "c", FEEDBACK),
        ("s", "other", FEEDBACK),
        ("s", "c", replace(FEEDBACK, card="card-2")),
        ("s", "c", replace(FEEDBACK, outcome="accepted")),
        ("s", "c", replace(FEEDBACK, outcome_timestamp=NOON + timedelta(microseconds=1))),
    ],
)
def test_other_feedback_is_another_event(service: str, client: str, item: FeedbackItem) -> None:
    assert feedback_id(service, client, item) != feedback_id("s", "c", FEEDBACK)


def test_a_comment_is_kept_and_not_shown_by_accident() -> None:
    event = feedback_event("s", "c", FEEDBACK, NOON, "northern")
    assert event_of(event.line()).user_comment == "Mrs Example has a valve"
    assert "Mrs Example" not in repr(event)
    assert (event.kind, event.tenant) == (Kind.FEEDBACK, "northern")
