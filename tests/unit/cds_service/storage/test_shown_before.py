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
from cds_service.storage.shown_before import overrides
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
    content={"advice": "k:advice"},
    patient="k:patient",
    user="k:user",
)
SHOWN = Shown("patient-view", "vka-dialysis", "warning", "k:advice", NOON, None)


def another(number: int, **changed: Any) -> Event:
    return replace(CARD, id=f"card-{number}", card_uuid=str(number), **changed)


UNREADABLE = "what was shown before cannot be read, so no card is held back as repeated"


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
        {"content": {}},
        {"kind": Kind.SUPPRESSED},
        {"at": SINCE - MOMENT},
    ],
    ids=["another patient", "another user", "nobody", "of a clinic that repeats", "held back", "too long ago"],
)
def test_nothing_else_is_found(changed: dict[str, Any], keep: Callable[..., None], before: ShownBefore) -> None:
    keep(another(2, **changed), another(3, at=SINCE))
    assert find(before) == [SHOWN._replace(at=SINCE)]


def test_all_names_of_a_patient_and_a_user_count(keep: Callable[..., None], before: ShownBefore) -> None:
    keep(CARD, another(2, patient="old:patient", user="old:user"))
    found = find(before, ["k:patient", "old:patient"], ["k:user", "old:user"])
    assert found == [SHOWN, SHOWN]


def test_an_override_is_found_with_the_moment_at_which_it_happened(
    spooled: EventLog, keep: Callable[..., None], before: ShownBefore
) -> None:
    keep(CARD, another(2))
    for card, outcome in (("1", "overridden"), ("2", "accepted")):
        spooled.record_feedback(CARD.service, [FeedbackItem(card, outcome, NOON)], NOON + MOMENT)
    assert sorted(one.overridden is not None for one in find(before)) == [False, True]
    spooled.ship()
    assert {one.overridden for one in find(before)} == {None, NOON}


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
            assert before.faults() == [UNREADABLE]
        seconds[0] += 60
        assert before.faults() == [], "nobody has asked for a minute"
    assert len(asked) == 2
    assert caplog.messages == [f"{UNREADABLE}: the database could not be used"]
    assert find(before) == []
    assert before.faults() == []
    assert caplog.messages[1:] == ["what was shown before can be read again"]


def answer(seconds: int, outcome: str, came: int | None = None) -> Event:
    """Feedback on one card, given so many seconds after noon, and come here then or later."""
    at = NOON + seconds * MOMENT
    came_at = at if came is None else NOON + came * MOMENT
    return Event("f", came_at, Kind.FEEDBACK, card_uuid="1", outcome=outcome, outcome_timestamp=at)


@pytest.mark.parametrize(
    ("answers", "overridden"),
    [
        ([], None),
        ([answer(1, "accepted")], None),
        ([answer(1, "overridden")], 1),
        ([answer(1, "overridden"), answer(2, "accepted")], None),
        ([answer(2, "accepted"), answer(1, "overridden")], None),
        ([answer(1, "accepted"), answer(2, "overridden")], 2),
        ([answer(1, "overridden", came=50)], 1),
        ([answer(50, "overridden", came=1)], 1),
    ],
    ids=["none", "accepted", "overridden", "then accepted", "in another order", "then overridden", "late", "ahead"],
)
def test_the_last_answer_to_a_card_decides_and_a_late_message_prolongs_nothing(
    answers: list[Event], overridden: int | None
) -> None:
    assert overrides(answers) == ({} if overridden is None else {"1": NOON + overridden * MOMENT})
