"""What cannot be recorded withholds no card, and nothing of it is said but its kind."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.api.keeping import Keeping
from cds_service.storage import (
    Database,
    Event,
    EventLog,
    Places,
    Pseudonyms,
    Readiness,
    ShownBefore,
    ShownInLog,
    StoreError,
)

BEFORE = ShownBefore(ShownInLog(Database("sqlite://")))


@pytest.fixture
def keeping() -> Keeping:
    log = EventLog(Database("sqlite:////no/such/folder/db.sqlite3"))
    return Keeping(log, Pseudonyms(), BEFORE, Places(1), Readiness(lambda: None), Readiness(log.try_out))


@pytest.mark.parametrize("fault", [ZeroDivisionError("Mrs Example"), KeyError("Mrs Example")])
def test_a_fault_in_the_telling_is_no_fault_of_the_advice(
    fault: Exception, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> Sequence[Event]:
        raise fault

    keeping.record(told)
    assert caplog.messages == [f"what happened in a call could not be recorded ({type(fault).__name__})"]
    assert keeping.log.lost == 1, "at least"


def test_what_could_not_be_recorded_is_told_as_a_fault_for_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    seconds = [0.0]
    log = EventLog(Database("sqlite://"), clock=lambda: seconds[0])
    keeping = Keeping(log, Pseudonyms(), BEFORE, Places(1), Readiness(lambda: None), Readiness(log.try_out))
    without_zone = Event("1", datetime(2026, 3, 2), "answered")  # noqa: DTZ001 (that is the fault)
    assert keeping.faults() == []
    keeping.record(lambda: [without_zone, without_zone])
    assert log.lost == 2
    assert "could not be recorded" in caplog.text
    seconds[0] = 59
    assert keeping.faults() == ["events of calls cannot be made"]
    seconds[0] = 60
    assert keeping.faults() == []


def test_an_event_that_nobody_takes_withholds_no_card(keeping: Keeping, caplog: pytest.LogCaptureFixture) -> None:
    event = Event("1", datetime(2026, 3, 2, tzinfo=UTC), "answered")
    keeping.record(lambda: [event])
    assert "1 events of a call are lost" in caplog.text
    assert keeping.log.lost == 1
    assert keeping.log.faults() == [], "that it cannot be written is told for as long as that lasts"


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
    assert Keeping(log, Pseudonyms(), BEFORE, Places(1), trial(database), trial(spool)).faults() == faults
