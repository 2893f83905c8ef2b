"""A code that could be a name is vouched for by many patients, and nothing of these is remembered."""

from __future__ import annotations

import pytest

from cds_service.unknown_codes import crowd as module
from cds_service.unknown_codes.crowd import FEWEST_PATIENTS, Crowd


def seen(crowd: Crowd, code: str, patients: range) -> list[bool]:
    return [crowd.vouches_for(code, ("server", str(number))) for number in patients]


def test_it_is_vouched_for_from_the_fifth_patient_on() -> None:
    crowd = Crowd()
    assert seen(crowd, "PHOS", range(7)) == [False] * 4 + [True] * 3
    assert seen(crowd, "PHOS", range(1)) == [True]
    assert seen(crowd, "SMITH", range(1)) == [False]


def test_one_patient_however_often_is_one() -> None:
    crowd = Crowd()
    assert not any(seen(crowd, "SMITH", range(1))[0] for _ in range(50))


def test_no_id_is_remembered() -> None:
    crowd = Crowd()
    seen(crowd, "PHOS", range(4711, 4714))
    # Numbers alone: those of a keyed hash, which may hold any digits.
    (kept,) = crowd._few.values()
    assert not {4711, 4712, 4713, "4711", "4712", "4713"} & {*kept}
    assert all(isinstance(one, int) for one in kept)
    seen(crowd, "PHOS", range(FEWEST_PATIENTS))
    assert crowd._few == {}, "of those that were enough not even a number is left"


def test_what_was_seen_first_is_forgotten_where_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CODES", 3)
    crowd = Crowd()
    for code in "abcde":
        seen(crowd, code, range(4))
    assert list(crowd._few) == ["c", "d", "e"]
    for code in "vwxyz":
        seen(crowd, code, range(5))
    assert list(crowd._many) == ["x", "y", "z"]
