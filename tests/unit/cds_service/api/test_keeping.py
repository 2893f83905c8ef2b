"""What cannot be recorded withholds no card, and nothing of it is said but its kind."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.api.keeping import Keeping
from cds_service.storage import Database, Event, EventLog, Places, Pseudonyms, Readiness, StoreError


@pytest.fixture
def keeping() -> Keeping:
    log = EventLog(Database("sqlite:////no/such/folder/db.sqlite3"))
    return Keeping(log, Pseudonyms(), Places(1), Readiness(lambda: None), Readiness(log.try_out))


@pytest.mark.parametrize("fault", [ZeroDivisionError("Mrs Example"), KeyError("Mrs Example")])
def test_a_fault_in_the_telling_is_no_fault_of_the_advice(
    fault: Exception, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> Sequence[Event]:
        raise fault

    keeping.record(told)
    assert caplog.messages == [f"what happened in a call could not be recorded ({type(fault).__name__})"]


def test_an_event_that_nobody_takes_withholds_no_card(keeping: Keeping, caplog: pytest.LogCaptureFixture) -> None:
    event = Event("1", datetime(2026, 3, 2, tzinfo=UTC), "answered")
    keeping.record(lambda: [event])
    assert "1 events of a call are lost" in caplog.text


@pytest.mark.parametrize(
    ("database", "spool", "faults"),
    [
        (True, True, []),
        (False, True, ["the database cannot be written"]),
        (True, False, ["the spool cannot be written"]),
        (False, False, ["the database cannot be written", "the spool cannot be written"]),
    ],
)
def test_each_fault_is_told_by_itself(database: bool, spool: bool, faults: list[str]) -> None:
    def trial(works: bool) -> Any:
        def write() -> None:
            if not works:
                raise StoreError("no")

        return Readiness(write)

    log = EventLog(Database("sqlite://"))
    assert Keeping(log, Pseudonyms(), Places(1), trial(database), trial(spool)).faults() == faults
