"""By which versions of the policy and the rules calls were answered: of whom, from when to when, how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.storage import Database, Event, EventLog, Kind, VersionCount, new_id, version_counts

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
CALL = Event("", MONDAY, Kind.ANSWERED, "urn:a", "northern", "s", "patient-view", policy="a1", rules="0.6.0")


def record(store: EventLog, **differs: Any) -> None:
    store.record([replace(CALL, id=new_id(), **differs)])


def counted(database: Database, tenants: set[str] | None = None) -> list[VersionCount]:
    return version_counts(database, MONDAY, MONDAY + 7 * DAY, tenants)


def test_calls_and_opened_charts_are_counted_for_each_tenant_and_version_with_the_first_and_the_last(
    store: EventLog, database: Database
) -> None:
    for at, hook in ((MONDAY + DAY, "patient-view"), (MONDAY, "order-sign"), (MONDAY + 2 * DAY, "patient-view")):
        record(store, at=at, hook=hook)
    record(store, at=MONDAY + 3 * DAY, kind=Kind.REFUSED)
    record(store, at=MONDAY + 4 * DAY, policy="b2")
    record(store, at=MONDAY + 5 * DAY, policy="b2", rules="0.7.0")
    record(store, tenant="", client="", policy="")
    assert counted(database) == [
        VersionCount("", "", "0.6.0", 1, 0, MONDAY, MONDAY, 1),
        VersionCount("northern", "a1", "0.6.0", 3, 1, MONDAY, MONDAY + 3 * DAY, 2),
        VersionCount("northern", "b2", "0.6.0", 1, 0, MONDAY + 4 * DAY, MONDAY + 4 * DAY, 1),
        VersionCount("northern", "b2", "0.7.0", 1, 0, MONDAY + 5 * DAY, MONDAY + 5 * DAY, 1),
    ]
    assert [one.tenant for one in counted(database, {"northern"})] == ["northern"] * 3


def test_a_call_outside_the_time_and_what_is_no_call_tell_of_no_version(store: EventLog, database: Database) -> None:
    record(store, at=MONDAY - timedelta(microseconds=1))
    record(store, at=MONDAY + 7 * DAY)
    for kind in (Kind.ISSUED, Kind.FEEDBACK, Kind.SUPPRESSED, Kind.SWITCHED, Kind.GAP):
        record(store, kind=kind)
    assert counted(database) == []
