"""What is not shown, in words that nobody can take for "no risk"."""

from __future__ import annotations

from datetime import date

from cds_service.knowledge import Reason, Switches, notices_of
from cds_service.knowledge.notices import Notice
from cds_service.knowledge.switches import CriticalOff, Shadow

DAY = date(2026, 12, 1)


def said(switches: Switches, on: date = DAY) -> list[str]:
    return [notice.says for notice in notices_of(switches, on)]


def test_nothing_is_said_where_everything_is_on() -> None:
    assert said(Switches(indicators={}, card_limit=3)) == []


def test_each_switch_has_a_sentence_with_its_reason() -> None:
    switches = Switches(
        topics={"vka-cua": "minute 12."},
        hooks={"order-select": "minute 13"},
        services={"calciphylaxis-order-sign": ""},
        critical_off=CriticalOff(("Dr A", "Dr B"), "another system warns"),
        users=frozenset({"PractitionerRole", "Practitioner"}),
    )
    assert said(switches) == [
        "The service calciphylaxis-order-sign gives no cards, by the site policy.",
        "No cards are shown at order-select, by the site policy: minute 13.",
        "Cards on vka-cua are not shown, by the site policy: minute 12.",
        "That critical cards are switched off or made less urgent here is answered for by Dr A and Dr B: another "
        "system warns.",
        "By the site policy users of type Practitioner, PractitionerRole get all cards, others critical ones only.",
    ]


def test_shadow_mode_is_told_from_its_day_on_with_all_that_narrows_it() -> None:
    switches = Switches(
        shadows=(
            Shadow(DAY, "pilot"),
            Shadow(DAY, "pilot", "order-select", "calciphylaxis-order-select", "vka-cua"),
            Shadow(date(2026, 12, 2), "later"),
        )
    )
    assert said(switches) == [
        "All cards are worked out and recorded but not shown (shadow mode) since 2026-12-01: pilot.",
        "Cards on vka-cua at order-select of calciphylaxis-order-select are worked out and recorded but not shown "
        "(shadow mode) since 2026-12-01: pilot.",
    ]


def test_a_notice_is_about_the_services_that_it_narrows_to() -> None:
    sign, select = "calciphylaxis-order-sign", "calciphylaxis-order-select"
    whole, hook = Notice(Reason.SHADOW, "x"), Notice(Reason.HOOK_OFF, "x", hook="order-sign")
    service = Notice(Reason.SERVICE_OFF, "x", service=sign)
    assert [(one.concerns(sign), one.concerns(select)) for one in (whole, hook, service)] == [
        (True, True), (True, False), (True, False),
    ]  # fmt: skip


def test_as_data_it_has_what_is_known_and_its_sentence() -> None:
    told = Notice(Reason.SHADOW, "Cards on x are not shown", "pilot", since="2026-12-01", topic="x", tenant="northern")
    assert told.record() == {
        "reason": "shadow",
        "why": "pilot",
        "since": "2026-12-01",
        "topic": "x",
        "tenant": "northern",
        "says": "Cards on x are not shown for northern since 2026-12-01: pilot.",
    }
