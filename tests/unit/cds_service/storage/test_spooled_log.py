"""With a spool, an outage of the database holds up no card and loses no record of one; nor does a sudden death."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cds_service.storage import Database, EventLog, FeedbackItem, Places, Spool, StoreError
from cds_service.storage.segment import Segment
from tests.stored import answers_in, card_like, shown_card
from tests.waiting import locked, until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "warfarin", "critical", NOON)
ACCEPTED = FeedbackItem("card-1", "accepted", NOON)
ROOT = Path(__file__).parents[4]


def kept(path: Path) -> list[str]:
    """The ids of all events in the database, as another process sees it."""
    with closing(sqlite3.connect(path)) as other:
        return [row[0] for row in other.execute("SELECT id FROM event ORDER BY rowid")]


@contextmanager
def asked_in_vain(log: EventLog) -> Iterator[None]:
    """The database takes its time to answer questions: the only one who may open it does not come back."""
    log._database.close()
    opening = log._database._opening
    with opening._lock:
        yield


def test_an_event_comes_to_the_database_by_itself(spooled: EventLog, path: Path, spool: Spool) -> None:
    spooled.record([CARD])
    until(lambda: path.exists() and spool.depth() == 0)
    assert kept(path) == ["card-card-1"]


def test_what_an_earlier_process_left_comes_to_the_database_without_another_call(
    database: Database, path: Path, spool: Spool
) -> None:
    nowhere = EventLog(Database("sqlite:////no/such/folder/db.sqlite3"), spool, retry_seconds=3600)
    nowhere.record([CARD])
    nowhere.stop()
    log = EventLog(database, spool)
    log.begin()
    until(lambda: path.exists() and spool.depth() == 0)
    assert kept(path) == ["card-card-1"]
    log.stop()


def test_in_an_outage_cards_and_feedback_are_kept_and_nobody_waits(spooled: EventLog, path: Path) -> None:
    spooled.record([card_like(CARD, "before")])
    spooled.ship()
    with locked(path):
        spooled.record([CARD])
        # It is known from the spool alone, so nobody is told that the card was never given.
        assert spooled.record_feedback("calciphylaxis", [ACCEPTED], NOON) == []
        with pytest.raises(StoreError):
            spooled.ship(0.05)
    spooled.ship()
    assert [(answer.known, answer.topic) for answer in answers_in(spooled)] == [(True, "warfarin")]
    assert spooled.lost == 0


def test_where_the_database_cannot_say_it_nobody_is_told_that_a_card_is_unknown(tmp_path: Path, spool: Spool) -> None:
    log = EventLog(Database(f"sqlite:///{tmp_path}/missing/db.sqlite3"), spool, retry_seconds=3600)
    assert log.record_feedback("calciphylaxis", [ACCEPTED], NOON) == []
    log.stop()


def test_feedback_holds_its_place_only_while_it_is_kept_not_while_the_database_is_asked(
    spooled: EventLog, path: Path
) -> None:
    spooled.record([card_like(CARD, "before")])
    spooled.ship()
    places = Places(1)
    with asked_in_vain(spooled), ThreadPoolExecutor(5) as threads:
        answers = [replace(ACCEPTED, card=f"card-{number}") for number in range(5)]
        given = [
            threads.submit(spooled.record_feedback, "calciphylaxis", [answer], NOON, place=places.one())
            for answer in answers
        ]
        # Two wait for the database; whoever finds them waiting is not told anything of the cards.
        until(lambda: sum(one.done() for one in given) == 3)
        assert [one.result() for one in given if one.done()] == [[]] * 3
    spooled.ship()
    assert len(list(answers_in(spooled))) == 5


@pytest.mark.parametrize(
    ("service", "client"), [("other", "urn:north"), ("calciphylaxis", "urn:south"), ("calciphylaxis", "")]
)
def test_a_card_in_the_spool_belongs_to_whom_it_was_given(service: str, client: str, spooled: EventLog) -> None:
    spooled.record([replace(CARD, client="urn:north")])
    assert spooled.record_feedback(service, [ACCEPTED], NOON, client) == ["card-1"]
    assert spooled.record_feedback("calciphylaxis", [ACCEPTED], NOON, "urn:north") == []


def test_the_same_event_shipped_twice_is_kept_once(spooled: EventLog, path: Path) -> None:
    for _ in range(2):
        spooled.record([CARD])
        spooled.record_feedback("calciphylaxis", [ACCEPTED], NOON)
        spooled.ship()
    assert len(kept(path)) == 2


def test_threads_that_ship_at_once_do_not_take_files_from_each_other(spooled: EventLog, path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        for number in range(40):
            spooled.record([card_like(CARD, f"card-{number}-{one}") for one in range(5)])
            for done in [threads.submit(spooled.ship) for _ in range(3)]:
                done.result()
    assert len(kept(path)) == 200


def test_a_process_that_stops_while_a_thread_ships_takes_no_file_from_it(
    spooled: EventLog, spool: Spool, path: Path
) -> None:
    spool.append([card_like(CARD, "before").line()])
    spooled.ship()
    spool.append([CARD.line()])
    with ThreadPoolExecutor(1) as threads:
        with locked(path):
            shipping = threads.submit(spooled.ship, 3.0)
            until(spooled._carrying._at_it.locked)
            with pytest.raises(StoreError, match="for too long"):
                spooled.write_what_waits(0.05)
        shipping.result()
    assert kept(path) == ["card-before", "card-card-1"]


def test_more_events_than_go_at_a_time_all_come_to_the_database(spooled: EventLog, path: Path) -> None:
    spooled.record([card_like(CARD, f"card-{number}") for number in range(1201)])
    spooled.ship()
    assert len(kept(path)) == 1201


def test_a_line_that_is_no_event_holds_up_no_other_and_stays(
    spooled: EventLog, spool: Spool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool.append([b"nonsense of Mrs Example", json.dumps({"id": 1}).encode()])
    spooled.record([CARD])
    spooled.ship()
    assert kept(path) == ["card-card-1"]
    (left,) = spool.folder.glob("*.unreadable")
    assert left.read_bytes() == b'nonsense of Mrs Example\n{"id": 1}\n', "and none that the database has"
    assert "2 lines of the spool are no events" in caplog.text
    assert "Mrs Example" not in caplog.text


# ------------------------------------------------------------------ a file that cannot be read
def left_behind(folder: Path, *cards: str) -> Path:
    """The file of a process that has ended."""
    earlier = Spool(folder, 1_000_000)
    earlier.append([card_like(CARD, card).line() for card in cards])
    earlier.close()
    return max(folder.glob("*.ndjson"))


@contextmanager
def on_a_bad_disk(bad: Path) -> Iterator[None]:
    """Every line of this file that is read ends with an error of the disk."""
    read = Segment.lines

    def lines(segment: Segment) -> Iterator[bytes]:
        yield from read(segment)
        if segment.path == bad:
            raise OSError(5, "Input/output error")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Segment, "lines", lines)
        yield


def test_a_file_that_cannot_be_read_holds_up_no_other_and_is_told_once(
    database: Database, spool: Spool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad, other = left_behind(spool.folder, "bad"), left_behind(spool.folder, "other")
    log = EventLog(database, spool, retry_seconds=3600)
    with on_a_bad_disk(bad):
        for number in range(3):
            spool.append([card_like(CARD, f"own-{number}").line()])
            log.ship()
    assert {"card-other", "card-own-0", "card-own-1", "card-own-2"} <= {*kept(path)}
    assert (bad.exists(), other.exists()) == (True, False)
    assert caplog.text.count("cannot be brought to the database") == 1
    log.ship()
    assert "card-bad" in kept(path)
    assert not bad.exists(), "as soon as it can be read"
    log.stop()


def test_a_file_that_cannot_be_removed_holds_up_no_other(database: Database, spool: Spool, path: Path) -> None:
    stays = left_behind(spool.folder, "stays")
    log = EventLog(database, spool, retry_seconds=3600)
    remove = Segment.remove

    def refused(segment: Segment) -> None:
        if segment.path == stays:
            raise PermissionError(1, "Operation not permitted")
        remove(segment)

    spool.append([card_like(CARD, "own").line()])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Segment, "remove", refused)
        with pytest.raises(StoreError, match="cannot be removed"):
            log.ship()
    assert kept(path) == ["card-stays", "card-own"]
    assert list(spool.folder.glob("*.ndjson")) == [stays]
    log.stop()


TEN_MINUTES = 600.0
LATE = ["events wait in the spool for more than 10 minutes"]


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def timed(database: Database, spool: Spool, seconds: list[float]) -> Iterator[EventLog]:
    """A log whose clock stands still; it ships when it is told to."""
    made = EventLog(database, spool, lambda: seconds[0], retry_seconds=3600)
    yield made
    made.stop()


def test_what_waits_for_more_than_ten_minutes_is_a_fault(timed: EventLog, spool: Spool, seconds: list[float]) -> None:
    spool.append([CARD.line()])
    seconds[0] = TEN_MINUTES
    assert timed.faults() == []
    seconds[0] += 1
    assert timed.faults() == LATE
    timed.ship()
    assert timed.faults() == []


def test_where_nothing_waits_nobody_is_late(timed: EventLog, spool: Spool, seconds: list[float]) -> None:
    spool.append([CARD.line()])
    timed.ship()
    seconds[0] = 10 * TEN_MINUTES
    assert timed.faults() == []


def test_a_worker_that_begins_counts_from_its_own_beginning(
    timed: EventLog, spool: Spool, path: Path, seconds: list[float]
) -> None:
    timed._database.make_ready()
    spool.append([CARD.line()])
    seconds[0] = 10 * TEN_MINUTES
    with locked(path):
        timed.begin()
        assert timed.faults() == []
        assert kept(path) == [], "and nothing has come to the database yet"


@pytest.mark.parametrize("fault", ["cannot be read", "cannot be opened"])
def test_what_nobody_can_bring_on_is_a_fault_however_often_all_else_is(
    fault: str, timed: EventLog, spool: Spool, seconds: list[float]
) -> None:
    bad = left_behind(spool.folder, "bad")
    if fault == "cannot be opened":
        bad.unlink()
        bad.mkdir()
    with on_a_bad_disk(bad):
        for seconds[0] in (0.0, TEN_MINUTES, TEN_MINUTES + 1):
            spool.append([CARD.line()])
            timed.ship()
        assert timed.faults() == LATE


class OnNoDisk(Database):
    """Commits, and the disk does not confirm it."""

    def to_disk(self) -> None:
        raise StoreError("the disk did not confirm what was written")


def test_what_the_disk_did_not_confirm_stays_in_the_spool_and_comes_again(path: Path, spool: Spool) -> None:
    with closing(OnNoDisk(f"sqlite:///{path}")) as database:
        log = EventLog(database, spool, retry_seconds=3600)
        spool.append([CARD.line()])
        with pytest.raises(StoreError, match="not confirm"):
            log.ship()
        assert kept(path) == ["card-card-1"]
    assert spool.depth() > 0
    with closing(Database(f"sqlite:///{path}")) as database:
        EventLog(database, spool, retry_seconds=3600).ship()
    assert spool.depth() == 0
    assert kept(path) == ["card-card-1"]


def test_feedback_that_the_disk_did_not_confirm_is_not_acknowledged(path: Path) -> None:
    with closing(OnNoDisk(f"sqlite:///{path}")) as database, pytest.raises(StoreError, match="not confirm"):
        EventLog(database).record_feedback("calciphylaxis", [ACCEPTED], NOON)


def test_an_event_that_no_database_takes_holds_up_no_other_and_stays(
    spooled: EventLog, spool: Spool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    odd = {"id": "odd", "at": first.isoformat(), "kind": "answered"}
    good = [card_like(CARD, str(number)).line() for number in range(3)]
    spool.append([good[0], json.dumps(odd).encode(), *good[1:]])
    spooled.ship()
    assert kept(path) == ["card-0", "card-1", "card-2"]
    assert [file.read_bytes() for file in spool.folder.glob("*.unreadable")] == [json.dumps(odd).encode() + b"\n"]
    assert list(spool.folder.glob("*.ndjson")) == []
    assert "1 lines of the spool are no events" in caplog.text


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "é", "\n", "a"])
def test_a_card_is_found_by_its_whole_name_however_that_is_written(odd: str, spooled: EventLog) -> None:
    spooled.record([card_like(CARD, odd), CARD])
    assert spooled.unknown("calciphylaxis", "", [odd, "card-1"]) == []
    assert spooled.unknown("calciphylaxis", "", ["card", "card-", f"{odd}{odd}"]) == ["card", "card-", f"{odd}{odd}"]


# ------------------------------------------------------------------ where the spool cannot be written
@pytest.fixture
def full(database: Database, tmp_path: Path) -> EventLog:
    now = [0.0]
    return EventLog(database, Spool(tmp_path / "full", 0), lambda: now[0], retry_seconds=3600)


def test_without_a_spool_events_go_straight_to_the_database(full: EventLog, path: Path) -> None:
    full.record([CARD])
    assert full.record_feedback("calciphylaxis", [ACCEPTED], NOON) == []
    assert len(kept(path)) == 2
    assert full.lost == 0
    with pytest.raises(StoreError, match="full"):
        full.try_out()


def test_where_neither_takes_it_the_loss_is_counted_and_logged(
    full: EventLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full.record([card_like(CARD, "before")])
    with locked(path):
        for _ in range(2):
            with pytest.raises(StoreError):
                full.record([CARD, card_like(CARD, "card-2")])
    assert full.lost == 4
    assert "2 events of a call are lost, 4 since the start: the database could not be used a moment ago" in caplog.text


def test_where_neither_takes_it_feedback_is_not_acknowledged(tmp_path: Path) -> None:
    log = EventLog(Database(f"sqlite:///{tmp_path}/missing/db.sqlite3"), Spool(tmp_path / "full", 0))
    with pytest.raises(StoreError):
        log.record_feedback("calciphylaxis", [ACCEPTED], NOON)
    assert log.lost == 0, "whoever sent it keeps it"


def test_feedback_that_the_database_has_is_acknowledged_where_the_spool_cannot_even_be_read(
    database: Database, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    log = EventLog(database, Spool(tmp_path / "file", 1_000_000))
    assert log.record_feedback("calciphylaxis", [ACCEPTED], NOON) == []
    assert len(kept(path)) == 1


def test_nothing_to_record_touches_nothing(spooled: EventLog, spool: Spool) -> None:
    spooled.record([])
    spooled.accept([])
    assert not spool.folder.exists()


# ------------------------------------------------------------------ the end of a process
def test_a_worker_that_ends_ships_what_it_can_and_leaves_the_rest(spooled: EventLog, spool: Spool, path: Path) -> None:
    spooled.record([card_like(CARD, "before")])
    spooled.ship()
    with locked(path):
        spooled.record([CARD])
        with pytest.raises(StoreError):
            spooled.write_what_waits(0.05)
    next_one = EventLog(Database(f"sqlite:///{path}"), Spool(spool.folder, 1_000_000))
    next_one.write_what_waits(5)
    # Or the thread that was just at it has done so.
    until(lambda: kept(path) == ["card-before", "card-card-1"])


DYING = """
    import os, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from cds_service.storage import Database, EventLog, FeedbackItem, Spool
    from tests.stored import shown_card

    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    log = EventLog(Database("sqlite:////no/such/folder/db.sqlite3"), Spool(Path(sys.argv[1]), 1_000_000))
    log.record([shown_card("card-1", "calciphylaxis", "hook-1", "warfarin", "critical", noon)])
    log.record_feedback("calciphylaxis", [FeedbackItem("card-1", "accepted", noon)], noon)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_acknowledged_survives_the_sudden_death_of_the_process(
    spooled: EventLog, spool: Spool, path: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DYING), str(spool.folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert spooled.record_feedback("calciphylaxis", [replace(ACCEPTED, outcome="overridden")], NOON) == []
    spooled.ship()
    assert len(kept(path)) == 3


def test_feedback_is_kept_where_the_system_has_no_fdatasync(spooled: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "fdatasync", raising=False)
    spooled.record_feedback("calciphylaxis", [ACCEPTED], NOON)
    assert [one.item for one in answers_in(spooled)] == [ACCEPTED]
