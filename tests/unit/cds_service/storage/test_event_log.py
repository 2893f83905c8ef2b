"""What was answered to a card is kept, whatever happens next; what it says of a patient stays inside."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from cds_service.storage.database import Database, StoreError
from cds_service.storage.event import Event
from cds_service.storage.event_log import EventLog
from cds_service.storage.records import FeedbackItem, OverrideCount
from cds_service.storage.schema import storable
from tests.stored import answers_in, card_like, overrides_in, shown_card

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[4]
SUGGESTIONS = {"suggestions": [{"uuid": "s-1", "label": "Stop"}]}
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "warfarin", "critical", NOON, content=SUGGESTIONS)
OVERRIDDEN = FeedbackItem(
    card="card-1",
    outcome="overridden",
    outcome_timestamp=NOON,
    override_reason_code="mechanical-valve",
    override_reason_system="https://cds.example/reasons",
    override_reason_display="Mechanical valve",
    user_comment="Mrs Example has a valve",
)
ACCEPTED = FeedbackItem("card-1", "accepted", NOON, accepted_suggestions=("s-1",))


def record(store: EventLog, *cards: Event) -> None:
    """Record cards as the routes do: on a busy machine they may have to wait in memory."""
    with suppress(StoreError):
        store.record(cards)


@contextmanager
def another_writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process that has begun to write and does not come to an end."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.rollback()
        connection.close()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_feedback_comes_back_as_it_was_given(store: EventLog) -> None:
    store.record([CARD])
    assert store.record_feedback("calciphylaxis", [OVERRIDDEN, ACCEPTED], NOON) == []
    stored = list(answers_in(store))
    assert sorted((kept.item for kept in stored), key=lambda item: item.outcome) == [ACCEPTED, OVERRIDDEN]
    assert [(kept.service, kept.received_at, kept.known, kept.topic) for kept in stored] == [
        ("calciphylaxis", NOON, True, "warfarin")
    ] * 2


def test_a_moment_from_another_time_zone_comes_back_as_the_same_moment_in_utc(store: EventLog) -> None:
    moment = NOON.astimezone(timezone(timedelta(hours=-7)))
    store.record_feedback("calciphylaxis", [replace(ACCEPTED, outcome_timestamp=moment)], NOON)
    (kept,) = answers_in(store)
    assert kept.item.outcome_timestamp == NOON
    assert kept.item.outcome_timestamp.utcoffset() == timedelta(0)


def test_a_moment_without_a_time_zone_is_refused(store: EventLog) -> None:
    naive = replace(ACCEPTED, outcome_timestamp=NOON.replace(tzinfo=None))
    with pytest.raises(StatementError, match="needs a time zone"):
        store.record_feedback("calciphylaxis", [naive], NOON)
    assert list(answers_in(store)) == []


def test_feedback_on_a_card_we_never_gave_is_kept_and_named(store: EventLog) -> None:
    store.record([CARD])
    stranger = replace(ACCEPTED, card="card-9")
    assert store.record_feedback("calciphylaxis", [stranger, ACCEPTED, stranger], NOON) == ["card-9"]
    assert sorted((kept.item.card, kept.known, kept.topic) for kept in answers_in(store)) == [
        ("card-1", True, "warfarin"),
        ("card-9", False, ""),
    ]


def test_a_card_of_another_service_is_unknown_to_this_one(store: EventLog) -> None:
    store.record([CARD])
    assert store.record_feedback("another", [ACCEPTED], NOON) == ["card-1"]


def test_more_unknown_cards_than_one_query_can_name_are_all_named(store: EventLog) -> None:
    many = [replace(ACCEPTED, card=f"stranger-{number}") for number in range(1_203)]
    assert len(store.record_feedback("calciphylaxis", many, NOON)) == 1_203


def test_no_feedback_is_nothing_to_do(store: EventLog, path: Path) -> None:
    assert store.record_feedback("calciphylaxis", [], NOON) == []
    store.record([])
    assert not path.exists()


def test_the_same_feedback_twice_is_kept_once_and_a_later_one_beside_it(store: EventLog) -> None:
    later = replace(ACCEPTED, outcome_timestamp=NOON + timedelta(microseconds=1))
    store.record_feedback("calciphylaxis", [ACCEPTED, ACCEPTED], NOON)
    store.record_feedback("calciphylaxis", [ACCEPTED, later, OVERRIDDEN], NOON)
    kept = [answer.item for answer in answers_in(store)]
    assert len(kept) == 3
    assert all(item in kept for item in (ACCEPTED, later, OVERRIDDEN))


def test_feedback_is_kept_whole_or_not_at_all(store: EventLog) -> None:
    naive = replace(OVERRIDDEN, outcome_timestamp=NOON.replace(tzinfo=None))
    with pytest.raises(StatementError, match="needs a time zone"):
        store.record_feedback("calciphylaxis", [ACCEPTED, naive], NOON)
    assert list(answers_in(store)) == []


def test_a_card_recorded_again_stays_as_it_is(store: EventLog, path: Path) -> None:
    store.record([CARD])
    store.record([replace(CARD, topic="calcium"), card_like(CARD, "card-2")])
    kept = rows(path, "SELECT card_uuid, topic FROM event ORDER BY card_uuid")
    assert kept == [("card-1", "warfarin"), ("card-2", "warfarin")]


def test_a_card_keeps_what_feedback_refers_to_and_no_patient(store: EventLog, path: Path) -> None:
    store.record([CARD])
    columns = "card_uuid, kind, service, hook_instance, topic, indicator, at, content, client, patient, user"
    assert rows(path, f"SELECT {columns} FROM event") == [
        (
            "card-1",
            "card-issued",
            "calciphylaxis",
            "hook-1",
            "warfarin",
            "critical",
            "2026-03-02 12:00:00.000000",
            '{"suggestions": [{"uuid": "s-1", "label": "Stop"}]}',
            "",
            None,
            None,
        )
    ]


def test_readers_and_writers_do_not_wait_for_each_other(store: EventLog, path: Path) -> None:
    store.record_feedback("calciphylaxis", [ACCEPTED], NOON)
    store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON + timedelta(seconds=1))
    reading = answers_in(store)
    assert next(reading).item == ACCEPTED
    store.record([CARD])
    assert next(reading).item == OVERRIDDEN
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert list(reading) == []


def test_feedback_waits_for_another_writer_that_cards_do_not_wait_for(store: EventLog, path: Path) -> None:
    assert list(answers_in(store)) == []
    with another_writer(path) as busy:
        with pytest.raises(StoreError):
            store.record([CARD])
        with ThreadPoolExecutor(1) as threads:
            taken = threads.submit(store.record_feedback, "calciphylaxis", [ACCEPTED], NOON)
            with pytest.raises(TimeoutError):
                taken.result(timeout=0.5)
            busy.rollback()
            assert taken.result() == ["card-1"]
    assert store.lost == 1


def test_feedback_can_be_asked_for_by_moment_and_service(store: EventLog) -> None:
    store.record_feedback("calciphylaxis", [ACCEPTED], NOON)
    store.record_feedback("other", [OVERRIDDEN], NOON + timedelta(seconds=1))
    assert [kept.service for kept in answers_in(store, since=NOON)] == ["calciphylaxis", "other"]
    assert [kept.service for kept in answers_in(store, since=NOON + timedelta(seconds=1))] == ["other"]
    assert [kept.service for kept in answers_in(store, service="calciphylaxis")] == ["calciphylaxis"]
    assert list(answers_in(store, since=NOON + timedelta(seconds=2))) == []


def test_overrides_are_counted_by_topic_and_reason(store: EventLog) -> None:
    store.record([CARD, card_like(CARD, "card-2")])
    other = replace(OVERRIDDEN, card="card-2", outcome_timestamp=NOON + timedelta(hours=1))
    silent = FeedbackItem("card-9", "overridden", NOON)
    store.record_feedback("calciphylaxis", [OVERRIDDEN, other, silent], NOON)
    reason = ("https://cds.example/reasons", "mechanical-valve", "Mechanical valve")
    assert list(overrides_in(store)) == [
        OverrideCount("calciphylaxis", "warfarin", *reason, times=2),
        OverrideCount("calciphylaxis", "", "", "", "", times=1),
    ]
    assert list(overrides_in(store, since=NOON + timedelta(seconds=1))) == []
    assert list(overrides_in(store, service="other")) == []


# ------------------------------------------------------------------ whose card it is
NORTH, SOUTH = "urn:north", "urn:south"


def test_feedback_of_one_client_on_the_card_of_another_is_feedback_on_a_card_that_does_not_exist(
    store: EventLog,
) -> None:
    store.record([replace(CARD, client=NORTH)])
    nothing = store.record_feedback("calciphylaxis", [replace(OVERRIDDEN, card="card-9")], NOON, SOUTH)
    theirs = store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON, SOUTH)
    assert (nothing, theirs) == (["card-9"], ["card-1"])
    assert [(kept.known, kept.topic, kept.client) for kept in answers_in(store)] == [(False, "", SOUTH)] * 2
    assert [(count.topic, count.times) for count in overrides_in(store)] == [("", 2)]


def test_the_answer_of_a_stranger_takes_nothing_from_that_of_the_owner(store: EventLog) -> None:
    store.record([replace(CARD, client=NORTH)])
    store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON, SOUTH)
    assert store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON, NORTH) == []
    assert store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON, NORTH) == []
    assert sorted((kept.known, kept.topic, kept.client) for kept in answers_in(store)) == [
        (False, "", SOUTH),
        (True, "warfarin", NORTH),
    ]


def test_the_reports_can_be_asked_for_one_client(store: EventLog) -> None:
    store.record([replace(CARD, client=NORTH), card_like(CARD, "card-2", client=SOUTH)])
    store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON, NORTH)
    store.record_feedback("calciphylaxis", [replace(OVERRIDDEN, card="card-2")], NOON, SOUTH)
    assert [kept.item.card for kept in answers_in(store, client=SOUTH)] == ["card-2"]
    assert [count.times for count in overrides_in(store)] == [2]
    assert [count.times for count in overrides_in(store, client=NORTH)] == [1]
    assert list(overrides_in(store, client="urn:nobody")) == []


def test_a_comment_is_not_shown_by_accident(store: EventLog) -> None:
    assert "Mrs Example" not in repr(OVERRIDDEN)
    store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON)
    assert "Mrs Example" not in repr(list(answers_in(store)))


def test_an_error_of_the_database_shows_no_comment(store: EventLog, path: Path) -> None:
    store.record([CARD])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'refused'); END")
    with pytest.raises(StoreError) as refused:
        store.record_feedback("calciphylaxis", [OVERRIDDEN], NOON)
    assert str(refused.value) == "the database could not be used (IntegrityError)"
    assert "Mrs Example" not in "".join(traceback.format_exception(refused.value))
    naive = replace(OVERRIDDEN, outcome_timestamp=NOON.replace(tzinfo=None))
    with pytest.raises(StatementError) as stumbled:
        store.record_feedback("calciphylaxis", [naive], NOON)
    assert "Mrs Example" not in str(stumbled.value)


@given(st.text(st.characters(codec=None)))
def test_any_text_at_all_can_be_stored(words: str) -> None:
    assert "\x00" not in storable(words)
    assert storable(words).encode("utf-8").decode("utf-8") == storable(words)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_ordinary_text_is_stored_unchanged(words: str) -> None:
    assert storable(words) == words


def test_odd_text_does_not_stop_feedback(store: EventLog) -> None:
    odd = replace(OVERRIDDEN, card="\ud800\x00", user_comment="a\udfffb")
    assert store.record_feedback("calciphylaxis", [odd], NOON) == ["\ufffd\ufffd"]
    (kept,) = answers_in(store)
    assert kept.item.user_comment == "a\ufffdb"


def test_a_database_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    nowhere = EventLog(Database(f"sqlite:///{tmp_path}/missing/store.sqlite3"))
    with pytest.raises(StoreError):
        nowhere.record([CARD])
    with pytest.raises(StoreError):
        list(answers_in(nowhere))


def test_a_file_that_is_no_database_says_so(store: EventLog, path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(StoreError):
        list(answers_in(store))


def test_a_closed_database_opens_again(store: EventLog, database: Database) -> None:
    store.record([CARD])
    database.close()
    assert store.record_feedback("calciphylaxis", [ACCEPTED], NOON) == []


def test_a_database_in_memory_is_shared_by_all_threads() -> None:
    database = Database("sqlite://")
    store = EventLog(database)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(record, store, card_like(CARD, f"card-{n}")) for n in range(8)]:
            done.result()
    asked = [replace(ACCEPTED, card=f"card-{n}") for n in range(9)]
    assert store.record_feedback("calciphylaxis", asked, NOON) == ["card-8"]
    database.close()


def test_threads_write_at_once_and_nothing_is_lost(spooled: EventLog) -> None:
    def write(thread: int) -> None:
        for number in range(10):
            card = f"{thread}-{number}"
            spooled.record([card_like(CARD, card)])
            assert spooled.record_feedback("calciphylaxis", [replace(ACCEPTED, card=card)], NOON) == []

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(write, thread) for thread in range(16)]:
            done.result()
    spooled.ship()
    stored = list(answers_in(spooled))
    assert len({kept.item.card for kept in stored}) == 160
    assert all(kept.known for kept in stored)


WRITER = """
    import sys
    from datetime import UTC, datetime
    from cds_service.storage import Database, FeedbackItem, EventLog

    store = EventLog(Database(sys.argv[1]))
    sys.stdin.readline()
    for number in range(int(sys.argv[3])):
        item = FeedbackItem(f"{sys.argv[2]}-{number}", "accepted", datetime.now(UTC), ("s-1",))
        store.record_feedback("calciphylaxis", [item], datetime.now(UTC))
    print("returned", flush=True)
    sys.stdin.readline()
"""


def writer(path: Path, name: str, times: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), f"sqlite:///{path}", name, str(times)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def start(process: "subprocess.Popen[str]") -> None:
    pipe(process.stdin).write("go\n")
    pipe(process.stdin).flush()


def test_feedback_survives_the_sudden_death_of_the_process(path: Path, store: EventLog) -> None:
    with writer(path, "dying", 1) as process:
        start(process)
        assert pipe(process.stdout).readline() == "returned\n"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert [kept.item.card for kept in answers_in(store)] == ["dying-0"]


def test_processes_that_open_a_new_database_and_write_at_once_lose_nothing(path: Path, store: EventLog) -> None:
    processes = [writer(path, f"writer{number}", 25) for number in range(3)]
    for process in processes:
        start(process)
    for process in processes:
        with process:
            assert pipe(process.stdout).readline() == "returned\n"
            start(process)
    assert len({kept.item.card for kept in answers_in(store)}) == 75
