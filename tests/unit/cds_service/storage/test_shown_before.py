"""What was shown to one user on one patient is found, in the spool and in the database, or nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cds_service.storage import (
    Database,
    Event,
    EventLog,
    FeedbackItem,
    Kind,
    Shown,
    ShownBefore,
    ShownInLog,
    Spool,
    StoreError,
)
from cds_service.storage.waiting import RETRY_SECONDS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SINCE = NOON - timedelta(hours=8)
MOMENT = timedelta(seconds=1)
CARD = Event(
    "card-1",
    NOON,
    Kind.ISSUED,
    service="calciphylaxis-patient-view",
    hook="patient-view",
    topic="vka-dialysis",
    indicator="warning",
    card_uuid="1",
    facts="k:facts",
    patient="k:patient",
    user="k:user",
)
SHOWN = Shown("patient-view", "vka-dialysis", "warning", "k:facts", NOON, None)


def another(number: int, **changed: Any) -> Event:
    return replace(CARD, id=f"card-{number}", card_uuid=str(number), **changed)


@pytest.fixture
def before(database: Database, spool: Spool) -> ShownBefore:
    return ShownBefore(ShownInLog(database, spool))


@pytest.fixture(params=["in the spool", "in the database", "half way"])
def keep(request: pytest.FixtureRequest, spooled: EventLog) -> Callable[..., None]:
    """Keeps events, of which some are brought to the database."""

    def kept(*events: Event) -> None:
        for event in events:
            spooled.record([event])
            if request.param == "half way":
                spooled.ship()
        if request.param == "in the database":
            spooled.ship()

    spooled._shipping.close()
    return kept


def find(before: ShownBefore, patients: list[str] | None = None, users: list[str] | None = None) -> list[Shown]:
    return before.find(patients or ["k:patient"], users or ["k:user"], SINCE)


def test_where_nothing_was_shown_nothing_is_found(before: ShownBefore) -> None:
    assert find(before) == []


def test_a_card_is_found_once_wherever_it_is(keep: Callable[..., None], before: ShownBefore) -> None:
    keep(CARD)
    assert find(before) == [SHOWN]


@pytest.mark.parametrize(
    "changed",
    [
        {"patient": "k:another"},
        {"user": "k:another"},
        {"patient": None},
        {"facts": None},
        {"kind": Kind.SUPPRESSED},
        {"at": SINCE - MOMENT},
    ],
    ids=["another patient", "another user", "nobody", "no facts", "held back", "too long ago"],
)
def test_nothing_else_is_found(changed: dict[str, Any], keep: Callable[..., None], before: ShownBefore) -> None:
    keep(another(2, **changed), another(3, at=SINCE))
    assert find(before) == [SHOWN._replace(at=SINCE)]


def test_all_names_of_a_patient_and_a_user_count(keep: Callable[..., None], before: ShownBefore) -> None:
    keep(CARD, another(2, patient="old:patient", user="old:user"))
    found = find(before, ["k:patient", "old:patient"], ["k:user", "old:user"])
    assert found == [SHOWN, SHOWN]


def test_an_override_is_found_with_the_moment_at_which_it_came(
    spooled: EventLog, keep: Callable[..., None], before: ShownBefore
) -> None:
    keep(CARD, another(2))
    for card, outcome in (("1", "overridden"), ("2", "accepted")):
        spooled.record_feedback(CARD.service, [FeedbackItem(card, outcome, NOON)], NOON + MOMENT)
    assert sorted(one.overridden is not None for one in find(before)) == [False, True]
    spooled.ship()
    assert {one.overridden for one in find(before)} == {None, NOON + MOMENT}


def test_without_a_spool_the_database_alone_is_asked(database: Database, store: EventLog) -> None:
    store.record([CARD])
    assert find(ShownBefore(ShownInLog(database))) == [SHOWN]


def test_a_database_that_fails_is_left_alone_for_a_while_and_that_is_said_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    asked, seconds = [], [0.0]

    def away(*_: object) -> None:
        asked.append(1)
        raise StoreError("the database could not be used")

    before = ShownBefore(ShownInLog(database), clock=lambda: seconds[0])
    with monkeypatch.context() as patched:
        patched.setattr(database, "transact", away)
        for moment in (0.0, RETRY_SECONDS - 1, RETRY_SECONDS):
            seconds[0] = moment
            with pytest.raises(StoreError):
                find(before)
    assert len(asked) == 2
    assert caplog.messages == [
        "what was shown before cannot be read, so no card is held back as repeated: the database could not be used"
    ]
    seconds[0] += RETRY_SECONDS
    assert find(before) == []
    assert caplog.messages[1:] == ["what was shown before can be read again"]
