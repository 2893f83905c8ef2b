"""The vault opens with the right key for the right row, once, and until it expires; else it tells nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.storage.database import StoreError
from cds_service.web.smart.vault import Vault, VaultFull

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
END = int(NOW.timestamp()) + 60
CONTENT = {"token": "sesame-4711", "patient": "anna-7"}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = Vault(f"sqlite:///{tmp_path}/vault.sqlite3", most=3)
    yield made
    made.close()


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


def test_nothing_of_it_lies_in_the_database_in_clear(vault: Vault, tmp_path: Path) -> None:
    key = vault.put("session", "the-name-of-it", CONTENT, END, NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [text for text in ("sesame-4711", "anna-7", "the-name-of-it", key) if text.encode() in stored]


def test_a_database_that_cannot_be_used_is_said_without_values(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/missing/vault.sqlite3")
    with pytest.raises(StoreError) as error:
        vault.put("session", "one", CONTENT, END, NOW)
    assert "sesame" not in str(error.value)
