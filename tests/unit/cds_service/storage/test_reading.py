"""A database that is only read: nothing is made, nothing is changed, and whatever cannot be read is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from cds_service.storage import Database, EventLog, NothingThere, ReadOnly, StoreError, span
from cds_service.storage.migrating import VERSION_TABLE
from tests.stored import shown_card

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARD = shown_card("card-1", "calciphylaxis", "hook-1", "vka-cua", "critical", NOON)
RELEASE_0_1_0 = Path(__file__).with_name("release_0_1_0.sql").read_text(encoding="utf-8")


def reading(path: Path) -> ReadOnly:
    return ReadOnly(f"sqlite:///{path}")


def test_what_is_not_there_is_not_made(path: Path) -> None:
    with pytest.raises(NothingThere, match="there is no database"):
        span(reading(path))
    assert list(path.parent.iterdir()) == []


def test_what_is_there_is_read_and_nothing_is_left_beside_it(path: Path) -> None:
    with closing(Database(f"sqlite:///{path}")) as database:
        EventLog(database).record([CARD])
    before = path.read_bytes()
    assert span(reading(path)) == (NOON, NOON)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_it_is_read_while_the_service_writes(path: Path, store: EventLog) -> None:
    store.record([CARD])
    assert span(reading(path)) == (NOON, NOON)


def test_nothing_can_be_written(path: Path, store: EventLog) -> None:
    store.record([CARD])
    with pytest.raises(StoreError, match="could not be used"), reading(path).connected() as connection:
        connection.execute(text("DELETE FROM card"))
    assert span(reading(path)) == (NOON, NOON)


def test_an_empty_file_holds_no_database_of_ours(path: Path) -> None:
    path.touch()
    with pytest.raises(NothingThere, match="no table of this service"):
        span(reading(path))
    assert path.read_bytes() == b""


def test_what_is_no_database_at_all_cannot_be_read(path: Path) -> None:
    path.write_text("a letter to Mrs Example\n" * 100, "utf-8")
    with pytest.raises(StoreError, match="could not be used") as refused:
        span(reading(path))
    assert not isinstance(refused.value, NothingThere)
    assert "not a database" in refused.value.said


def test_the_database_of_an_earlier_release_is_told_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(RELEASE_0_1_0)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"earlier release .*calciphylaxis-cds database"):
        span(reading(path))
    assert path.read_bytes() == before


def test_the_database_of_a_newer_release_is_told(path: Path, store: EventLog) -> None:
    store.record([CARD])
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"UPDATE {VERSION_TABLE} SET version_num = '99'")
        newer.commit()
    with pytest.raises(StoreError, match="newer release"):
        span(reading(path))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////var/lib/cds/cards.sqlite3", "/var/lib/cds/cards.sqlite3"),
        ("sqlite:///file:/var/lib/cards.sqlite3?mode=ro&uri=true", "/var/lib/cards.sqlite3"),
        ("sqlite://", "the memory of this process"),
        ("postgresql+psycopg://cds:geheim@db.example:5433/cards", "PostgreSQL db.example:5433/cards"),
        ("postgresql+psycopg:///cards?password=geheim", "PostgreSQL of this machine/cards"),
    ],
)
def test_the_place_is_told_without_user_and_password(url: str, place: str) -> None:
    assert ReadOnly(url).place == place


def test_a_database_in_memory_holds_nothing() -> None:
    with pytest.raises(NothingThere):
        span(ReadOnly("sqlite://"))
