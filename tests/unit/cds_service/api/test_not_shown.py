"""What is not shown, by the kill switch and by the policies of tenants, for one of them and for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cds_service.api import NotShown, Told
from cds_service.api.not_shown import MORE
from cds_service.knowledge import ALL, NO_CARD, Knowledge, Notice, Reason, Switches
from cds_service.knowledge.switches import Shadow
from cds_service.storage import KillSwitch, SwitchedOff, changing

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
NORTH, SOUTH = "northern-dialysis", "southern-dialysis"
PILOT = Switches(shadows=(Shadow(date(2026, 11, 1), "pilot"),))


def of_north(knowledge: Knowledge) -> Knowledge:
    return replace(knowledge, tenant=NORTH, switches=PILOT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kill-switch.json"


@pytest.fixture
def not_shown(file: Path, knowledge: Knowledge) -> NotShown:
    """One tenant has a pilot, everybody else the packaged policy."""
    return NotShown(KillSwitch(file), lambda _: {None: knowledge, NORTH: of_north(knowledge)})


def switch(file: Path, **narrowed: str) -> None:
    with changing(file) as entries:
        entries.append(SwitchedOff(NOW, "Dr Silva", "wrong text", **narrowed))


def test_nothing_is_told_where_every_card_is_shown(knowledge: Knowledge) -> None:
    told = NotShown(KillSwitch(), lambda _: {None: knowledge}).to_all(NOW)
    assert (bool(told), told.sentences, told.summary()) == (False, [], {})


def test_a_tenant_is_told_what_it_does_not_get_and_no_more(
    not_shown: NotShown, file: Path, knowledge: Knowledge
) -> None:
    switch(file, topic="vka-cua", tenant=SOUTH)
    south = not_shown.to_tenant(SOUTH, knowledge, NOW)
    assert [one.topic for one in south.notices] == ["vka-cua"]
    north = not_shown.to_tenant(NORTH, of_north(knowledge), NOW)
    assert [(one.reason, one.tenant) for one in north.notices] == [(Reason.SHADOW, None)]
    told = [(one.reason, one.tenant) for one in not_shown.to_all(NOW).notices]
    assert told == [(Reason.KILL_SWITCH, SOUTH), (Reason.SHADOW, NORTH)]


def test_a_call_has_the_switches_of_its_tenant_as_the_kill_switch_stands(
    not_shown: NotShown, file: Path, knowledge: Knowledge
) -> None:
    north = of_north(knowledge)
    assert not_shown.in_force(north, NORTH) is north
    switch(file, topic="vka-cua", tenant=NORTH)
    not_shown = NotShown(KillSwitch(file), not_shown.policies)
    assert not_shown.in_force(north, NORTH).switches.killed == {"vka-cua"}
    assert not_shown.in_force(knowledge) is knowledge
    assert not_shown.in_force(knowledge, SOUTH) is knowledge


def test_the_default_are_callers_that_are_not_known_and_tenants_without_a_policy_of_their_own(
    not_shown: NotShown, file: Path, knowledge: Knowledge
) -> None:
    switch(file, tenant="default")
    north = of_north(knowledge)
    assert not_shown.in_force(knowledge).switches.killed == {ALL}
    assert not_shown.in_force(knowledge, SOUTH).switches.killed == {ALL}
    assert not_shown.in_force(north, NORTH) is north
    told = [not_shown.to_tenant(SOUTH, knowledge, NOW), not_shown.to_tenant(NORTH, north, NOW)]
    assert [[one.reason for one in each.notices] for each in told] == [[Reason.KILL_SWITCH], [Reason.SHADOW]]


def test_what_cannot_be_known_is_told_as_well(file: Path, knowledge: Knowledge) -> None:
    file.write_text("{")
    told = NotShown(KillSwitch(file), lambda _: {None: knowledge}).to_all(NOW)
    fault = "the kill switch cannot be read (JSONDecodeError); it is not known what was switched off; all cards are on"
    assert told.sentences == [f"T{fault[1:]}.", NO_CARD]
    assert told.summary() == {"kill_switch_fault": fault, "note": f"{NO_CARD} {MORE}"}


def test_a_service_is_told_what_is_about_it() -> None:
    sign = Notice(Reason.HOOK_OFF, "No cards are shown at order-sign", hook="order-sign")
    told = Told((sign,), "")
    assert told.about("calciphylaxis-order-sign").notices == (sign,)
    assert not told.about("calciphylaxis-order-select")


def test_who_asks_without_a_token_is_told_which_cards_of_how_many_tenants_and_no_name() -> None:
    def off(reason: Reason, tenant: str | None = None, topic: str | None = None, hook: str | None = None) -> Notice:
        return Notice(reason, "Not shown", "as Dr Silva said", by="Dr Silva", tenant=tenant, topic=topic, hook=hook)

    beside = replace(off(Reason.TOPIC_OFF, NORTH, topic="vka-cua"), is_beside=True)
    pilots = [off(Reason.SHADOW, tenant, hook="order-sign") for tenant in (NORTH, None, SOUTH)]
    milder = [replace(off(Reason.TOPIC_OFF, tenant), is_milder=True) for tenant in (NORTH, NORTH, SOUTH)]
    told = Told(
        (off(Reason.KILL_SWITCH), off(Reason.KILL_SWITCH, "default", topic="iron-cua"), *pilots, beside, *milder)
    )
    assert told.summary() == {
        "not_shown": [
            {"reason": "kill-switch", "tenants": "all"},
            {"reason": "kill-switch", "topic": "iron-cua", "tenants": 1},
            {"reason": "shadow", "hook": "order-sign", "tenants": 3},
        ],
        "critical_cards_milder_or_fewer": {"tenants": 2},
        "note": f"{NO_CARD} {MORE}",
    }
