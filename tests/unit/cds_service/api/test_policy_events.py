"""A change of a site policy as an event: who answers for it is named, and each change is kept once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cds_service.api.policy_events import keep_policy_change, policy_event
from cds_service.knowledge import PolicyChange, SiteFacts
from cds_service.knowledge.policy_changes import Became
from cds_service.knowledge.switches import CriticalOff
from cds_service.storage import Database, EventLog, Kind, StoreError, audited_events
from cds_service.storage.event import event_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = [date(2026, 1, 10), date(2026, 1, 15), date(2027, 1, 10)]
SITE = SiteFacts("Dr Silva", "Dr Okoro", *DAYS)
CHANGE = PolicyChange(
    Became.CHANGED,
    NOON,
    "north.toml",
    "north",
    "v2",
    "v1",
    site=SITE,
    critical_off=CriticalOff(("Dr A", "Dr B"), "another system warns", ("vka-cua",)),
)


def test_the_event_says_what_became_of_which_file_and_who_answers_for_it() -> None:
    told = policy_event(CHANGE)
    assert (told.id, told.at, told.kind, told.tenant, told.policy) == (CHANGE.id, NOON, "policy-changed", "north", "v2")
    assert told.content == {
        "became": "changed",
        "file": "north.toml",
        "before": "v1",
        "owner": "Dr Silva",
        "approver": "Dr Okoro",
        "approved": "2026-01-10",
        "effective": "2026-01-15",
        "critical_off": {"people": ["Dr A", "Dr B"], "reason": "another system warns", "covers": ["vka-cua"]},
    }


def test_a_file_that_was_refused_has_nobody_and_a_kind_of_reason() -> None:
    told = policy_event(PolicyChange(Became.REFUSED, NOON, "new.toml", why="faulty"))
    assert (told.reason, told.tenant, told.policy) == ("faulty", "", "")
    assert told.content == {"became": "refused", "file": "new.toml"}


def test_what_several_workers_tell_is_kept_once(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/cds.sqlite3")) as database:
        database.make_ready()
        insist_on_one(EventLog(database), database)


def insist_on_one(store: EventLog, database: Database) -> None:
    for seconds in (0, 1):
        assert keep_policy_change(store, replace(CHANGE, at=NOON.replace(second=seconds)))
    (told,) = audited_events(database, kinds=[Kind.POLICY_CHANGED])
    assert told.content["owner"] == "Dr Silva"


def test_what_cannot_be_kept_is_said_and_told_again(caplog: pytest.LogCaptureFixture) -> None:
    class Away(EventLog):
        def accept(self, events: object) -> None:
            raise StoreError("away")

    assert not keep_policy_change(Away.__new__(Away), CHANGE)
    assert "north.toml: that this site policy was changed cannot be kept yet: away" in caplog.text


def test_its_line_in_the_spool_is_read_back() -> None:
    assert event_of(policy_event(CHANGE).line()) == policy_event(CHANGE)
