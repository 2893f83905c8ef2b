"""What is older than it may be kept is deleted, and nothing else; nobody waits for that."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from cds_service.storage import Database, EventLog, FeedbackItem, Spool, StoreError
from cds_service.storage.retention import Retention, count_before, oldest, prune
from cds_service.storage.schema import card, event, feedback, seen_token
from tests.stored import shown_card
from tests.waiting import until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


def record(log: EventLog, at: datetime, uuid: str) -> None:
    log.record([shown_card(uuid, "s", "hook", "vka", "critical", at)])


def left(database: Database) -> list[str]:
    query = select(event.c.id).order_by(event.c.at)
    return database.transact(lambda connection: list(connection.scalars(query)))


@pytest.mark.parametrize(("moment", "stays"), [(NOON, True), (NOON + A_MOMENT, False)])
def test_what_is_older_than_the_moment_goes_and_what_is_not_stays(
    moment: datetime, stays: bool, store: EventLog, database: Database
) -> None:
    record(store, NOON, "1")
    assert count_before(database, moment) == (0 if stays else 1)
    assert prune(database, moment) == (0 if stays else 1)
    assert bool(left(database)) is stays


def test_feedback_goes_by_the_moment_at_which_it_came(store: EventLog, database: Database) -> None:
    store.record_feedback("s", [FeedbackItem("1", "accepted", NOON - timedelta(days=9))], NOON)
    assert prune(database, NOON) == 0
    assert prune(database, NOON + A_MOMENT) == 1


def test_cards_and_feedback_of_releases_without_events_go_too(database: Database) -> None:
    old = {"uuid": "1", "service": "s", "hook_instance": "h", "topic": "vka", "indicator": "info", "suggestions": []}
    answer = {"card_uuid": "1", "service": "s", "outcome": "accepted", "accepted_suggestions": [], "known": True}
    database.write(lambda connection: connection.execute(insert(card).values(issued_at=NOON, **old)))
    database.write(
        lambda connection: connection.execute(
            insert(feedback).values(received_at=NOON, outcome_timestamp=NOON, **answer)
        )
    )
    assert prune(database, NOON) == 0
    assert prune(database, NOON + A_MOMENT) == 2


def test_used_tokens_are_no_events(database: Database) -> None:
    token = {"issuer": "urn:a", "jti_sha256": "x", "expires_at": 1}
    database.write(lambda connection: connection.execute(insert(seen_token).values(**token)))
    assert prune(database, NOON) == 0
    count = select(func.count()).select_from(seen_token)
    assert database.transact(lambda connection: connection.execute(count).scalar_one()) == 1


def test_very_many_go_some_at_a_time(store: EventLog, database: Database) -> None:
    store.record([shown_card(str(n), "s", "hook", "vka", "critical", NOON) for n in range(2_001)])
    rests: list[int] = []
    assert prune(database, NOON + A_MOMENT, lambda: rests.append(1)) == 2_001
    assert len(rests) == 3
    assert left(database) == []


def test_once_a_day_what_is_too_old_goes_by_itself(
    store: EventLog, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    seconds, now = [100.0], [NOON]
    retention = Retention(database, 30, lambda: now[0], lambda: seconds[0])
    record(store, NOON - timedelta(days=30), "young")
    record(store, NOON - timedelta(days=30) - A_MOMENT, "old")
    retention.prune_if_due()
    assert left(database) == ["card-young"]
    assert caplog.messages[-1] == "1 events older than 30 days were deleted"
    now[0] += A_MOMENT
    seconds[0] += 24 * 3600 - 1
    retention.prune_if_due()
    assert left(database) == ["card-young"]
    seconds[0] += 1
    retention.prune_if_due()
    assert left(database) == []


def test_a_database_that_cannot_be_used_is_told_and_asked_a_day_later(caplog: pytest.LogCaptureFixture) -> None:
    retention = Retention(Database("sqlite:////no/such/folder/db.sqlite3"), 30, lambda: NOON, lambda: 0.0)
    retention.prune_if_due()
    retention.prune_if_due()
    assert len(caplog.messages) == 1
    assert "what is older than 30 days could not be deleted" in caplog.text


def test_without_a_database_nobody_can_say_how_many_there_are() -> None:
    with pytest.raises(StoreError):
        count_before(Database("sqlite:////no/such/folder/db.sqlite3"), NOON)


def test_a_worker_that_ships_events_deletes_old_ones(database: Database, spool: Spool) -> None:
    log = EventLog(database, spool, retention=Retention(database, 30, lambda: NOON))
    record(log, NOON - timedelta(days=31), "old")
    record(log, NOON, "young")
    until(lambda: spool.depth() == 0)
    until(lambda: left(database) == ["card-young"])
    log.stop()


def test_lines_that_were_no_events_go_when_events_of_their_age_do(database: Database, spool: Spool) -> None:
    retention = Retention(database, 30, lambda: NOON, spool=spool)
    log = EventLog(database, spool, retention=retention)
    ages = {f"{days}.unreadable": days for days in (29, 31)}
    spool.append([b""])
    for name, days in ages.items():
        (spool.folder / name).write_text("nonsense")
        at = (NOON - timedelta(days=days)).timestamp()
        os.utime(spool.folder / name, (at, at))
    log.begin()
    until(lambda: [file.name for file in spool.folder.glob("*.unreadable")] == ["29.unreadable"])
    log.stop()


def test_while_old_ones_go_new_ones_are_brought_to_the_database(store: EventLog, database: Database) -> None:
    store.record([shown_card(str(n), "s", "hook", "vka", "critical", NOON) for n in range(2_001)])
    rounds: list[int] = []
    retention = Retention(database, 1, lambda: NOON + timedelta(days=2))
    retention.prune_if_due(lambda: rounds.append(len(left(database))))
    assert rounds == [1_001, 1, 0]


def test_a_clock_that_is_years_ahead_deletes_a_month_and_says_so_and_what_has_piled_up_goes_day_by_day(
    store: EventLog, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seconds, now = [0.0], [NOON + timedelta(days=3_000)]
    retention = Retention(database, 30, lambda: now[0], lambda: seconds[0])
    for days in range(0, 100, 10):
        record(store, NOON + timedelta(days=days), str(days))
    retention.prune_if_due()
    assert left(database) == [f"card-{days}" for days in range(40, 100, 10)]
    assert "look at the clock of this machine now" in caplog.text
    # It is right again: nothing more goes before its time.
    seconds[0], now[0] = 24 * 3600, NOON + timedelta(days=70)
    retention.prune_if_due()
    assert left(database) == [f"card-{days}" for days in range(40, 100, 10)]
    now[0] = NOON + timedelta(days=3_000)
    for day in range(2, 5):
        seconds[0] = day * 24 * 3600
        retention.prune_if_due()
    assert left(database) == []


def test_the_oldest_is_that_of_all_tables(store: EventLog, database: Database) -> None:
    assert oldest(database) is None
    record(store, NOON, "1")
    assert oldest(database) == NOON
    answer = {"card_uuid": "1", "service": "s", "outcome": "accepted", "accepted_suggestions": [], "known": True}
    row = insert(feedback).values(received_at=NOON - A_MOMENT, outcome_timestamp=NOON, **answer)
    database.write(lambda connection: connection.execute(row))
    assert oldest(database) == NOON - A_MOMENT
