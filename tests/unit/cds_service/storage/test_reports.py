"""Counting what is stored: each card once, with its latest answer, in the week in which it was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.engine import Connection

from cds_service.storage import (
    CardCount,
    Database,
    EventLog,
    FeedbackItem,
    card_counts,
    override_counts,
    span,
    unknown_counts,
)
from cds_service.storage.schema import event
from tests.stored import card_like, shown_card

MONDAY = datetime(2026, 11, 29, 23, tzinfo=UTC)
"""Midnight in Berlin."""
BOUNDS = [MONDAY, MONDAY + timedelta(days=7), MONDAY + timedelta(days=14)]
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "vka-cua", "critical", MONDAY)
OVERRIDDEN = FeedbackItem("card-1", "overridden", MONDAY, override_reason_code="mechanical-valve")
ACCEPTED = FeedbackItem("card-1", "accepted", MONDAY)
ALONE = CardCount("calciphylaxis", "", "vka-cua", "critical", 0, "", "", "", False, 1)


def test_a_card_without_an_answer_is_counted_as_shown(store: EventLog, database: Database) -> None:
    store.record([CARD])
    assert card_counts(database, BOUNDS) == [ALONE]


@pytest.mark.parametrize(
    ("after", "week"),
    [
        (timedelta(microseconds=-1), None),
        (timedelta(), 0),
        (timedelta(days=7, microseconds=-1), 0),
        (timedelta(days=7), 1),
        (timedelta(days=14, microseconds=-1), 1),
        (timedelta(days=14), None),
    ],
)
def test_a_card_counts_in_the_week_that_had_begun(
    after: timedelta, week: int | None, store: EventLog, database: Database
) -> None:
    store.record([replace(CARD, at=MONDAY + after)])
    assert [count.week for count in card_counts(database, BOUNDS)] == ([] if week is None else [week])


def test_an_answer_counts_in_the_week_of_its_card_however_late_it_came(store: EventLog, database: Database) -> None:
    store.record([CARD])
    late = MONDAY + timedelta(days=100)
    store.record_feedback("calciphylaxis", [replace(ACCEPTED, outcome_timestamp=late)], late)
    assert card_counts(database, BOUNDS) == [replace(ALONE, outcome="accepted")]


@pytest.mark.parametrize(("later", "outcome"), [(OVERRIDDEN, "overridden"), (ACCEPTED, "accepted")])
def test_a_card_that_was_answered_twice_counts_once_with_its_latest_answer(
    later: FeedbackItem, outcome: str, store: EventLog, database: Database
) -> None:
    store.record([CARD])
    again = replace(later, outcome_timestamp=MONDAY + timedelta(minutes=1))
    # The latest is that of the clinician, not what came last.
    store.record_feedback("calciphylaxis", [again, OVERRIDDEN, ACCEPTED], MONDAY)
    (count,) = card_counts(database, BOUNDS)
    assert (count.outcome, count.times) == (outcome, 1)
    assert [count.times for count in override_counts(database)] == ([1] if outcome == "overridden" else [])


@pytest.mark.parametrize(
    ("answer", "reason", "comment_only"),
    [
        ({"override_reason_code": "other", "override_reason_system": "urn:x", "user_comment": "c"}, "other", False),
        ({"override_reason_code": None, "user_comment": "Mrs Example said no"}, "", True),
        ({"override_reason_code": None, "user_comment": "  "}, "", False),
        ({"override_reason_code": None}, "", False),
    ],
)
def test_a_comment_alone_is_told_from_no_reason(
    answer: dict[str, str], reason: str, comment_only: bool, store: EventLog, database: Database
) -> None:
    store.record([CARD])
    store.record_feedback("calciphylaxis", [replace(OVERRIDDEN, **answer)], MONDAY)  # type: ignore[arg-type]
    (count,) = card_counts(database, BOUNDS)
    (override,) = override_counts(database)
    assert (count.reason_code, count.comment_only) == (reason, comment_only)
    assert (override.reason_code, override.comment_only) == (reason, comment_only)
    assert "Example" not in repr(count) + repr(override)


def test_the_comment_on_an_accepted_card_is_no_reason(store: EventLog, database: Database) -> None:
    store.record([CARD])
    store.record_feedback("calciphylaxis", [replace(ACCEPTED, user_comment="thank you")], MONDAY)
    assert card_counts(database, BOUNDS) == [replace(ALONE, outcome="accepted")]


class Pruned:
    """A database in which another process deletes what is too old, after the first question."""

    def __init__(self, database: Database) -> None:
        self._database, self._asked = database, 0

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with self._database.connected() as connection:
            self._asking = connection
            yield self  # type: ignore[misc]  # a connection, as far as it is asked

    def execute(self, query: Any) -> Any:
        self._asked += 1
        if self._asked == 2:
            self._asking.execute(delete(event))
        return self._asking.execute(query)


def test_cards_that_are_deleted_meanwhile_stop_no_report(store: EventLog, database: Database) -> None:
    store.record([CARD, card_like(CARD, "card-2")])
    store.record_feedback("calciphylaxis", [ACCEPTED], MONDAY)
    assert card_counts(Pruned(database), BOUNDS) == [replace(ALONE, outcome="accepted")]
    assert card_counts(database, BOUNDS) == []


def test_answers_on_cards_that_are_not_in_the_log_are_counted_apart(store: EventLog, database: Database) -> None:
    store.record([CARD])
    stray = [replace(OVERRIDDEN, card="card-8"), replace(ACCEPTED, card="card-9")]
    store.record_feedback("calciphylaxis", [*stray, ACCEPTED], MONDAY)
    assert [count.outcome for count in card_counts(database, BOUNDS)] == ["accepted"]
    within = unknown_counts(database, MONDAY, BOUNDS[-1])
    assert [(count.outcome, count.times) for count in within] == [("accepted", 1), ("overridden", 1)]
    assert unknown_counts(database, MONDAY + timedelta(seconds=1), BOUNDS[-1]) == []


def test_an_unknown_card_counts_in_the_time_that_is_asked_for_whatever_came_later(
    store: EventLog, database: Database
) -> None:
    for number, answer in enumerate((ACCEPTED, OVERRIDDEN)):
        moment = BOUNDS[number]
        store.record_feedback("calciphylaxis", [replace(answer, card="card-9", outcome_timestamp=moment)], moment)
    (first,), (second,) = (unknown_counts(database, *week) for week in pairwise(BOUNDS))
    assert (first.outcome, first.times) == ("accepted", 1)
    assert (second.outcome, second.times) == ("overridden", 1)
    (whole,) = unknown_counts(database, BOUNDS[0], BOUNDS[-1])
    assert (whole.outcome, whole.times) == ("overridden", 1)


def test_a_client_is_counted_by_itself_and_answers_of_others_are_not_its_own(
    store: EventLog, database: Database
) -> None:
    store.record([replace(CARD, client="urn:north"), card_like(CARD, "card-2", client="urn:south")])
    store.record_feedback("calciphylaxis", [OVERRIDDEN], MONDAY, "urn:south")
    store.record_feedback("calciphylaxis", [ACCEPTED], MONDAY, "urn:north")
    (north,) = card_counts(database, BOUNDS, client="urn:north")
    (south,) = card_counts(database, BOUNDS, client="urn:south")
    assert (north.client, north.outcome, north.times) == ("urn:north", "accepted", 1)
    assert (south.client, south.outcome, south.times) == ("urn:south", "", 1)


def test_the_log_says_from_when_to_when_it_is(store: EventLog, database: Database) -> None:
    assert span(database) is None
    store.record([CARD, card_like(CARD, "card-2", at=BOUNDS[1])])
    assert span(database) == (MONDAY, BOUNDS[1])
