"""Counting events: of which week, of which tenant, and never a guess where one cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from cds_service.storage import (
    UNMAPPED,
    Database,
    Event,
    EventLog,
    FeedbackItem,
    Kind,
    StoreError,
    Unmapped,
    UnmappedCount,
    card_counts,
    event_counts,
    log_span,
    new_id,
    unmapped_counts,
)
from tests.stored import shown_card

MONDAY = datetime(2026, 3, 1, 23, tzinfo=UTC)
"""Midnight in Berlin."""
WEEK = timedelta(days=7)
CALL = Event("", MONDAY, Kind.ANSWERED, "urn:a", "northern", "a-service", "patient-view")
PHOSPHATE = ["lab", "urn:x", "PO4", "mg/dL"]


def weeks(number: int) -> list[datetime]:
    return [MONDAY + count * WEEK for count in range(number + 1)]


def record(store: EventLog, **differs: Any) -> None:
    store.record([replace(CALL, id=new_id(), **differs)])


@pytest.mark.parametrize("number", [1, 2, 3, 26, 1500])
def test_an_event_counts_in_the_week_that_had_begun(number: int, store: EventLog, database: Database) -> None:
    last = number - 1
    for at in (MONDAY, MONDAY + number * WEEK - timedelta(microseconds=1)):
        record(store, at=at)
    for outside in (MONDAY - timedelta(microseconds=1), MONDAY + number * WEEK):
        record(store, at=outside)
    assert sorted(count.week for count in event_counts(database, weeks(number))) == sorted({0, last})
    assert sum(count.times for count in event_counts(database, weeks(number))) == 2


def test_the_beginning_of_each_week_is_the_end_of_the_one_before(store: EventLog, database: Database) -> None:
    for number, begins in enumerate(weeks(8)[:-1]):
        record(store, at=begins)
        record(store, at=begins + WEEK - timedelta(microseconds=1), reason=str(number))
    found = [(one.week, one.times) for one in event_counts(database, weeks(8))]
    assert sorted(found) == sorted([(number, 1) for number in range(8)] * 2)


def test_events_are_told_by_all_that_a_report_asks_for_with_the_last_moment(
    store: EventLog, database: Database
) -> None:
    later = MONDAY + timedelta(hours=1)
    for at in (later, MONDAY):
        record(store, kind=Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical", at=at)
    (count,) = event_counts(database, weeks(1))
    assert (count.kind, count.tenant, count.hook, count.reason) == (
        Kind.SUPPRESSED,
        "northern",
        "patient-view",
        "shadow",
    )
    assert (count.topic, count.indicator, count.times, count.last) == ("vka-cua", "critical", 2, later)


def test_feedback_is_no_call_and_no_card(store: EventLog, database: Database) -> None:
    store.record_feedback("a-service", [FeedbackItem("1", "accepted", MONDAY)], MONDAY)
    assert event_counts(database, weeks(1)) == []
    assert log_span(database) == (MONDAY, MONDAY)
    assert log_span(database, Kind.FEEDBACK) is None


def test_what_was_switched_changed_and_judged_is_no_call(store: EventLog, database: Database) -> None:
    kinds = (Kind.SWITCHED, Kind.POLICY_CHANGED, Kind.REVIEWED)
    store.record([Event(kind, MONDAY, kind, tenant="northern", topic="vka-cua") for kind in kinds])
    assert event_counts(database, weeks(1)) == []


def test_without_an_organisation_the_issuer_stands_for_it(store: EventLog, database: Database) -> None:
    record(store, tenant="")
    record(store, tenant="", client="")
    assert {one.tenant for one in event_counts(database, weeks(1))} == {"urn:a", ""}


def test_cards_have_the_tenant_and_hook_of_their_event_and_none_of_earlier_tables(
    store: EventLog, database: Database
) -> None:
    record(store, kind=Kind.ISSUED, card_uuid="1", topic="vka-cua")
    with database.connected() as connection:
        connection.execute(
            text(
                "INSERT INTO card (uuid, service, hook_instance, topic, indicator, issued_at, suggestions, client)"
                " VALUES ('2', 'a-service', 'h', 'vka-cua', 'critical', '2026-03-02 00:00:00.000000', '[]', 'urn:b')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO feedback (card_uuid, service, outcome, outcome_timestamp, accepted_suggestions,"
                " received_at, known, client) VALUES ('2', 'a-service', 'accepted', '2026-03-02 00:00:00.000000', '[]',"
                " '2026-03-02 00:00:00.000000', 1, 'urn:b')"
            )
        )
    found = {(one.tenant, one.hook, one.outcome, one.times) for one in card_counts(database, weeks(1))}
    assert found == {("northern", "patient-view", "", 1), ("urn:b", "", "accepted", 1)}


def test_nothing_is_in_an_empty_log(store: EventLog, database: Database) -> None:
    store.record([])
    assert log_span(database) is None
    assert event_counts(database, weeks(1)) == []
    assert unmapped_counts(database, MONDAY, MONDAY + WEEK) == Unmapped()


def test_the_log_goes_from_the_first_to_the_last_event_or_card(store: EventLog, database: Database) -> None:
    record(store)
    store.record([shown_card("1", "s", "h", "vka-cua", "critical", MONDAY + WEEK)])
    assert log_span(database) == (MONDAY, MONDAY + WEEK)


def test_a_code_counts_once_for_each_call_on_which_it_was(store: EventLog, database: Database) -> None:
    record(store, content={UNMAPPED: [PHOSPHATE, PHOSPHATE, ["drug", "urn:y", "A1", ""]]})
    record(store, content={UNMAPPED: [PHOSPHATE]})
    record(store, content={UNMAPPED: []})
    record(store, content={"cards": 0})
    record(store, content={UNMAPPED: [PHOSPHATE]}, at=MONDAY + WEEK)
    record(store, content={UNMAPPED: [PHOSPHATE]}, tenant="southern")
    codes = (UnmappedCount("lab", "urn:x", "PO4", "mg/dL", 2), UnmappedCount("drug", "urn:y", "A1", "", 1))
    assert unmapped_counts(database, MONDAY, MONDAY + WEEK, {"northern"}) == Unmapped(3, codes)
    assert unmapped_counts(database, MONDAY, MONDAY + WEEK).looked_at == 4


@pytest.mark.parametrize(
    "content", ['{"unmapped": [[', '{"unmapped": null}', '{"unmapped": [["lab"]]}', '["unmapped"]']
)
def test_an_event_that_cannot_be_read_is_a_fault(content: str, store: EventLog, database: Database) -> None:
    record(store)
    with database.connected() as connection:
        connection.execute(text("UPDATE event SET content = :content"), {"content": content})
    with pytest.raises(StoreError, match="an event that cannot be read"):
        unmapped_counts(database, MONDAY, MONDAY + WEEK)
