"""What a browser keeps for us opens for the name it was sealed for, until its time, by our secret; else never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.web.smart.seals import Seals, is_sealed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
END = int(NOW.timestamp()) + 60
CONTENT = {"verifier": "sesame-4711", "iss": "https://ehr.example/fhir"}


def secret() -> bytes:
    return b"s" * 32


def counting(values: list[bytes]) -> tuple[Callable[[], bytes], list[bytes]]:
    """Gives these secrets out, one after the other and the last again and again; and what it has given out."""
    given: list[bytes] = []

    def ask() -> bytes:
        given.append(values[min(len(given), len(values) - 1)])
        return given[-1]

    return ask, given


def test_what_one_worker_has_sealed_another_opens() -> None:
    sealed = Seals(secret).seal("launch", "one", CONTENT, END)
    assert Seals(secret).opened("launch", "one", sealed, NOW) == {**CONTENT, "until": END}


def test_it_shows_nothing_and_looks_new_each_time() -> None:
    first, second = (Seals(secret).seal("launch", "one", CONTENT, END) for _ in range(2))
    assert first != second
    assert len(set(first) & set('=;, "\\')) == 0, "fit for a cookie"
    assert "sesame" not in first


def test_it_is_good_until_its_last_second() -> None:
    seals = Seals(secret)
    sealed = seals.seal("launch", "one", CONTENT, END)
    assert seals.opened("launch", "one", sealed, NOW + timedelta(seconds=59)) is not None
    assert seals.opened("launch", "one", sealed, NOW + timedelta(seconds=60)) is None


@pytest.mark.parametrize(
    ("purpose", "name"), [("session", "one"), ("launch", "two"), ("launch", ""), ("launch", "\ud83d")]
)
def test_for_another_purpose_or_name_it_does_not_open(purpose: str, name: str) -> None:
    seals = Seals(secret)
    assert seals.opened(purpose, name, seals.seal("launch", "one", CONTENT, END), NOW) is None


@pytest.mark.parametrize("forged", ["", ".", "x", "x.y", "A" * 32 + ".", "ü.ü", "!." + "!" * 40, "A" * 5000, "a.b.c"])
def test_what_we_did_not_seal_opens_nothing(forged: str) -> None:
    assert Seals(secret).opened("launch", "one", forged, NOW) is None


def test_a_changed_letter_anywhere_closes_it_for_good() -> None:
    seals = Seals(secret)
    sealed = seals.seal("launch", "one", CONTENT, END)
    for place, sign in enumerate(sealed[:-1]):
        other = "A" if sign != "A" else "B"
        assert seals.opened("launch", "one", f"{sealed[:place]}{other}{sealed[place + 1 :]}", NOW) is None


def test_without_the_secret_of_this_installation_it_does_not_open() -> None:
    sealed = Seals(lambda: b"t" * 32).seal("launch", "one", CONTENT, END)
    assert Seals(secret).opened("launch", "one", sealed, NOW) is None


def test_the_secret_is_asked_for_once_and_again_where_something_does_not_open() -> None:
    ask, given = counting([b"s" * 32])
    seals = Seals(ask)
    assert given == []
    for _ in range(3):
        assert seals.opened("launch", "one", seals.seal("launch", "one", CONTENT, END), NOW)
    assert len(given) == 1
    seals.opened("launch", "one", "x.y", NOW)
    assert len(given) == 2


def test_after_a_change_of_the_secret_what_another_worker_seals_opens_here() -> None:
    old, new = b"s" * 32, b"t" * 32
    ask, _ = counting([old, new])
    seals = Seals(ask)
    seals.seal("launch", "one", CONTENT, END)
    assert seals.opened("launch", "two", Seals(lambda: new).seal("launch", "two", CONTENT, END), NOW)


def test_what_is_sealed_is_told_from_the_key_to_a_row() -> None:
    assert is_sealed(Seals(secret).seal("session", "one", CONTENT, END))
    assert not is_sealed("A-_" * 14)
