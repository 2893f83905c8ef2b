"""The page of counts takes little of the time of the process that answers cards, however often it is opened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service import create_app
from cds_service.reports import events_of_weeks
from cds_service.settings import Settings
from cds_service.storage import Event, EventLog, Kind, StoreError
from cds_service.web.feedback import choice, kept
from cds_service.web.feedback.kept import Busy, Kept
from tests.waiting import until

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Counting:
    """Seconds that pass while it counts, and how often it did."""

    def __init__(self) -> None:
        self.now, self.times = 1000.0, 0

    def __call__(self) -> float:
        return self.now

    def takes(self, seconds: float) -> Callable[[], int]:
        def make() -> int:
            self.now += seconds
            self.times += 1
            return self.times

        return make


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_what_is_counted_quickly_is_counted_anew_each_time(counting: Counting) -> None:
    answers = Kept(counting, counting)
    assert [answers.get("a", counting.takes(0.4)) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(("took", "kept_for"), [(0.5, 25), (2, 100), (6, 300), (60, 300)])
def test_what_takes_long_is_kept_fifty_times_as_long_and_five_minutes_at_most(
    took: float, kept_for: float, counting: Counting
) -> None:
    answers = Kept(counting, counting)
    answers.get("a", counting.takes(took))
    counting.now += kept_for - 0.1
    assert answers.get("a", counting.takes(took)) == 1
    counting.now += 0.1
    assert answers.get("a", counting.takes(took)) == 2


def test_what_a_server_works_out_counts_by_the_clock_and_a_busy_machine_does_not(counting: Counting) -> None:
    answers = Kept(counting, worked=lambda: 0.0)
    assert [answers.get("a", counting.takes(2.9)) for _ in range(2)] == [1, 2]
    assert [answers.get("b", counting.takes(3)) for _ in range(2)] == [3, 3]


def test_each_question_has_an_answer_of_its_own_and_the_oldest_is_given_up(counting: Counting) -> None:
    answers = Kept(counting, counting, most=2)
    assert [answers.get(name, counting.takes(2)) for name in "abcbca"] == [1, 2, 3, 2, 3, 4]


def test_an_error_is_not_kept(counting: Counting) -> None:
    answers = Kept(counting, counting)

    def fail() -> int:
        counting.now += 9
        raise StoreError("the database could not be used")

    with pytest.raises(StoreError):
        answers.get("a", fail)
    assert answers.get("a", counting.takes(2)) == 1


@contextmanager
def at_it(answers: Kept) -> Iterator[None]:
    """Somebody else counts for so long."""
    begun, done = threading.Event(), threading.Event()

    def make() -> None:
        begun.set()
        done.wait(30)

    other = threading.Thread(target=answers.get, args=("other", make))
    other.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        done.set()
        other.join()


def test_while_somebody_counts_others_get_what_was_kept_however_old_it_is_within_an_hour(counting: Counting) -> None:
    answers = Kept(counting, counting, wait_seconds=0)
    answers.get("a", counting.takes(2))
    counting.now += 3500
    with at_it(answers):
        assert answers.get("a", counting.takes(2)) == 1
        counting.now += 101
        with pytest.raises(Busy):
            answers.get("a", counting.takes(2))
    assert answers.get("a", counting.takes(2)) == 2


def test_where_nothing_is_kept_others_wait_for_their_turn_and_only_so_long(counting: Counting) -> None:
    answers = Kept(counting, counting, wait_seconds=0.01)
    with at_it(answers), pytest.raises(Busy):
        answers.get("a", counting.takes(2))
    assert counting.times == 0


def test_two_wait_and_no_more_since_the_other_threads_are_there_for_cards(counting: Counting) -> None:
    answers = Kept(counting, counting, wait_seconds=30)
    told: list[int] = []
    waiting = [threading.Thread(target=lambda: told.append(answers.get("a", counting.takes(2)))) for _ in range(2)]
    with at_it(answers):
        for one in waiting:
            one.start()
        until(lambda: answers._waiting._value == 0)
        with pytest.raises(Busy):
            answers.get("a", counting.takes(2))
    for one in waiting:
        one.join()
    assert told == [1, 1], "the second one takes what the first one made"


# ------------------------------------------------------------------ on the page
def test_two_who_look_within_minutes_get_the_same_counts_with_the_moment_at_which_they_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_QUICK_SECONDS", 0.0)
    monkeypatch.setattr(kept, "_SHARE", 1e-9)
    moments = iter([NOW + timedelta(minutes=number) for number in range(200)])
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    app = create_app(Settings(dev=True, pages=frozenset({"feedback"}), database_url=url), lambda: next(moments))
    times = count_reads(monkeypatch)
    with app.test_client() as visitor:
        record_a_call(app)
        first, second = (visitor.get("/feedback.json").get_json() for _ in range(2))
        page = visitor.get("/feedback").text
    assert times == [1]
    assert first["read_at"] == second["read_at"]
    assert first["read_at"][:16].replace("T", " ") in page
    close(app)


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    times: list[int] = []

    def counted(*arguments: Any) -> object:
        times.append(1)
        return events_of_weeks(*arguments)

    monkeypatch.setattr(choice, "events_of_weeks", counted)
    return times


def record_a_call(app: Flask) -> None:
    database = app.extensions["cds_database"]
    EventLog(database).record([Event("1", NOW, Kind.ANSWERED, service="a-service", hook="patient-view")])


def close(app: Flask) -> None:
    app.extensions["cds_database"].close()
    app.extensions["cds_fhir_client"].close()


def test_whoever_would_wait_too_long_is_told_to_look_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*arguments: object) -> object:
        raise Busy

    monkeypatch.setattr(Kept, "get", busy)
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    app = create_app(Settings(dev=True, pages=frozenset({"feedback"}), database_url=url), lambda: NOW)
    record_a_call(app)
    answer = app.test_client().get("/feedback")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "look again in a moment" in answer.text
    close(app)
