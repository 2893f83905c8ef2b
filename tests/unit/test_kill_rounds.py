"""The count of the kill rounds: what was acknowledged and is not there is lost, and nothing else is.

What may live here: the book and the verdict. The rounds themselves are played in tests/real/test_kill_rounds.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bench.kill_rounds import Outcome
from bench.stored import cards_of_feedback, fault
from bench.writers import Book, Tally

TOLD, UNTOLD, NEVER = ("a", "b"), ("c", "d"), ("e", "f")
BOOK = Book({TOLD, UNTOLD, NEVER}, {TOLD})
SOUND = Tally(2, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("stored", "tally"),
    [
        ("ab", SOUND),
        ("abcd", Tally(2, 4, 0, 2, 0)),
        ("abc", Tally(2, 3, 0, 1, 1)),
        ("b", Tally(2, 1, 1, 0, 1)),
        ("", Tally(2, 0, 2, 0, 0)),
        ("abz", SOUND),
    ],
    ids=["as told", "more than told", "half of a pair", "half lost", "all lost", "of somebody else"],
)
def test_the_book_is_compared_with_what_is_stored(stored: str, tally: Tally) -> None:
    assert BOOK.compared(set(stored)) == tally


def outcome(tally: Tally = SOUND, *, twice: int = 0, fault: str = "", orphans: int = 0) -> Outcome:
    return Outcome("SQLite", 5, tally, twice, fault, 7, [1.0, 3.0, 2.0], orphans)


def test_rounds_without_a_loss_are_well() -> None:
    assert outcome().is_well
    assert outcome(Tally(2, 4, 0, 2, 0)).is_well


@pytest.mark.parametrize(
    "bad",
    [
        outcome(Tally(2, 1, 1, 0, 0)),
        outcome(Tally(2, 3, 0, 1, 1)),
        outcome(twice=1),
        outcome(fault="page 3 is never used"),
        outcome(orphans=1),
    ],
    ids=["lost", "half", "twice", "a wreck", "orphans"],
)
def test_rounds_with_any_of_these_are_not(bad: Outcome) -> None:
    assert not bad.is_well


def test_a_row_names_all_of_it() -> None:
    assert outcome().row() == "| SQLite | 3, 2 | 2 | 0 | 0 | 0 | 0 | 7 | yes | 2.0, 3.0 | 0 |"


def test_a_database_is_read_and_checked_past_the_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE feedback (card_uuid TEXT)"))
        connection.execute(text("INSERT INTO feedback VALUES ('a'), ('b'), ('b')"))
    engine.dispose()
    assert sorted(cards_of_feedback(url)) == ["a", "b", "b"]
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
