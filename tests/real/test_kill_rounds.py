"""A few rounds of `make kill-rounds`: what was acknowledged outlives the sudden death of a service under load."""

from __future__ import annotations

import time

import pytest

from bench.kill_rounds import Outcome, play
from cds_service.storage import Kind
from tests.real.databases import Postgresql

pytestmark = [pytest.mark.real, pytest.mark.alone]

ROUNDS, WRITERS, MOST_SECONDS = 10, 8, 300.0


def check(outcome: Outcome) -> None:
    assert outcome.rounds == ROUNDS, outcome
    assert outcome.tally.cards > 0
    assert outcome.tally.feedback > 0
    assert all(outcome.others[kind] > 0 for kind in (Kind.SUPPRESSED, Kind.GAP, Kind.REFUSED)), outcome
    assert outcome.tally.lost == 0, outcome
    assert outcome.is_well, outcome


def test_nothing_acknowledged_is_lost_on_sqlite() -> None:
    check(play("SQLite", "", ROUNDS, WRITERS, time.monotonic() + MOST_SECONDS))


def test_nothing_acknowledged_is_lost_on_postgresql(postgresql: Postgresql) -> None:
    check(play("PostgreSQL", postgresql.url, ROUNDS, WRITERS, time.monotonic() + MOST_SECONDS))
