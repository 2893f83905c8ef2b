"""Which charts stand beside cards that were held back: those that were opened while they could be, by that tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import REPEATS
from cds_service.reports import Held, held_of
from cds_service.storage import Database, Event, EventLog, Kind, new_id, version_counts

BEGIN, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
NOON = BEGIN + timedelta(days=7, hours=12)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OPENED = Event("", NOON, Kind.ANSWERED, "urn:north", "north", "a-service", "patient-view", policy="a1", rules="0.6.0")
SHADOW = replace(OPENED, kind=Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical")
KILLED = replace(SHADOW, reason="kill-switch")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path}/cards.sqlite3")) as made:
        yield made


def found(database: Database, *events: Event) -> list[Held]:
    EventLog(database).record([replace(one, id=new_id()) for one in events])
    versions = version_counts(database, BEGIN, END)
    return held_of(database, BEGIN, END, ZoneInfo("Europe/Berlin"), versions)


def charts(database: Database, *events: Event) -> list[int]:
    return [one.charts for one in found(database, *events)]


def switched(way: str, at: datetime, topic: str = "", tenant: str = "") -> Event:
    return Event("", at, Kind.SWITCHED, topic=topic, tenant=tenant, content={"switched": way})


# ------------------------------------------------------------------ by the version of the policy
def test_charts_are_those_that_the_tenant_opened_under_the_versions_that_held_back(database: Database) -> None:
    trial, after = replace(OPENED, policy="b2"), replace(OPENED, policy="c3")
    others = replace(OPENED, tenant="south", client="urn:south", policy="b2")
    held = replace(SHADOW, policy="b2")
    told = found(database, OPENED, OPENED, trial, trial, trial, after, others, held, held)
    assert told == [Held("north", "shadow", "patient-view", "vka-cua", "critical", 2, 3, frozenset({"b2"}))]


def test_only_answered_calls_of_patient_view_are_opened_charts(database: Database) -> None:
    refused, picked = replace(OPENED, kind=Kind.REFUSED), replace(OPENED, hook="order-select")
    assert charts(database, OPENED, refused, picked, SHADOW) == [1]


def test_each_reason_has_the_versions_under_which_it_held_back(database: Database) -> None:
    off = replace(SHADOW, reason="topic-off", policy="b2")
    assert charts(database, OPENED, SHADOW, *[replace(OPENED, policy="b2")] * 3, off) == [1, 3]


@pytest.mark.parametrize("reason", sorted(REPEATS))
def test_the_same_advice_again_is_counted_by_why_beside_the_charts_of_the_policy_that_asks_for_it(
    reason: str, database: Database
) -> None:
    asking = replace(OPENED, policy="b2")
    again = replace(SHADOW, reason=reason, policy="b2", indicator="warning")
    told = found(database, OPENED, *[asking] * 4, again, again, again)
    assert [(one.why, one.times, one.charts) for one in told] == [(reason, 3, 4)]


# ------------------------------------------------------------------ the kill switch
def test_charts_of_the_kill_switch_are_those_between_off_and_on(database: Database) -> None:
    off, on = switched("off", NOON - HOUR), switched("on", NOON + HOUR)
    before, after = replace(OPENED, at=NOON - 2 * HOUR), replace(OPENED, at=NOON + 2 * HOUR)
    assert charts(database, before, off, OPENED, OPENED, KILLED, on, after) == [2]


def test_what_was_switched_off_before_the_range_and_still_is_counts_from_its_beginning(database: Database) -> None:
    early, late = replace(OPENED, at=BEGIN), replace(OPENED, at=END - HOUR)
    assert charts(database, switched("off", BEGIN - 40 * DAY), early, OPENED, KILLED, late) == [3]


def test_switchings_of_other_topics_and_tenants_do_not_count(database: Database) -> None:
    ours = [switched("off", NOON - HOUR, "vka-cua", "north"), switched("on", NOON + HOUR, "vka-cua", "north")]
    others = [switched("off", BEGIN, "iron-cua"), switched("off", BEGIN, "vka-cua", "south")]
    assert charts(database, *ours, *others, OPENED, KILLED, replace(OPENED, at=NOON + 2 * DAY)) == [1]


def test_what_the_default_was_switched_off_counts_where_nothing_else_tells_why(database: Database) -> None:
    default = [switched("off", NOON - 3 * HOUR, tenant="default"), switched("on", NOON + 3 * HOUR, tenant="default")]
    around = [replace(OPENED, at=NOON - 2 * HOUR), OPENED, KILLED]
    assert charts(database, *default, *around) == [2]
    own = [switched("off", NOON - HOUR, tenant="north"), switched("on", NOON + HOUR, tenant="north")]
    assert charts(database, *own) == [1]


def test_without_the_switchings_charts_of_the_days_of_the_first_to_the_last_card_count(database: Database) -> None:
    """Days of the clinic: in Berlin 2026-03-09 begins an hour earlier."""
    day = [replace(OPENED, at=NOON.replace(hour=0) - HOUR), OPENED, replace(OPENED, at=NOON + DAY)]
    others = [replace(OPENED, at=NOON.replace(hour=0) - 2 * HOUR), replace(OPENED, at=NOON + 2 * DAY)]
    assert charts(database, *day, *others, KILLED, replace(KILLED, at=NOON + DAY)) == [3]


def test_a_worker_may_hold_back_for_some_seconds_around_a_switching(database: Database) -> None:
    off, on = switched("off", NOON), switched("on", NOON + HOUR)
    held = [replace(KILLED, at=NOON - timedelta(seconds=1)), replace(KILLED, at=on.at + timedelta(seconds=2))]
    assert charts(database, off, on, *held, replace(OPENED, at=NOON + 3 * HOUR), OPENED) == [1]
