"""The count of the kill rounds: what was acknowledged and is not there is lost, and nothing else is.

What may live here: the book and the verdict. The rounds themselves are played in tests/real/test_kill_rounds.py.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bench.kill_rounds import Outcome
from bench.other_calls import ALL, anew, shadow_in
from bench.stored import Kept, fault, kept_in
from bench.writers import Book, Tally
from cds_service import create_app
from cds_service.settings import Settings
from cds_service.storage import Database, EventLog, FeedbackItem, Kind
from tests.stored import shown_card

TOLD, UNTOLD, NEVER = ("a", "b"), ("c", "d"), ("e", "f")
BOOK = Book({TOLD, UNTOLD, NEVER}, {TOLD, UNTOLD}, {TOLD})
SOUND = Tally(cards=6, feedback=2, lost=0, twice=0, unacknowledged=0, half=0, strangers=0)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def kept(cards: str, feedback: str) -> Kept:
    return Kept(Counter(cards), Counter(feedback))


@pytest.mark.parametrize(
    ("stored", "tally"),
    [
        (kept("abcdef", "ab"), SOUND),
        (kept("abcdefg", "abcd"), replace(SOUND, unacknowledged=2)),
        (kept("abcdef", "abc"), replace(SOUND, unacknowledged=1, half=1)),
        (kept("abcdef", "b"), replace(SOUND, lost=1, half=1)),
        (kept("abcdef", ""), replace(SOUND, lost=2)),
        (kept("bcdef", "ab"), replace(SOUND, lost=1)),
        (kept("aabcdef", "ab"), replace(SOUND, twice=1)),
        (kept("abcdef", "abbb"), replace(SOUND, twice=1)),
        (kept("abcdefz", "abz"), SOUND),
    ],
    ids=[
        "as told", "more than told", "half of an answer", "half lost", "all feedback lost", "a card lost",
        "a card twice", "feedback twice", "of somebody else",
    ],
)  # fmt: skip
def test_the_book_is_compared_with_what_is_stored(stored: Kept, tally: Tally) -> None:
    assert BOOK.compared(stored) == tally


CALLS = Book(calls={"1": (Kind.ANSWERED, Kind.SUPPRESSED), "2": (Kind.ANSWERED, Kind.SUPPRESSED), "3": (Kind.REFUSED,)})
LEFT = {("1", "answered"): 1, ("1", "card-suppressed"): 2, ("2", "answered"): 1, ("2", "card-suppressed"): 2}
LEFT |= {("3", "refused"): 1, ("of somebody else", "answered"): 7}
NONE = replace(SOUND, cards=0, feedback=0)


@pytest.mark.parametrize(
    ("changed", "tally"),
    [
        ({}, NONE),
        ({("1", "answered"): 0}, replace(NONE, lost=1)),
        ({("2", "card-suppressed"): 0}, replace(NONE, lost=1)),
        ({("3", "refused"): 0}, replace(NONE, lost=1)),
        ({("2", "card-suppressed"): 1}, replace(NONE, half=1)),
        ({("1", "answered"): 2}, replace(NONE, twice=1)),
        ({("3", "refused"): 2}, replace(NONE, twice=1)),
    ],
    ids=["all", "an answer lost", "held cards lost", "a refusal lost", "half of the held", "twice", "refused twice"],
)
def test_calls_that_show_no_card_are_compared_too(changed: dict[tuple[str, str], int], tally: Tally) -> None:
    stored = Counter({call: count for call, count in (LEFT | changed).items() if count})
    assert CALLS.compared(Kept(calls=stored)) == tally


def test_each_other_call_leaves_the_events_that_it_is_said_to_leave(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    app = create_app(Settings(dev=True, database_url=url, site_policies=shadow_in(tmp_path)))
    wanted = set()
    for call in ALL:
        instance, body = anew(call.body)
        answer = app.test_client().post(call.path, data=body, content_type="application/json")
        assert (answer.status_code, answer.get_json().get("cards", [])) == (call.status, [])
        wanted |= {(instance, str(kind)) for kind in call.kinds}
    app.extensions["cds_event_log"].write_what_waits(5)
    app.extensions["cds_database"].close()
    assert kept_in(url).calls.keys() == wanted


def outcome(tally: Tally = SOUND, *, fault: str = "", refused: int = 0, orphans: int = 0) -> Outcome:
    others: Counter[str] = Counter({Kind.SUPPRESSED: 10, Kind.GAP: 1_100, Kind.ANSWERED: 5})
    return Outcome("SQLite", 5, tally, fault, 7, refused, [1.0, 3.0, 2.0], orphans, others)


def test_rounds_without_a_loss_are_well() -> None:
    assert outcome().is_well
    assert outcome(replace(SOUND, unacknowledged=2)).is_well


@pytest.mark.parametrize(
    "bad",
    [
        outcome(replace(SOUND, lost=1)),
        outcome(replace(SOUND, half=1)),
        outcome(replace(SOUND, twice=1)),
        outcome(replace(SOUND, strangers=1)),
        outcome(fault="page 3 is never used"),
        outcome(refused=1),
        outcome(orphans=1),
    ],
    ids=["lost", "half", "twice", "card not found", "a wreck", "refused", "orphans"],
)
def test_rounds_with_any_of_these_are_not(bad: Outcome) -> None:
    assert not bad.is_well


def test_a_row_names_all_of_it() -> None:
    told = replace(SOUND, cards=6_000, lost=1, twice=2, half=3, unacknowledged=4, strangers=5)
    row = "| SQLite | 2, 2, 1 | 7 | 6,000 | 2 | 10, 1,100, 0 | 1 | 2 | 3 | 4 | 5 | 6 | yes | 2.0, 3.0 | 0 |"
    assert outcome(told, refused=6).row() == row


def test_a_database_is_read_and_checked_past_the_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        log = EventLog(database)
        log.record([shown_card(card, "s", "hook", "vka-cua", "critical", NOON) for card in "ab"])
        log.record_feedback("s", [FeedbackItem("b", "accepted", NOON)], NOON)
        log.record_feedback("t", [FeedbackItem("b", "accepted", NOON)], NOON)
    assert kept_in(url) == kept("ab", "bb")
    assert fault(url) == ""


def test_a_file_that_is_spoilt_is_found_to_be(tmp_path: Path) -> None:
    path = tmp_path / "cards.sqlite3"
    url = f"sqlite:///{path}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE feedback (card_uuid TEXT PRIMARY KEY)"))
        for number in range(2_000):
            connection.execute(text("INSERT INTO feedback VALUES (:card)"), {"card": f"card {number} " + "x" * 50})
    engine.dispose()
    spoilt = bytearray(path.read_bytes())
    for place in range(20_000, 60_000):
        spoilt[place] ^= 0x5A
    path.write_bytes(bytes(spoilt))
    assert fault(url)
