"""What many readers are told beside the cards: no number from 1 to 4, and none from which one could be worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.reports import Held, Report, Silent, TablesForMany, named_by_code, plain, report_of, tables_for_many
from cds_service.storage import CardCount, EventCount, Kind, Unmapped, UnmappedCount, VersionCount
from tests.unit.cds_service.reports.counting import WEEKS, count

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALL = EventCount(Kind.ANSWERED, "", "a-service", "patient-view", "", "", "", 0, 1, NOON)
UTC_ZONE = ZoneInfo("UTC")


def shown(times: int, hook: str = "patient-view", indicator: str = "critical", topic: str = "vka-cua") -> CardCount:
    return replace(count(topic, times=times, indicator=indicator), hook=hook)


def report(*counts: CardCount) -> Report:
    return report_of(counts, WEEKS, named_by_code).without_small_numbers()


def told(
    cards: Sequence[CardCount] = (),
    events: Sequence[EventCount] = (),
    silent: Sequence[Silent] = (),
    unmapped: Unmapped | None = None,
    versions: Sequence[VersionCount] | None = None,
    held: Sequence[Held] = (),
) -> TablesForMany:
    if versions is None:
        versions = [version(times)] if (times := sum(one.times for one in events if one.kind == Kind.ANSWERED)) else []
    return tables_for_many(report(*cards), events, versions, silent, unmapped or Unmapped(), held, (), UTC_ZONE)


def version(answered: int, policy: str = "a1", first: datetime = NOON, last: datetime = NOON) -> VersionCount:
    return VersionCount("northern", policy, "0.6.0", answered, 0, first, last)


def back(times: int, charts: int = 40, **differs: Any) -> Held:
    """Cards in shadow mode."""
    shadow = Held("northern", "shadow", "patient-view", "vka-cua", "critical", times, charts, frozenset({"a1"}))
    return replace(shadow, **differs)


def rows(of: TablesForMany, name: str) -> list[list[Any]]:
    return [[plain(value) for value in row] for row in of.tables[name].rows]


def test_nothing_is_an_empty_table_of_each_kind() -> None:
    empty = told()
    assert [name for name, table in empty.tables.items() if table.rows] == ["charts"]
    assert rows(empty, "charts") == [[name, 0, 0, 0, None] for name in ("all", "warning or critical", "critical")]
    assert (empty.answered, empty.opened, empty.looked_at) == (0, 0, 0)


def test_burden_is_told_for_each_hundred_charts_and_calls() -> None:
    cards = [shown(20), shown(10, indicator="warning"), shown(30, "order-select", "info")]
    events = [replace(CALL, times=200), replace(CALL, hook="order-select", times=50)]
    found = told(cards, events)
    assert rows(found, "charts") == [
        ["all", 60, 0, 0, 30.0],
        ["warning or critical", 30, 0, 0, 15.0],
        ["critical", 20, 0, 0, 10.0],
    ]
    assert rows(found, "burden") == [
        ["order-select", 50, 30, 0, 0, 0, 60.0, 0.0, 0.0],
        ["patient-view", 200, 30, 30, 20, 0, 15.0, 15.0, 10.0],
    ]


def test_of_few_calls_no_share_is_told() -> None:
    assert rows(told([shown(20)], [replace(CALL, times=4)]), "burden") == [
        ["patient-view", "fewer than 5", 20, 20, 20, 0, None, None, None]
    ]


def test_where_an_earlier_release_kept_cards_and_no_calls_nothing_is_divided() -> None:
    assert rows(told([shown(20, hook="")], [replace(CALL, times=40)]), "charts")[0] == ["all", 20, 0, 0, None]


def test_each_version_of_the_policy_is_told_with_its_weeks_and_calls() -> None:
    later = NOON + timedelta(days=7)
    versions = [version(20, "a1", NOON, NOON), version(30, "b2", later, later)]
    assert rows(told(events=[replace(CALL, times=50)], versions=versions), "policy") == [
        ["a1", "0.6.0", "2026-W48", "2026-W48", 20],
        ["b2", "0.6.0", "2026-W49", "2026-W49", 30],
    ]


def test_a_version_stands_once_where_a_tenant_has_two_names_in_the_log() -> None:
    later = NOON + timedelta(days=7)
    versions = [replace(version(30, first=later, last=later), tenant="urn:issuer"), version(20)]
    found = told(events=[replace(CALL, times=50)], versions=versions)
    assert rows(found, "policy") == [["a1", "0.6.0", "2026-W48", "2026-W49", 50]]


def test_a_version_with_few_calls_cannot_be_worked_out_from_all_calls_hooks_and_other_versions() -> None:
    found = told(events=[replace(CALL, times=53)], versions=[version(3, "a1"), version(50, "b2")])
    assert [row[-1] for row in rows(found, "policy")] == ["fewer than 5", "withheld"]
    assert (found.answered, found.opened) == (53, 53)
    assert [row[-1] for row in rows(told(events=[replace(CALL, times=9)], versions=[version(9)]), "policy")] == [9]


def test_a_hook_with_few_calls_cannot_be_worked_out_from_all_calls() -> None:
    found = told([shown(20, "order-sign")], [replace(CALL, times=3), replace(CALL, hook="order-sign", times=50)])
    by_hook = {row[0]: row[1:] for row in rows(found, "burden")}
    assert (by_hook["patient-view"][0], by_hook["order-sign"][0]) == ("fewer than 5", "withheld")
    assert by_hook["order-sign"][-3:] == [None, None, None], "cards for each 100 calls would tell the calls"
    assert found.answered == 53


@pytest.mark.parametrize(("times", "said"), [(4, "fewer than 5"), (5, 5)])
@pytest.mark.parametrize(("kind", "table"), [(Kind.GAP, "gap"), (Kind.REFUSED, "refusal")])
def test_small_numbers_of_events_are_not_told(kind: Kind, table: str, times: int, said: str | int) -> None:
    found = told(events=[replace(CALL, kind=kind, reason="shadow", topic="vka-cua", times=times)])
    assert rows(found, table)[0][-1] == said


# ------------------------------------------------------------------ held back
def test_cards_held_back_are_told_for_each_hundred_charts_opened_meanwhile() -> None:
    found = told(events=[replace(CALL, times=100)], versions=[version(40), version(60, "b2")], held=[back(20)])
    assert rows(found, "held-back") == [["shadow", "vka-cua", "critical", 20, 40, 50.0]]


def test_few_or_no_cards_are_no_quiet_time_where_many_were_held_back() -> None:
    held = [back(20, hook="order-sign"), back(6, topic="iron", indicator="info")]
    found = told(events=[replace(CALL, times=40), replace(CALL, hook="order-sign", times=30)], held=held)
    assert [row[2] for row in rows(found, "charts")] == [26, 20, 20]
    assert [(row[0], row[2], row[5]) for row in rows(found, "burden")] == [
        ("order-sign", 0, 20),
        ("patient-view", 0, 6),
    ]


def test_what_was_the_same_advice_again_is_told_beside_all_that_was_held_back() -> None:
    held = [back(20), back(6, why="shown-before", indicator="warning"), back(9, why="overridden-before", topic="iron")]
    found = told(events=[replace(CALL, times=40)], held=held)
    assert [row[2:4] for row in rows(found, "charts")] == [[35, 15], [35, 15], [29, 9]]


def test_a_sum_of_what_was_the_same_advice_again_gives_no_small_number_away() -> None:
    found = told(events=[replace(CALL, times=40)], held=[back(20), back(3, why="shown-before"), back(9, why="role")])
    assert [row[3] for row in rows(found, "charts")] == ["withheld"] * 3


@pytest.mark.parametrize(("times", "said"), [(4, "fewer than 5"), (5, 5)])
def test_few_cards_held_back_are_not_told(times: int, said: str | int) -> None:
    found = told(events=[replace(CALL, times=40)], held=[back(times)])
    assert [row[3] for row in rows(found, "held-back")] == [said]
    assert [row[5] for row in rows(found, "burden")] == [said]


def test_few_cards_held_back_cannot_be_worked_out_from_their_hooks_and_sums() -> None:
    held = [back(30), back(3, topic="iron", indicator="info"), back(20, topic="calcium-restrict")]
    found = told(events=[replace(CALL, times=40)], held=held)
    assert sorted(str(row[3]) for row in rows(found, "held-back")) == ["20", "30", "fewer than 5"]
    (hook,) = rows(found, "burden")
    assert hook[5] == "withheld", "it says less than the cards do"
    assert [row[2] for row in rows(found, "charts")] == ["withheld", 50, 50]


@pytest.mark.parametrize(
    ("charts", "said"), [(0, 0), (4, "fewer than 5"), (5, 5), (35, 35), (36, "withheld"), (39, "withheld"), (40, 40)]
)
def test_charts_opened_meanwhile_give_no_few_others_away(charts: int, said: str | int) -> None:
    found = told(events=[replace(CALL, times=40)], held=[back(20, charts)])
    (row,) = rows(found, "held-back")
    assert row[4] == said
    assert (row[5] is None) == (charts not in (5, 35, 40))


def test_charts_of_versions_and_reasons_that_differ_by_a_few_are_not_told_together() -> None:
    held = [back(20, 20), back(9, 23, why="topic-off", policies=frozenset({"a1", "b2"}))]
    found = told(events=[replace(CALL, times=50)], versions=[version(20), version(30, "b2")], held=held)
    assert [row[4] for row in rows(found, "held-back")] == [20, "withheld"]
    few = told(events=[replace(CALL, times=53)], versions=[version(50), version(3, "b2")], held=[back(20, 40)])
    assert [row[4] for row in rows(few, "held-back")] == ["withheld"], "the calls of that version are withheld"


def test_charts_of_a_tenant_with_two_names_in_the_log_are_added_up() -> None:
    held = [back(8, 12), back(8, 10, tenant="urn:north"), back(4, 12, topic="iron", indicator="info")]
    found = told(events=[replace(CALL, times=22)], held=held)
    assert [row[3:] for row in rows(found, "held-back")] == [
        ["fewer than 5", 22, None],
        [16, 22, pytest.approx(1600 / 22)],
    ]


def test_a_hook_with_few_cards_cannot_be_worked_out_from_the_others() -> None:
    found = report(shown(3), shown(20, "order-select"), shown(30, "order-sign"))
    assert [plain(number) for number in found.hooks.values()] == ["withheld", 30, "fewer than 5"]


def test_a_card_that_was_shown_a_few_times_cannot_be_worked_out_from_its_hook() -> None:
    few = report(shown(3, topic="a"), shown(30, topic="b", indicator="warning"))
    assert plain(few.cards["a", "critical"].shown) == "fewer than 5"
    assert plain(few.hook_indicators["patient-view", "critical"]) == "fewer than 5"
    assert plain(few.hook_indicators["patient-view", "warning"]) == "withheld"
    # One hook, one indicator: what is told of the hook is what is told of the cards together.
    beside_it = report(shown(3, topic="a"), shown(30, topic="b"))
    assert plain(beside_it.cards["b", "critical"].shown) == "withheld"
    assert plain(beside_it.hook_indicators["patient-view", "critical"]) == 33


def test_no_share_is_told_of_a_number_that_is_withheld() -> None:
    found = told([shown(3), shown(20, "order-select")], [replace(CALL, times=200)])
    row = rows(found, "burden")[-1]
    assert row == ["patient-view", 200, "fewer than 5", "withheld", "fewer than 5", 0, None, None, None]


def test_a_code_on_few_calls_is_left_out() -> None:
    codes = (UnmappedCount("lab", "urn:x", "A1", "mg/dL", 5), UnmappedCount("drug", "urn:x", "B2", "", 4))
    assert rows(told(unmapped=Unmapped(9, codes)), "unmapped") == [["lab", "urn:x", "A1", "mg/dL", 5]]


@pytest.mark.parametrize(("calls", "said"), [(0, 0), (4, "fewer than 5"), (5, 5)])
def test_calls_with_codes_that_are_not_shown_are_counted_without_small_numbers(calls: int, said: str | int) -> None:
    assert plain(told(unmapped=Unmapped(9, (), calls)).codes_not_shown) == said


def test_of_what_fell_silent_no_number_is_told() -> None:
    silent = [Silent("topic", "northern", "vka-cua", 4, NOON, "shadow"), Silent("tenant", "northern", "", 77, NOON)]
    assert rows(told(silent=silent), "silent") == [
        ["topic", "vka-cua", "2026-W48", "shadow"],
        ["tenant", "", "2026-W48", ""],
    ]
