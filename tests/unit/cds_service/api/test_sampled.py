"""One call in each second is looked at, and a clock that goes wrong does not end that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cds_service.api.sampled import Sampled

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_the_first_call_is_looked_at() -> None:
    assert Sampled().is_due(NOON)


@pytest.mark.parametrize(
    ("later", "is_due"),
    [
        (timedelta(), False),
        (timedelta(milliseconds=999), False),
        (timedelta(seconds=1), True),
        (timedelta(seconds=-1), True),
    ],
)
def test_the_next_one_is_looked_at_a_second_later(later: timedelta, is_due: bool) -> None:
    sampled = Sampled()
    assert sampled.is_due(NOON)
    assert sampled.is_due(NOON + later) is is_due


def test_calls_between_do_not_put_it_off() -> None:
    sampled = Sampled()
    looked_at = [sampled.is_due(NOON + timedelta(milliseconds=400 * number)) for number in range(7)]
    assert looked_at == [True, False, False, True, False, False, True]
