"""What is read for a report: which days, which tenant, what fell silent, and how little may be said of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import REPEATS
from cds_service.reports import Burden, Kinds, Period, burdens, days_of_the_log, fallen_silent, period_of
from cds_service.storage import Database, Event, EventCount, EventLog, Kind

BERLIN = ZoneInfo("Europe/Berlin")
LATE = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
"""In Berlin it is the next day."""
END = datetime(2026, 3, 31, tzinfo=UTC)
CALL = EventCount(Kind.ANSWERED, "northern", "a-service", "patient-view", "", "", "", 0, 1, END - timedelta(days=1))
LONG_AGO = END - timedelta(days=14, microseconds=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path}/cards.sqlite3")) as made:
        yield made


# ------------------------------------------------------------------ days
def days(database: Database, since: str = "", until: str = "", today: str = "2026-03-20") -> tuple[date, date] | None:
    first, last = (date.fromisoformat(one) if one else None for one in (since, until))
    found = period_of(database, BERLIN, first, last, date.fromisoformat(today))
    return (found.first, found.last) if found else None


def test_nothing_is_counted_of_an_empty_log(database: Database) -> None:
    assert days(database) is None


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("", "", "2026-03-02", "2026-03-20"),
        ("2026-01-01", "2026-12-31", "2026-03-02", "2026-03-20"),
        ("2026-03-05", "2026-03-07", "2026-03-05", "2026-03-07"),
        ("2026-03-07", "2026-03-07", "2026-03-07", "2026-03-07"),
    ],
)
def test_counted_is_what_was_asked_for_from_the_first_event_to_today(
    since: str, until: str, first: str, last: str, database: Database
) -> None:
    EventLog(database).record([Event("1", LATE, Kind.ANSWERED)])
    assert days(database, since, until) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(("since", "until"), [("", "2026-03-01"), ("2026-03-21", "")])
def test_a_range_outside_the_log_has_no_days(since: str, until: str, database: Database) -> None:
    EventLog(database).record([Event("1", LATE, Kind.ANSWERED)])
    assert days(database, since, until) is None


def test_the_days_that_the_page_offers_are_those_of_calls_and_cards(database: Database) -> None:
    """What was answered or judged a quarter later is counted with its card."""
    later = LATE + timedelta(days=100)
    answered, judged = Event("2", later, Kind.FEEDBACK), Event("3", later, Kind.REVIEWED)
    EventLog(database).record([Event("1", LATE, Kind.ANSWERED), answered, judged])
    assert days_of_the_log(database, BERLIN) == (date(2026, 3, 2), date(2026, 3, 2))


def test_a_period_begins_and_ends_at_midnight_there_and_is_cut_at_mondays() -> None:
    period = Period(date(2026, 3, 26), date(2026, 3, 31), BERLIN)
    assert [moment.isoformat() for moment in period.bounds] == [
        "2026-03-25T23:00:00+00:00",
        "2026-03-29T22:00:00+00:00",
        "2026-03-31T22:00:00+00:00",
    ]
    assert len(period.weeks) == 2


# ------------------------------------------------------------------ silence
def silent(*counts: EventCount, number: int = 14) -> list[tuple[Any, ...]]:
    return [(one.what, one.name, one.times, one.held_back) for one in fallen_silent(counts, END, number)]


@pytest.mark.parametrize(
    ("last", "told"),
    [(END - timedelta(days=14), []), (LONG_AGO, [("tenant", "", 1, "")])],
)
def test_a_tenant_is_silent_that_called_before_and_not_in_the_last_days(
    last: datetime, told: list[tuple[Any, ...]]
) -> None:
    assert silent(replace(CALL, last=last)) == told


def test_a_tenant_whose_calls_are_refused_is_not_silent() -> None:
    assert silent(replace(CALL, last=LONG_AGO), replace(CALL, kind=Kind.REFUSED)) == []


def test_a_service_and_a_topic_are_silent_while_the_tenant_calls() -> None:
    signed = replace(CALL, service="order-sign", last=LONG_AGO, times=3)
    shown = replace(CALL, kind=Kind.ISSUED, topic="vka-cua", last=LONG_AGO, times=2)
    again = replace(shown, topic="iron-cua", last=CALL.last)
    assert silent(CALL, signed, shown, again) == [("service", "order-sign", 3, ""), ("topic", "vka-cua", 2, "")]


def test_why_a_topic_was_held_back_since_is_told() -> None:
    shown = replace(CALL, kind=Kind.ISSUED, topic="vka-cua", last=LONG_AGO)
    held = replace(CALL, kind=Kind.SUPPRESSED, topic="vka-cua", reason="topic-off")
    before = replace(held, reason="shadow", last=LONG_AGO)
    assert silent(CALL, shown, held, before) == [("topic", "vka-cua", 1, "topic-off")]


@pytest.mark.parametrize("reason", sorted(REPEATS))
def test_a_topic_that_was_held_back_as_the_same_advice_again_is_not_silent(reason: str) -> None:
    """Its rule is at work, and its user has just seen what it says."""
    shown = replace(CALL, kind=Kind.ISSUED, topic="vka-cua", last=LONG_AGO)
    again = replace(CALL, kind=Kind.SUPPRESSED, topic="vka-cua", reason=reason)
    assert silent(CALL, shown, again) == []
    assert silent(CALL, shown, replace(again, tenant="another")) == [("topic", "vka-cua", 1, "")]
    assert silent(CALL, shown, replace(again, last=LONG_AGO)) == [("topic", "vka-cua", 1, "")]


def test_of_a_silent_tenant_its_services_and_topics_are_not_told_again() -> None:
    old = replace(CALL, last=LONG_AGO)
    assert silent(old, replace(old, kind=Kind.ISSUED, topic="vka-cua")) == [("tenant", "", 1, "")]


def test_nothing_has_fallen_silent_where_nothing_was() -> None:
    assert silent() == []


# ------------------------------------------------------------------ burden
def test_burden_divides_by_calls_of_the_hook_and_by_opened_charts_and_tells_what_was_held_back() -> None:
    select = replace(CALL, hook="order-select")
    card = replace(select, kind=Kind.ISSUED, indicator="warning", times=3)
    held = replace(select, kind=Kind.SUPPRESSED, indicator="critical", times=2)
    found = burdens([replace(CALL, times=10), replace(select, times=4), card, held, replace(CALL, kind=Kind.REFUSED)])
    assert found == [
        Burden("order-select", 4, 0, Kinds(3, 3, 0), Kinds(2, 2, 2), 10),
        Burden("patient-view", 10, 1, Kinds(), Kinds(), 10),
        Burden("", 14, 1, Kinds(3, 3, 0), Kinds(2, 2, 2), 10),
    ]
    assert found[0].of_100_calls(3) == 75
    assert found[0].of_100_charts(3) == 30


def test_burden_tells_what_was_held_back_as_the_same_advice_again() -> None:
    back = replace(CALL, kind=Kind.SUPPRESSED, indicator="warning")
    again = [replace(back, reason=reason, times=times) for times, reason in enumerate(sorted(REPEATS), start=2)]
    (_, whole) = burdens([CALL, replace(back, reason="shadow", times=30), *again])
    assert (whole.held_back, whole.repeated) == (Kinds(39, 39, 0), Kinds(9, 9, 0))


def test_without_calls_there_is_no_share() -> None:
    (whole,) = burdens([])
    assert whole == Burden("", 0, 0, Kinds(), Kinds(), 0)
    assert whole.of_100_calls(0) is None
    assert whole.of_100_charts(0) is None
