"""What an audit reads: seven kinds of events in order, with the patient of a card that was answered, no comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cds_service.storage import Database, Event, EventLog, Kind, audited_events
from cds_service.storage.event import feedback_event
from cds_service.storage.records import FeedbackItem

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ISSUED = Event("card-1", NOON, Kind.ISSUED, client="urn:north", service="s", card_uuid="1", patient="key:hash")
LATER = NOON + timedelta(hours=1)


def answer(card: str, client: str = "urn:north") -> Event:
    item = FeedbackItem(card, "overridden", LATER, user_comment="Mrs Example")
    return feedback_event("s", client, item, LATER)


def test_cards_refusals_feedback_switchings_policies_and_verdicts_come_the_oldest_first_and_nothing_else(
    store: EventLog, database: Database
) -> None:
    kinds = [
        *(Kind.REFUSED, Kind.ANSWERED, Kind.GAP, Kind.SUPPRESSED, Kind.SWITCHED, Kind.POLICY_CHANGED, Kind.REVIEWED),
        Kind.ISSUED,
    ]
    events = [Event(f"{9 - hours}", NOON + timedelta(hours=hours), kind) for hours, kind in enumerate(kinds)]
    store.record([*reversed(events), replace(answer("1"), at=NOON - timedelta(hours=1))])
    told = list(audited_events(database))
    assert [event.kind for event in told] == [
        Kind.FEEDBACK, Kind.REFUSED, Kind.SUPPRESSED, Kind.SWITCHED, Kind.POLICY_CHANGED, Kind.REVIEWED,
        Kind.ISSUED,
    ]  # fmt: skip
    assert [event.kind for event in audited_events(database, NOON + timedelta(hours=7))] == [Kind.ISSUED]


def test_feedback_names_the_patient_of_its_card_to_whom_it_was_given_only(store: EventLog, database: Database) -> None:
    store.record([ISSUED, answer("1"), answer("1", "urn:south"), answer("2")])
    told = [(event.kind, event.client, event.patient) for event in audited_events(database)]
    assert told[0] == (Kind.ISSUED, "urn:north", "key:hash")
    assert sorted(told[1:], key=str) == [
        (Kind.FEEDBACK, "urn:north", "key:hash"),
        (Kind.FEEDBACK, "urn:north", None),
        (Kind.FEEDBACK, "urn:south", None),
    ]


def test_a_comment_does_not_come_along(store: EventLog, database: Database) -> None:
    store.record([answer("1")])
    (told,) = audited_events(database)
    assert told.user_comment is None
    assert told.outcome == "overridden"


def test_more_events_than_are_read_at_a_time_all_come(store: EventLog, database: Database) -> None:
    store.record([replace(ISSUED, id=f"card-{number}") for number in range(1201)])
    assert len({event.id for event in audited_events(database)}) == 1201
