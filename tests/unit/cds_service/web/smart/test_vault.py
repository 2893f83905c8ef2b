"""The vault opens with the right key for the right row, once, and until it expires; else it tells nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.storage import Database, StoreError
from cds_service.web.smart.vault import Vault, VaultFull

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
END = int(NOW.timestamp()) + 60
CONTENT = {"token": "sesame-4711", "patient": "anna-7"}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    # As many places as threads use it: how long a place is waited for is held elsewhere.
    database = Database(f"sqlite:///{tmp_path}/vault.sqlite3", places=16)
    yield Vault(database, most=3)
    database.close()


def change(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "vault.sqlite3")) as connection:
        connection.execute(statement)
        connection.commit()


def test_what_was_sealed_is_read_with_its_key(vault: Vault) -> None:
    key = vault.put("session", "one", CONTENT, END, NOW)
    assert vault.read("session", "one", key, NOW) == CONTENT


@pytest.mark.parametrize("wrong", ["", "x", "x" * 43, "A" * 22, "ü", "!" * 43, "A" * 5000])
def test_another_key_opens_nothing_and_spoils_nothing(wrong: str, vault: Vault) -> None:
    key = vault.put("session", "one", CONTENT, END, NOW)
    assert vault.read("session", "one", wrong, NOW) is None
    assert vault.read("session", "one", key, NOW) == CONTENT


def test_each_row_has_a_key_of_its_own(vault: Vault) -> None:
    first, second = (vault.put("session", name, CONTENT, END, NOW) for name in ("one", "two"))
    assert first != second
    assert vault.read("session", "one", second, NOW) is None


def test_a_name_of_another_purpose_is_another_row(vault: Vault) -> None:
    key = vault.put("launch", "one", CONTENT, END, NOW)
    assert vault.read("session", "one", key, NOW) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "update smart_sealed set purpose = 'session'",
        "update smart_sealed set expires_at = expires_at + 3600",
        "update smart_sealed set sealed = zeroblob(length(sealed))",
        "update smart_sealed set sealed = x''",
    ],
)
def test_a_row_that_was_changed_in_the_database_opens_no_more(tampering: str, vault: Vault, tmp_path: Path) -> None:
    key = vault.put("launch", "one", CONTENT, END, NOW)
    change(tmp_path, tampering)
    assert vault.read("launch", "one", key, NOW) is None
    assert vault.read("session", "one", key, NOW) is None


def test_it_is_good_until_its_last_second(vault: Vault) -> None:
    key = vault.put("session", "one", CONTENT, END, NOW)
    assert vault.read("session", "one", key, NOW + timedelta(seconds=59)) == CONTENT
    assert vault.read("session", "one", key, NOW + timedelta(seconds=60)) is None
    assert vault.read("session", "one", key, NOW) is None, "what has expired is deleted"


def test_what_was_removed_is_gone_and_only_one_removes_it(vault: Vault) -> None:
    key = vault.put("launch", "one", CONTENT, END, NOW)
    assert [vault.remove("launch", "one") for _ in range(3)] == [True, False, False]
    assert vault.read("launch", "one", key, NOW) is None


def test_there_is_an_end_to_what_is_kept_until_something_expires(vault: Vault) -> None:
    for name in ("one", "two", "three"):
        vault.put("launch", name, CONTENT, END, NOW)
    with pytest.raises(VaultFull):
        vault.put("launch", "four", CONTENT, END, NOW)
    vault.put("session", "other", CONTENT, END, NOW)
    later = NOW + timedelta(seconds=60)
    assert vault.put("launch", "four", CONTENT, END + 60, later)


def test_what_was_used_was_used_once_until_it_expires(vault: Vault) -> None:
    assert [vault.use("one", END, NOW) for _ in range(3)] == [True, False, False]
    assert vault.use("two", END, NOW)
    assert vault.use("one", END + 60, NOW + timedelta(seconds=60))


def test_of_many_who_use_it_at_the_same_moment_one_is_the_first(vault: Vault) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(lambda _: vault.use("one", END, NOW), range(16))) == [False] * 15 + [True]


def test_what_led_to_nothing_may_be_used_again(vault: Vault) -> None:
    vault.use("one", END, NOW)
    vault.unuse("one")
    assert vault.use("one", END, NOW)


def test_what_was_used_takes_no_room_from_sessions(vault: Vault) -> None:
    for number in range(20):
        vault.use(str(number), END, NOW)
    assert vault.put("session", "one", CONTENT, END, NOW)


def test_the_secret_is_made_once_for_all_workers_and_outlives_everything(vault: Vault, tmp_path: Path) -> None:
    first = vault.secret()
    database = Database(f"sqlite:///{tmp_path}/vault.sqlite3")
    vault.put("session", "one", CONTENT, END + 10**9, NOW + timedelta(days=10_000))
    assert len(first) == 32
    assert first == vault.secret() == Vault(database).secret()
    database.close()


def test_workers_that_make_the_secret_at_the_same_moment_agree_on_one(tmp_path: Path) -> None:
    databases = [Database(f"sqlite:///{tmp_path}/vault.sqlite3") for _ in range(6)]
    databases[0].make_ready()
    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(lambda database: Vault(database).secret(), databases))) == 1
    for database in databases:
        database.close()


def test_two_installations_have_two_secrets(vault: Vault, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path}/other.sqlite3")
    assert vault.secret() != Vault(other).secret()
    other.close()


def test_nothing_of_it_lies_in_the_database_in_clear(vault: Vault, tmp_path: Path) -> None:
    key = vault.put("session", "the-name-of-it", CONTENT, END, NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [text for text in ("sesame-4711", "anna-7", "the-name-of-it", key) if text.encode() in stored]


def test_a_database_that_cannot_be_used_is_said_without_values(tmp_path: Path) -> None:
    vault = Vault(Database(f"sqlite:///{tmp_path}/missing/vault.sqlite3"))
    with pytest.raises(StoreError) as error:
        vault.put("session", "one", CONTENT, END, NOW)
    assert "sesame" not in str(error.value)
